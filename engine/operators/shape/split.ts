import { lowerSplit } from '../../executor/lowerings/movement.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { type Dimension, elementCount, type Tensor } from '../../tensor.ts';
import type { InferContext, Operator } from '../operator.ts';
import { describe, intAttribute, intsAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { emptyLike, integersOf, movable } from '../shared/numbers.ts';
import {
  constantInput,
  constantInts,
  formatDims,
  hasInput,
  inputType,
  normalizeAxis,
  valueType,
} from '../shared/types.ts';

/** Parts along an axis: sizes from an attribute (before operator set 13; in set 1 also an input) or an input, or equal parts (the last may be smaller since set 18). */
export const split: Operator = {
  op: 'Split',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    if (x.dims === undefined) return node.outputs.map(() => ({ dtype: x.dtype }));
    const axis = normalizeAxis(node, intAttribute(node, 'axis', 0), x.dims.length);
    const given = sizesAreInput(node, context.opset) ? constantNumbers(node, 1, context) : intsAttribute(node, 'split');
    const sizes: readonly Dimension[] =
      given === undefined && (hasInput(node, 1) || typeof x.dims[axis] !== 'number')
        ? node.outputs.map(() => undefined)
        : partSizes(node, x.dims[axis] as number, given);
    return node.outputs.map((_, i) =>
      valueType(
        x.dtype,
        x.dims!.map((dim, j) => (j === axis ? sizes[i] : dim)),
      ),
    );
  },
  evaluate(node, [x, sizes], { opset }) {
    const axis = normalizeAxis(node, intAttribute(node, 'axis', 0), x!.dims.length);
    const given = sizesAreInput(node, opset) ? sizes && integersOf(sizes) : intsAttribute(node, 'split');
    let start = 0;
    return partSizes(node, x!.dims[axis]!, given).map((size) => {
      const part = section(x!, axis, start, size);
      start += size;
      return part;
    });
  },
  lower: lowerSplit,
  quantization: { kind: 'same-scale' },
};

function sizesAreInput(node: GraphNode, opset: number): boolean {
  return opset >= 13 || (opset < 2 && hasInput(node, 1));
}

/** Operator set 1 gave the sizes in the type of the data. */
function constantNumbers(node: GraphNode, index: number, context: InferContext): number[] | undefined {
  if (context.opset >= 13) return constantInts(node, index, context);
  const tensor = constantInput(node, index, context);
  return tensor && integersOf(tensor);
}

function partSizes(node: GraphNode, total: number, given: readonly number[] | undefined): readonly number[] {
  const count = node.outputs.length;
  if (given === undefined) {
    const size = Math.ceil(total / count);
    return Array.from({ length: count }, (_, i) => Math.max(0, Math.min(size, total - i * size)));
  }
  const sum = given.reduce((a, b) => a + b, 0);
  if (given.length !== count || (typeof total === 'number' && sum !== total) || given.some((size) => size < 0))
    fail(
      'model/shape',
      `${describe(node)} cannot split ${total} into ${count} parts of ${formatDims(given.slice(0, 16))}.`,
    );
  return given;
}

/** `size` slices of a tensor along an axis, from `start` on. */
export function section(tensor: Tensor, axis: number, start: number, size: number): Tensor {
  const dims = tensor.dims.map((dim, i) => (i === axis ? size : dim));
  const { tensor: out, data } = emptyLike(tensor, dims);
  const from = movable(tensor);
  const inner = elementCount(dims.slice(axis + 1));
  const outer = elementCount(dims.slice(0, axis));
  const stride = tensor.dims[axis]! * inner;
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < size * inner; i++) data[o * size * inner + i] = from[o * stride + start * inner + i];
  return out;
}
