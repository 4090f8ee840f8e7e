import type { RecurrentFunction } from '../../../kernels/functions.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { poll } from '../../progress.ts';
import { type Dimension, elementCount, type Tensor, type ValueType } from '../../tensor.ts';
import type { InferContext, QuantizationRole } from '../operator.ts';
import {
  describe,
  floatAttribute,
  floatsAttribute,
  intAttribute,
  stringAttribute,
  stringsAttribute,
} from '../shared/attributes.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { costDims, inputType, requireRank, valueType } from '../shared/types.ts';

/**
 * What RNN, GRU and LSTM share: x [steps, batch, inputs] (or batch first with `layout` 1), weights W [directions,
 * gates·hidden, inputs] and R [directions, gates·hidden, hidden], optional bias, lengths and initial states.
 */
export type Activation = (x: number) => number;

/** W and R in codes, everything else in float. */
export const recurrentQuantization: QuantizationRole = { kind: 'weight-only', weight: 1, recurrent: 2 };

/** An activation that a node names, as kernels know it, and its parameters. */
export interface ActivationChoice {
  readonly fn: RecurrentFunction;
  readonly alpha: number;
  readonly beta: number;
}

interface ActivationRule {
  readonly fn: RecurrentFunction;
  /** Defaults; a function that has them takes the next of `activation_alpha` and `activation_beta`. */
  readonly alpha?: number;
  readonly beta?: number;
  readonly evaluate: (x: number, alpha: number, beta: number) => number;
}

/** By the specification's names in lower case: readers disagree about the case. */
const activations: Readonly<Record<string, ActivationRule>> = {
  sigmoid: { fn: 'sigmoid', evaluate: (x) => 1 / (1 + Math.exp(-x)) },
  tanh: { fn: 'tanh', evaluate: Math.tanh },
  relu: { fn: 'relu', evaluate: (x) => Math.max(0, x) },
  affine: { fn: 'affine', alpha: 1, beta: 0, evaluate: (x, alpha, beta) => alpha * x + beta },
  leakyrelu: { fn: 'leakyRelu', alpha: 0.01, evaluate: (x, alpha) => (x >= 0 ? x : alpha * x) },
  thresholdedrelu: { fn: 'thresholdedRelu', alpha: 1, evaluate: (x, alpha) => (x > alpha ? x : 0) },
  scaledtanh: { fn: 'scaledTanh', alpha: 1, beta: 1, evaluate: (x, alpha, beta) => alpha * Math.tanh(beta * x) },
  hardsigmoid: {
    fn: 'hardSigmoid',
    alpha: 0.2,
    beta: 0.5,
    evaluate: (x, alpha, beta) => Math.min(1, Math.max(0, alpha * x + beta)),
  },
  elu: { fn: 'elu', alpha: 1, evaluate: (x, alpha) => (x >= 0 ? x : alpha * Math.expm1(x)) },
  softsign: { fn: 'softsign', evaluate: (x) => x / (1 + Math.abs(x)) },
  softplus: { fn: 'softplus', evaluate: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) },
};

/** The activations of each direction, in the order in which the operator uses them. */
export function activationChoices(node: GraphNode, defaults: readonly string[]): ActivationChoice[][] {
  const directions = directionsOf(node).length;
  const names = stringsAttribute(node, 'activations') ?? Array.from({ length: directions }, () => defaults).flat();
  const alphas = [...(floatsAttribute(node, 'activation_alpha') ?? [])];
  const betas = [...(floatsAttribute(node, 'activation_beta') ?? [])];
  const made = names.map((name): ActivationChoice => {
    const key = name.toLowerCase();
    const rule = Object.hasOwn(activations, key) ? activations[key]! : undefined;
    if (rule === undefined) fail('model/attribute', `${describe(node)} names the activation “${name}”.`);
    const { fn, alpha, beta } = rule;
    return {
      fn,
      alpha: alpha === undefined ? 0 : (alphas.shift() ?? alpha),
      beta: beta === undefined ? 0 : (betas.shift() ?? beta),
    };
  });
  if (made.length !== defaults.length * directions)
    fail(
      'model/attribute',
      `${describe(node)} needs ${defaults.length * directions} activations and names ${made.length}.`,
    );
  return Array.from({ length: directions }, (_, d) => made.slice(d * defaults.length, (d + 1) * defaults.length));
}

