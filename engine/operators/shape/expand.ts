import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elementCount, type Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe } from '../shared/attributes.ts';
import { broadcastShape, stridedOffsets, stridesOf } from '../shared/broadcast.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { expandTo, pick } from '../shared/movement.ts';
import { integersOf, scalarOf } from '../shared/numbers.ts';
import {
  broadcastDims,
  constantInput,
  constantInts,
  dimensionInput,
  inputType,
  normalizeAxis,
  valueType,
} from '../shared/types.ts';

/** Numpy broadcast to a given shape. */
export const expand: Operator = {
  op: 'Expand',
  domain: '',
  opsets: [8, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const shape = dimensionInput(node, 1, context);
    return [valueType(x.dtype, broadcastDims(node, [x.dims, shape]))];
  },
  evaluate: (_node, [x, shape]) => [expandTo(x!, broadcastShape([x!.dims, integersOf(shape!)]))],
  quantization: { kind: 'same-scale' },
};

/** Repeats a tensor along each axis; before operator set 6 along one, given as two scalars: how often, and the axis. */
export const tile: Operator = {
  op: 'Tile',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const [first, second] = [1, 2].map((i) => constantInput(node, i, context));
    const repeats = x.dims && first && repeatsOf(node, x.dims.length, first, second, context.opset);
    if (context.opset >= 6) constantInts(node, 1, context);
    if (x.dims === undefined || repeats === undefined)
      return [
        valueType(
          x.dtype,
          x.dims?.map(() => undefined),
        ),
      ];
    if (repeats.length !== x.dims.length || repeats.some((count) => count < 0))
      fail('model/shape', `The repeats of ${describe(node)} do not fit its ${x.dims.length} dimensions.`);
    return [
      valueType(
        x.dtype,
        x.dims.map((dim, i) => (repeats[i] === 1 ? dim : typeof dim === 'number' ? dim * repeats[i]! : undefined)),
      ),
    ];
  },
  evaluate(node, [x, repeats, axis], { opset }) {
    const counts = repeatsOf(node, x!.dims.length, repeats!, axis, opset)!;
    const strides = stridesOf(x!.dims);
    // Each axis as a pair: the repetition (stride 0) and the axis itself.
    const pairs = x!.dims.flatMap((dim, i) => [counts[i]!, dim]);
    const steps = strides.flatMap((stride) => [0, stride]);
    const dims = x!.dims.map((dim, i) => dim * counts[i]!);
    const offsets = elementCount(dims) === 0 ? new Uint32Array(0) : stridedOffsets(pairs, steps);
    return [pick(x!, dims, offsets)];
  },
  quantization: { kind: 'same-scale' },
};

/** How often each axis is repeated; undefined where the axis of an old node is not known. */
function repeatsOf(
  node: GraphNode,
  rank: number,
  repeats: Tensor,
  axis: Tensor | undefined,
  opset: number,
): number[] | undefined {
  if (opset >= 6) return integersOf(repeats);
  if (axis === undefined) return undefined;
  const repeated = normalizeAxis(node, scalarOf(axis), rank);
  return Array.from({ length: rank }, (_, i) => (i === repeated ? scalarOf(repeats) : 1));
}
