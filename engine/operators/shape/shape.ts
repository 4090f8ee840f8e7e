import type { GraphNode } from '../../graph/graph.ts';
import { elementCount, int64Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { inputType, product, valueType } from '../shared/types.ts';

/** The dimensions [start, end) of its input, as int64. */
export const shape: Operator = {
  op: 'Shape',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const rank = inputType(node, 0, context).dims?.length;
    if (rank === undefined) return [valueType('int64', [undefined])];
    const [start, end] = bounds(node, rank);
    return [valueType('int64', [end - start])];
  },
  inferElements(node, context) {
    const dims = inputType(node, 0, context).dims;
    return dims?.slice(...bounds(node, dims.length));
  },
  evaluate: (node, [x]) => {
    const dims = x!.dims.slice(...bounds(node, x!.dims.length));
    return [int64Tensor([dims.length], dims)];
  },
};

function bounds(node: GraphNode, rank: number): [number, number] {
  const clamp = (value: number) => Math.min(Math.max(value < 0 ? value + rank : value, 0), rank);
  const start = clamp(intAttribute(node, 'start', 0));
  return [start, Math.max(start, clamp(intAttribute(node, 'end', rank)))];
}

/** Number of elements, as an int64 scalar. */
export const size: Operator = {
  op: 'Size',
  domain: '',
  opsets: [1, newestOpset],
  infer: () => [valueType('int64', [])],
  inferElements(node, context) {
    const dims = inputType(node, 0, context).dims;
    return dims === undefined ? undefined : [product(dims)];
  },
  evaluate: (_node, [x]) => [int64Tensor([], [elementCount(x!.dims)])],
};
