import { fail } from '../../findings.ts';
import { attribute, withAttributes } from '../../graph/build.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Tensor, ValueType } from '../../tensor.ts';
import type { EvaluateContext, InferContext, Operator } from '../operator.ts';
import { dynamicQuantizeLinear } from '../quantization/dynamic-quantize-linear.ts';
import { directionsOf } from '../recurrent/cell.ts';
import { lstm } from '../recurrent/lstm.ts';
import { section } from '../shape/split.ts';
import { describe, floatsAttribute, stringsAttribute } from '../shared/attributes.ts';
import { integersOf, numbersOf, scalarOf, tensorOf } from '../shared/numbers.ts';
import { costDims, inputType, requireRank, valueType } from '../shared/types.ts';

/**
 * LSTM whose weights are codes of 8 bits and whose input and hidden state are quantised to uint8 by their own range: the
 * input once, the state at every step for the whole batch. Inputs: X [steps, batch, inputs], W [directions, inputs,
 * 4·hidden], R [directions, hidden, 4·hidden], bias, lengths, states and peepholes as of LSTM; scale and zero point of W
 * and R, [directions] or [directions, 4·hidden].
 */
export const dynamicQuantizeLstm: Operator = {
  op: 'DynamicQuantizeLSTM',
  domain: 'com.microsoft',
  opsets: [1, 1],
  infer(node, context) {
    const { steps, batch, directions, hidden } = sizes(node, context);
    const state: ValueType = valueType('float32', [directions, batch, hidden]);
    return [valueType('float32', [steps, directions, batch, hidden]), state, state];
  },
  evaluate(node, inputs, context) {
    const ways = directionsOf(node);
    const runs = ways.map((way, d) => runDirection(node, inputs, context, way === 'reverse', d));
    const [steps, batch] = inputs[0]!.dims as [number, number];
    const hidden = inputs[2]!.dims[1]!;
    const y = new Float64Array(steps * ways.length * batch * hidden);
    runs.forEach((run, d) => {
      for (let t = 0; t < steps; t++)
        y.set(run.y.subarray(t * batch * hidden, (t + 1) * batch * hidden), (t * ways.length + d) * batch * hidden);
    });
    const states = (which: 'h' | 'c') =>
      tensorOf('float32', [ways.length, batch, hidden], Float64Array.from(runs.flatMap((run) => [...run[which]])));
    return [tensorOf('float32', [steps, ways.length, batch, hidden], y), states('h'), states('c')];
  },
  cost(node, context) {
    const [steps = 1, batch = 1, width = 1] = costDims(context.type(node.inputs[0] ?? '')?.dims);
    const [directions = 1, hidden = 1, rows = 1] = costDims(context.type(node.inputs[2] ?? '')?.dims);
    return { macs: steps * batch * directions * rows * (width + hidden), operations: 0 };
  },
};

function sizes(node: GraphNode, context: InferContext) {
  const [x, w, r] = [0, 1, 2].map((index) => inputType(node, index, context)) as [ValueType, ValueType, ValueType];
  requireRank(node, 'The input', x, 3);
  requireRank(node, 'The weight', w, 3);
  requireRank(node, 'The recurrent weight', r, 3);
  const [hidden, rows] = [r.dims?.[1], r.dims?.[2]];
  if (typeof hidden === 'number' && typeof rows === 'number' && rows !== 4 * hidden)
    fail('model/shape', `The recurrent weight of ${describe(node)} has ${rows} columns, not 4 times ${hidden}.`);
  return { steps: x.dims?.[0], batch: x.dims?.[1], directions: directionsOf(node).length, hidden };
}

