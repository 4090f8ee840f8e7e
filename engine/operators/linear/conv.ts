import { lowerConv } from '../../executor/lowerings/conv.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { type Dimension, elementCount, type Tensor, type ValueType } from '../../tensor.ts';
import type { InferContext, Operator } from '../operator.ts';
import { describe, intAttribute } from '../shared/attributes.ts';
import { convolve } from '../shared/convolution.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import {
  costCount,
  costDims,
  formatDims,
  inputType,
  requireRank,
  requireSameType,
  unifyDimension,
  valueType,
} from '../shared/types.ts';
import { toWindow3, type Window3, windowOf, windowOutput } from '../shared/windows.ts';

/** Convolution over one to three spatial axes: x [N, C, …], w [M, C/group, k…], b [M] -> [N, M, …]. */
export const conv: Operator = {
  op: 'Conv',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const w = inputType(node, 1, context);
    requireSameType(node, x, w);
    return [valueType(x.dtype, convolutionDims(node, x, w, context))];
  },
  evaluate(node, [x, w, b]) {
    const dims = outputDims(node, x!, w!);
    const window = convolutionWindow(node, x!, w!, dims);
    const sums = convolve(
      numbersOf(x!),
      numbersOf(w!),
      b && numbersOf(b),
      {
        batch: x!.dims[0]!,
        inputChannels: x!.dims[1]!,
        outputChannels: w!.dims[0]!,
        groups: intAttribute(node, 'group', 1),
      },
      window,
    );
    return [tensorOf(x!.dtype, dims, sums)];
  },
  cost: convolutionCost,
  lower: lowerConv,
  quantization: { kind: 'compute', weight: 1, bias: 2, weightAxis: () => 0 },
};

/** Output shape of Conv, ConvInteger and QLinearConv; checks channels, groups and the window. */
export function convolutionDims(
  node: GraphNode,
  x: ValueType,
  w: ValueType,
  context: InferContext | undefined,
): readonly Dimension[] | undefined {
  requireRank(node, 'The input', x, 3, 8);
  requireRank(node, 'The weight', w, 3, 8);
  if (x.dims === undefined && w.dims === undefined) return undefined;
  const rank = x.dims?.length ?? w.dims!.length;
  if (w.dims !== undefined && w.dims.length !== rank)
    fail(
      'model/rank',
      `Input ${formatDims(x.dims)} and weight ${formatDims(w.dims)} of ${describe(node)} differ in rank.`,
    );
  const groups = intAttribute(node, 'group', 1);
  if (!(Number.isSafeInteger(groups) && groups >= 1))
    fail('model/attribute', `Attribute “group” of ${describe(node)} is ${groups}.`);
  const window = windowOf(node, rank - 2, w.dims?.slice(2));
  const outputs = w.dims?.[0];
  const perGroup = w.dims?.[1];
  if (typeof perGroup === 'number')
    unifyDimension(node, 'The channels of input and weight', x.dims?.[1], perGroup * groups);
  if (typeof outputs === 'number' && outputs % groups !== 0)
    fail('model/shape', `The ${outputs} outputs of ${describe(node)} do not divide into ${groups} groups.`);
  const bias = node.inputs[2] && node.op === 'Conv' ? context?.type(node.inputs[2])?.dims : undefined;
  if (bias !== undefined) {
    if (bias.length !== 1) fail('model/rank', `The bias of ${describe(node)} has shape ${formatDims(bias)}.`);
    unifyDimension(node, 'The sizes of weight and bias', outputs, bias[0]);
  }
  const spatial = x.dims === undefined ? new Array<Dimension>(rank - 2).fill(undefined) : x.dims.slice(2);
  return [x.dims?.[0], outputs, ...windowOutput(node, window, spatial)];
}

/** Output shape for concrete tensors. */
export function outputDims(node: GraphNode, x: Tensor, w: Tensor): number[] {
  return convolutionDims(node, x, w, undefined) as number[];
}

export function convolutionWindow(node: GraphNode, x: Tensor, w: Tensor, dims: readonly number[]): Window3 {
  return toWindow3(node, windowOf(node, x.dims.length - 2, w.dims.slice(2)), x.dims.slice(2), dims.slice(2));
}

/** Each output element costs one multiply-accumulate for every weight of its channel. */
export function convolutionCost(node: GraphNode, context: InferContext) {
  const w = context.type(node.inputs[node.op === 'QLinearConv' ? 3 : 1] ?? '');
  const y = context.type(node.outputs[0] ?? '');
  return { macs: costCount(y?.dims) * elementCount(costDims(w?.dims).slice(1)), operations: 0 };
}
