import type { RecurrentActivation } from '../api.ts';
import { unaryReference } from './elementwise.ts';
import { clampNumber, f32 } from './float.ts';
import { tanh } from './math.ts';

/** The scalar meaning of `kernels/assembly/recurrent.ts`: one step of a recurrent layer, for all batch entries. */

function activate({ fn, alpha = 0, beta = 0 }: RecurrentActivation, x: number): number {
  const [a, b] = [f32(alpha), f32(beta)];
  if (fn === 'affine') return f32(f32(a * x) + b);
  if (fn === 'scaledTanh') return f32(a * tanh(f32(b * x)));
  return unaryReference[fn](x, a, b);
}

function clipped(activation: RecurrentActivation, x: number, clip = Number.POSITIVE_INFINITY): number {
  return activate(activation, clampNumber(x, -f32(clip), f32(clip)));
}

function blend(update: number, candidate: number, before: number): number {
  return f32(f32(f32(1 - update) * candidate) + f32(update * before));
}

/** Gates in the order input, output, forget, cell; peepholes input, output, forget. */
export function lstmCell(args: {
  readonly hidden: number;
  readonly gates: Float32Array;
  readonly previous: Float32Array;
  readonly peepholes?: Float32Array | undefined;
  readonly coupled: boolean;
  readonly clip?: number | undefined;
  readonly activations: readonly [RecurrentActivation, RecurrentActivation, RecurrentActivation];
}): { readonly cell: Float32Array; readonly output: Float32Array } {
  const { hidden, gates, previous, peepholes: p, clip } = args;
  const [f, g, h] = args.activations;
  const cell = new Float32Array(previous.length);
  const output = new Float32Array(previous.length);
  for (const [index, before] of previous.entries()) {
    const unit = index % hidden;
    const sum = (gate: number) => gates[4 * (index - unit) + gate * hidden + unit]!;
    const seen = (gate: number, state: number) =>
      p ? f32(sum(gate) + f32(p[gate * hidden + unit]! * state)) : sum(gate);
    const input = clipped(f, seen(0, before), clip);
    const forget = args.coupled ? f32(1 - input) : clipped(f, seen(2, before), clip);
    const next = f32(f32(forget * before) + f32(input * clipped(g, sum(3), clip)));
    cell[index] = next;
    output[index] = f32(clipped(f, seen(1, next), clip) * activate(h, next));
  }
  return { cell, output };
}

/** Reset behind the product; gates in the order update, reset, hidden. */
export function gruCell(args: {
  readonly hidden: number;
  readonly inputs: Float32Array;
  readonly recurrent: Float32Array;
  readonly previous: Float32Array;
  readonly clip?: number | undefined;
  readonly activations: readonly [RecurrentActivation, RecurrentActivation];
}): Float32Array {
  const { hidden, inputs, recurrent, previous, clip } = args;
  const [f, g] = args.activations;
  return previous.map((before, index) => {
    const unit = index % hidden;
    const at = (gate: number) => 3 * (index - unit) + gate * hidden + unit;
    const gate = (which: number) => clipped(f, f32(inputs[at(which)]! + recurrent[at(which)]!), clip);
    const candidate = clipped(g, f32(inputs[at(2)]! + f32(gate(1) * recurrent[at(2)]!)), clip);
    return blend(gate(0), candidate, before);
  });
}

/** Reset before the product: the update gate, and what the reset gate keeps of the previous state. */
export function gruGates(args: {
  readonly hidden: number;
  readonly gates: Float32Array;
  readonly previous: Float32Array;
  readonly clip?: number | undefined;
  readonly activation: RecurrentActivation;
}): { readonly update: Float32Array; readonly kept: Float32Array } {
  const { hidden, gates, previous, clip, activation } = args;
  const gate = (index: number, which: number) =>
    clipped(activation, gates[2 * (index - (index % hidden)) + which * hidden + (index % hidden)]!, clip);
  return {
    update: previous.map((_, index) => gate(index, 0)),
    kept: previous.map((before, index) => f32(gate(index, 1) * before)),
  };
}

export function rnnCell(args: {
  readonly sums: Float32Array;
  readonly gru?: { readonly update: Float32Array; readonly previous: Float32Array } | undefined;
  readonly clip?: number | undefined;
  readonly activation: RecurrentActivation;
}): Float32Array {
  return args.sums.map((sum, index) => {
    const candidate = clipped(args.activation, sum, args.clip);
    return args.gru ? blend(args.gru.update[index]!, candidate, args.gru.previous[index]!) : candidate;
  });
}