/** One direction, step by step through LSTM itself. */
function runDirection(
  node: GraphNode,
  [x, w, r, bias, lengths, h, c, peepholes, wScale, wZero, rScale, rZero]: readonly (Tensor | undefined)[],
  context: EvaluateContext,
  backwards: boolean,
  d: number,
) {
  const [steps, batch, width] = x!.dims as [number, number, number];
  const hidden = r!.dims[1]!;
  const own = (tensor: Tensor | undefined) => tensor && section(tensor, 0, d, 1);
  const weights = realWeights(own(w)!, own(wScale)!, own(wZero)!);
  const recurrent = realWeights(own(r)!, own(rScale)!, own(rZero)!);
  const step = forwardNode(node, d);
  const ends = lengths
    ? integersOf(lengths).map((length) => Math.min(length, steps))
    : new Array<number>(batch).fill(steps);
  const longest = Math.max(0, ...ends);
  const values = requantised(numbersOf(section(x!, 0, 0, longest)), context);
  const initial = (tensor: Tensor | undefined) =>
    tensor ? Float64Array.from(numbersOf(own(tensor)!)) : new Float64Array(batch * hidden);
  const states = { h: initial(h), c: initial(c) };
  const y = new Float64Array(steps * batch * hidden);
  for (let i = 0; i < longest; i++) {
    const time = (b: number) => (backwards ? ends[b]! - 1 - i : i);
    const input = Float64Array.from({ length: batch * width }, (_, n) => {
      const b = Math.floor(n / width);
      return i < ends[b]! ? values[(time(b) * batch + b) * width + (n % width)]! : 0;
    });
    const [, nextH, nextC] = lstm.evaluate!(
      step,
      [
        tensorOf('float32', [1, batch, width], input),
        weights,
        recurrent,
        own(bias),
        undefined,
        tensorOf('float32', [1, batch, hidden], requantised(states.h, context)),
        tensorOf('float32', [1, batch, hidden], states.c),
        own(peepholes),
      ],
      context,
    ) as [Tensor, Tensor, Tensor];
    const [newH, newC] = [numbersOf(nextH), numbersOf(nextC)];
    for (let n = 0; n < batch * hidden; n++) {
      const b = Math.floor(n / hidden);
      if (i >= ends[b]!) continue;
      states.h[n] = newH[n]!;
      states.c[n] = newC[n]!;
      y[time(b) * batch * hidden + n] = newH[n]!;
    }
  }
  return { y, ...states };
}

/** The node as a forward LSTM of direction `d` alone. */
function forwardNode(node: GraphNode, d: number): GraphNode {
  const activations = stringsAttribute(node, 'activations');
  if (d > 0 && (floatsAttribute(node, 'activation_alpha') ?? floatsAttribute(node, 'activation_beta')))
    fail('model/operator-unsupported', `${describe(node)} has activations with parameters in two directions.`);
  return withAttributes(node, {
    direction: attribute.string('forward'),
    ...(activations && { activations: { kind: 'strings', value: activations.slice(3 * d, 3 * d + 3) } as const }),
  });
}

/** Codes [1, inputs, rows] as real weights [1, rows, inputs]. */
function realWeights(codes: Tensor, scale: Tensor, zero: Tensor): Tensor {
  const [, inputs, rows] = codes.dims as [number, number, number];
  const [values, steps, zeros] = [numbersOf(codes), numbersOf(scale), numbersOf(zero)];
  const out = new Float32Array(values.length);
  for (let i = 0; i < inputs; i++)
    for (let row = 0; row < rows; row++)
      out[row * inputs + i] =
        (values[i * rows + row]! - zeros[zeros.length === 1 ? 0 : row]!) * steps[steps.length === 1 ? 0 : row]!;
  return tensorOf('float32', [1, rows, inputs], out);
}

/** Quantised to uint8 by their own range, and back. */
function requantised(values: ArrayLike<number>, context: EvaluateContext): Float64Array {
  const x = tensorOf('float32', [values.length], Float32Array.from(values));
  const [codes, scale, zero] = dynamicQuantizeLinear.evaluate!(quantizer, [x], context) as [Tensor, Tensor, Tensor];
  const [step, zeroPoint] = [scalarOf(scale), scalarOf(zero)];
  return Float64Array.from(numbersOf(codes), (code) => (code - zeroPoint) * step);
}

const quantizer: GraphNode = {
  name: '',
  op: 'DynamicQuantizeLinear',
  domain: '',
  inputs: ['x'],
  outputs: ['y', 'scale', 'zero'],
  attributes: {},
};