function evaluation({ fn, alpha, beta }: ActivationChoice): Activation {
  const { evaluate } = activations[fn.toLowerCase()]!;
  return (x) => evaluate(x, alpha, beta);
}

export function directionsOf(node: GraphNode): readonly ('forward' | 'reverse')[] {
  const direction = stringAttribute(node, 'direction', 'forward');
  if (direction === 'bidirectional') return ['forward', 'reverse'];
  if (direction === 'forward' || direction === 'reverse') return [direction];
  fail('model/attribute', `The direction of ${describe(node)} is “${direction}”.`);
}

/** Types of Y, Y_h and (LSTM) Y_c. */
export function recurrentTypes(node: GraphNode, context: InferContext, gates: number, states: number): ValueType[] {
  const x = inputType(node, 0, context);
  const w = inputType(node, 1, context);
  const r = inputType(node, 2, context);
  requireRank(node, 'The input', x, 3);
  requireRank(node, 'The weight', w, 3);
  requireRank(node, 'The recurrent weight', r, 3);
  const rows = w.dims?.[1];
  const hidden: Dimension =
    intAttribute(node, 'hidden_size') ?? r.dims?.[2] ?? (typeof rows === 'number' ? rows / gates : undefined);
  if (typeof rows === 'number' && typeof hidden === 'number' && rows !== gates * hidden)
    fail('model/shape', `The weight of ${describe(node)} has ${rows} rows, not ${gates} times ${hidden}.`);
  const directions = directionsOf(node).length;
  const batchFirst = intAttribute(node, 'layout', 0) === 1;
  const [first, second] = [x.dims?.[0], x.dims?.[1]];
  const y = batchFirst ? [first, second, directions, hidden] : [first, directions, second, hidden];
  const state = batchFirst ? [first, directions, hidden] : [directions, second, hidden];
  return [valueType(x.dtype, y), ...Array.from({ length: states }, () => valueType(x.dtype, state))];
}

/** gates · hidden · (inputs + hidden) multiply-accumulates for each step, batch entry and direction. */
export function recurrentCost(node: GraphNode, context: InferContext) {
  const x = costDims(context.type(node.inputs[0] ?? '')?.dims);
  const w = costDims(context.type(node.inputs[1] ?? '')?.dims);
  const r = costDims(context.type(node.inputs[2] ?? '')?.dims);
  return { macs: (x[0] ?? 1) * (x[1] ?? 1) * (elementCount(w) + elementCount(r)), operations: 0 };
}

/** One direction of a recurrent layer, ready to step. */
export interface Direction {
  readonly hidden: number;
  /** Weights, recurrent weights and biases, row-major, gate by gate. */
  readonly w: Float64Array;
  readonly r: Float64Array;
  readonly inputBias: Float64Array;
  readonly recurrentBias: Float64Array;
  readonly peepholes: Float64Array | undefined;
  readonly activations: readonly Activation[];
  clip(x: number): number;
}

/** One step for one batch entry: updates `state` in place (first the hidden state, then the cell's). */
export type Step = (direction: Direction, x: Float64Array, state: Float64Array[]) => void;

export interface RecurrentInputs {
  readonly x: Tensor;
  readonly w: Tensor;
  readonly r: Tensor;
  readonly bias: Tensor | undefined;
  readonly lengths: Tensor | undefined;
  /** Initial hidden state, and cell state where there is one. */
  readonly initial: readonly (Tensor | undefined)[];
  readonly peepholes?: Tensor | undefined;
}

