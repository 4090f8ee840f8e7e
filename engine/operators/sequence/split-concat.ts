import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Dimension, Tensor } from '../../tensor.ts';
import type { Sequence } from '../../value.ts';
import type { Operator } from '../operator.ts';
import { joined } from '../shape/concat.ts';
import { section } from '../shape/split.ts';
import { describe, intAttribute, missing } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { reshaped } from '../shared/movement.ts';
import { integersOf } from '../shared/numbers.ts';
import { constantInts, hasInput, inputType, normalizeAxis, sequenceType, valueType } from '../shared/types.ts';

/**
 * A tensor cut along an axis: into parts of the sizes that a vector gives, into parts of one size (the last may be smaller)
 * for a scalar, into single slices, without the axis if `keepdims` is 0, where no sizes are given.
 */
export const splitToSequence: Operator = {
  op: 'SplitToSequence',
  domain: '',
  opsets: [11, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    constantInts(node, 1, context);
    if (x.dims === undefined) return [{ kind: 'sequence', element: x }];
    const axis = normalizeAxis(node, intAttribute(node, 'axis', 0), x.dims.length);
    const single = hasInput(node, 1) ? undefined : 1;
    const dims = x.dims.map((dim, i): Dimension => (i === axis ? single : dim));
    const element = valueType(x.dtype, dropsAxis(node) ? dims.filter((_, i) => i !== axis) : dims);
    return [{ kind: 'sequence', element }];
  },
  evaluateValues(node, inputs) {
    const [x, sizes] = inputs as readonly [Tensor, Tensor | undefined];
    const axis = normalizeAxis(node, intAttribute(node, 'axis', 0), x.dims.length);
    let start = 0;
    const items = partSizes(node, x.dims[axis]!, sizes).map((size) => {
      const part = section(x, axis, start, size);
      start += size;
      return dropsAxis(node)
        ? reshaped(
            part,
            part.dims.filter((_, i) => i !== axis),
          )
        : part;
    });
    return [{ kind: 'sequence', dtype: x.dtype, items }];
  },
};

/** Most tensors that a sequence is made of at once. */
const partLimit = 1 << 20;

function dropsAxis(node: GraphNode): boolean {
  return !hasInput(node, 1) && intAttribute(node, 'keepdims', 1) === 0;
}

function partSizes(node: GraphNode, total: number, sizes: Tensor | undefined): number[] {
  const given = sizes === undefined ? [1] : integersOf(sizes);
  if (sizes === undefined || sizes.dims.length === 0) {
    const size = given[0] ?? 0;
    if (!(size >= 1)) fail('model/shape', `${describe(node)} cannot cut into parts of ${size}.`);
    if (total / size > partLimit) fail('run/too-large', `${describe(node)} would cut ${total} into parts of ${size}.`);
    return Array.from({ length: Math.ceil(total / size) }, (_, i) => Math.min(size, total - i * size));
  }
  if (given.some((size) => size < 0) || given.reduce((a, b) => a + b, 0) !== total)
    fail('model/shape', `${describe(node)} cannot cut ${total} into parts of ${given.slice(0, 16).join(', ')}.`);
  return given;
}

/** The tensors of a sequence one behind the other, along an axis of theirs or, with `new_axis`, along one of its own. */
export const concatFromSequence: Operator = {
  op: 'ConcatFromSequence',
  domain: '',
  opsets: [11, newestOpset],
  infer(node, context) {
    const { element } = sequenceType(node, 0, context);
    if (element.dims === undefined) return [element];
    const rank = element.dims.length + addedAxes(node);
    const axis = normalizeAxis(node, intAttribute(node, 'axis') ?? missing(node, 'axis'), rank);
    const dims =
      addedAxes(node) === 1
        ? element.dims.toSpliced(axis, 0, undefined)
        : element.dims.map((dim, i) => (i === axis ? undefined : dim));
    return [valueType(element.dtype, dims)];
  },
  evaluateValues(node, [sequence]) {
    const { items } = sequence as Sequence;
    const [first] = items;
    if (first === undefined)
      fail('run/empty-sequence', `${describe(node)} has nothing to join: its sequence is empty.`);
    const axis = normalizeAxis(node, intAttribute(node, 'axis')!, first.dims.length + addedAxes(node));
    const fixed = (tensor: Tensor) => tensor.dims.filter((_, i) => addedAxes(node) === 1 || i !== axis).join();
    if (items.some((item) => item.dims.length !== first.dims.length || fixed(item) !== fixed(first)))
      fail('model/shape', `${describe(node)} joins tensors whose shapes do not fit each other.`);
    const along = (tensor: Tensor) => reshaped(tensor, tensor.dims.toSpliced(axis, 0, 1));
    return [joined(addedAxes(node) === 1 ? items.map(along) : items, axis)];
  },
};

function addedAxes(node: GraphNode): 0 | 1 {
  return intAttribute(node, 'new_axis', 0) === 0 ? 0 : 1;
}
