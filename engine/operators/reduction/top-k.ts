import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elementCount } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute, missing } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { bigintsOf, emptyLike, isWide, movable, numbersOf, scalarOf } from '../shared/numbers.ts';
import { dimensionInput, inputType, normalizeAxis, valueType } from '../shared/types.ts';

/** The k largest (or smallest) elements along an axis and their indices; equal ones in the order of their indices. */
export const topK: Operator = {
  op: 'TopK',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    if (x.dims === undefined) return [x, { dtype: 'int64' }];
    const axis = normalizeAxis(node, intAttribute(node, 'axis', -1), x.dims.length);
    const k =
      context.opset < 10 ? (intAttribute(node, 'k') ?? missing(node, 'k')) : dimensionInput(node, 1, context)?.[0];
    if (typeof k === 'number') checkK(node, k, x.dims[axis]);
    const dims = x.dims.map((dim, i) => (i === axis ? k : dim));
    return [valueType(x.dtype, dims), valueType('int64', dims)];
  },
  evaluate(node, [x, kTensor], { opset }) {
    const axis = normalizeAxis(node, intAttribute(node, 'axis', -1), x!.dims.length);
    const k = opset < 10 ? (intAttribute(node, 'k') ?? missing(node, 'k')) : scalarOf(kTensor!);
    const size = x!.dims[axis]!;
    checkK(node, k, size);
    const largest = intAttribute(node, 'largest', 1) !== 0;
    const inner = elementCount(x!.dims.slice(axis + 1));
    const dims = x!.dims.map((dim, i) => (i === axis ? k : dim));
    const { tensor, data } = emptyLike(x!, dims);
    const from = movable(x!);
    const indices = new BigInt64Array(elementCount(dims));
    const keys: ArrayLike<number | bigint> = isWide(x!.dtype) ? bigintsOf(x!) : numbersOf(x!);
    const rows = size === 0 ? 0 : from.length / size;
    for (let row = 0; row < rows; row++) {
      const outer = Math.floor(row / inner);
      const base = outer * size * inner + (row % inner);
      const order = Array.from({ length: size }, (_, i) => i).sort((a, b) => {
        const x1 = keys[base + a * inner]!;
        const x2 = keys[base + b * inner]!;
        if (x1 === x2) return a - b;
        return x1 > x2 === largest ? -1 : 1;
      });
      for (let i = 0; i < k; i++) {
        const to = (outer * k + i) * inner + (row % inner);
        data[to] = from[base + order[i]! * inner];
        indices[to] = BigInt(order[i]!);
      }
    }
    return [tensor, { dtype: 'int64', dims, data: indices }];
  },
};

function checkK(node: GraphNode, k: number, size: unknown): void {
  if (!(Number.isSafeInteger(k) && k >= 0) || (typeof size === 'number' && k > size))
    fail('model/shape', `${describe(node)} takes the first ${k} of an axis of ${size}.`);
}