/** Runs all directions, batch entries and steps. Outputs: Y and the last states. */
export function runRecurrent(
  node: GraphNode,
  inputs: RecurrentInputs,
  gates: number,
  defaults: readonly string[],
  step: Step,
): Tensor[] {
  const batchFirst = intAttribute(node, 'layout', 0) === 1;
  const { x } = inputs;
  const [steps, batch] = batchFirst ? [x.dims[1]!, x.dims[0]!] : [x.dims[0]!, x.dims[1]!];
  const size = x.dims[2]!;
  const hidden = inputs.r.dims[2]!;
  const order = directionsOf(node);
  const functions = activationChoices(node, defaults).map((own) => own.map(evaluation));
  const made = directionsOfWeights(node, inputs, gates, hidden, functions);
  const values = numbersOf(x);
  const lengths = inputs.lengths && numbersOf(inputs.lengths);
  const initial = inputs.initial.map((tensor) => tensor && numbersOf(tensor));
  const y = new Float64Array(steps * order.length * batch * hidden);
  const last = inputs.initial.map(() => new Float64Array(order.length * batch * hidden));
  const stateOffset = (d: number, b: number) => (batchFirst ? b * order.length + d : d * batch + b) * hidden;
  for (const [d, way] of order.entries())
    for (let b = 0; b < batch; b++) {
      const state = initial.map((own) => {
        const start = stateOffset(d, b);
        return Float64Array.from({ length: hidden }, (_, i) => (own ? own[start + i]! : 0));
      });
      const length = lengths ? Math.min(steps, lengths[b]!) : steps;
      const input = new Float64Array(size);
      for (let i = 0; i < length; i++) {
        poll();
        const t = way === 'forward' ? i : length - 1 - i;
        const from = (batchFirst ? b * steps + t : t * batch + b) * size;
        for (let k = 0; k < size; k++) input[k] = values[from + k]!;
        step(made[d]!, input, state);
        const to = batchFirst ? (b * steps + t) * order.length + d : (t * order.length + d) * batch + b;
        y.set(state[0]!, to * hidden);
      }
      state.forEach((own, i) => {
        last[i]!.set(own, stateOffset(d, b));
      });
    }
  const dims = batchFirst ? [batch, steps, order.length, hidden] : [steps, order.length, batch, hidden];
  const stateDims = batchFirst ? [batch, order.length, hidden] : [order.length, batch, hidden];
  return [tensorOf(x.dtype, dims, y), ...last.map((own) => tensorOf(x.dtype, stateDims, own))];
}

function directionsOfWeights(
  node: GraphNode,
  inputs: RecurrentInputs,
  gates: number,
  hidden: number,
  functions: readonly Activation[][],
): Direction[] {
  const rows = gates * hidden;
  const part = (tensor: Tensor | undefined, d: number, start: number, length: number, stride: number) => {
    const values = tensor && numbersOf(tensor);
    return Float64Array.from({ length }, (_, i) => (values ? values[d * stride + start + i]! : 0));
  };
  const limit = floatAttribute(node, 'clip', 0);
  const size = inputs.w.dims[2]!;
  return functions.map((own, d) => ({
    hidden,
    w: part(inputs.w, d, 0, rows * size, rows * size),
    r: part(inputs.r, d, 0, rows * hidden, rows * hidden),
    inputBias: part(inputs.bias, d, 0, rows, 2 * rows),
    recurrentBias: part(inputs.bias, d, rows, rows, 2 * rows),
    peepholes: inputs.peepholes && part(inputs.peepholes, d, 0, 3 * hidden, 3 * hidden),
    activations: own,
    clip: limit > 0 ? (value: number) => Math.min(limit, Math.max(-limit, value)) : (value: number) => value,
  }));
}

/** Row `row` of a matrix times a vector. */
export function rowProduct(matrix: Float64Array, row: number, vector: Float64Array): number {
  const base = row * vector.length;
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += matrix[base + i]! * vector[i]!;
  return sum;
}
