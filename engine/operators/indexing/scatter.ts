import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elementCount, type Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, stringAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { emptyLike, integersOf, isNumeric, movable, numbersOf, tensorOf } from '../shared/numbers.ts';
import { formatDims, sameAsInput } from '../shared/types.ts';
import { elementOffsets, tupleOffsets } from './gather.ts';

/** How an update meets what is there. */
function reducer(node: GraphNode): ((old: number, update: number) => number) | undefined {
  const reduction = stringAttribute(node, 'reduction', 'none');
  switch (reduction) {
    case 'none':
      return undefined;
    case 'add':
      return (a, b) => a + b;
    case 'mul':
      return (a, b) => a * b;
    case 'max':
      return Math.max;
    case 'min':
      return Math.min;
    default:
      fail('model/attribute', `The reduction of ${describe(node)} is “${reduction}”.`);
  }
}

function scatterAt(node: GraphNode, data: Tensor, offsets: ArrayLike<number>, updates: Tensor): Tensor {
  if (elementCount(updates.dims) !== offsets.length)
    fail('model/shape', `The updates ${formatDims(updates.dims)} of ${describe(node)} do not match its indices.`);
  const reduce = reducer(node);
  if (reduce === undefined || !isNumeric(data.dtype)) {
    const { tensor: out, data: to } = emptyLike(data, data.dims);
    const before = movable(data);
    const from = movable(updates);
    for (let i = 0; i < to.length; i++) to[i] = before[i];
    for (let i = 0; i < offsets.length; i++) to[offsets[i]!] = from[i];
    return out;
  }
  const values = Float64Array.from(numbersOf(data));
  const from = numbersOf(updates);
  for (let i = 0; i < offsets.length; i++) {
    const at = offsets[i]!;
    values[at] = reduce(values[at]!, from[i]!);
  }
  return tensorOf(data.dtype, data.dims, values);
}

/** Puts each element of `updates` where its index says, along an axis. */
export const scatterElements: Operator = {
  op: 'ScatterElements',
  domain: '',
  opsets: [11, newestOpset],
  infer: sameAsInput,
  evaluate(node, [data, indices, updates]) {
    const offsets = elementOffsets(node, data!.dims, indices!.dims, numbersOf(indices!));
    return [scatterAt(node, data!, offsets, updates!)];
  },
};

/** The name that ScatterElements had before operator set 11. */
export const scatter: Operator = { ...scatterElements, op: 'Scatter', opsets: [9, 10] };

/** Puts slices of `updates` where index tuples say. */
export const scatterND: Operator = {
  op: 'ScatterND',
  domain: '',
  opsets: [11, newestOpset],
  infer: sameAsInput,
  evaluate(node, [data, indices, updates]) {
    const tuple = indices!.dims[indices!.dims.length - 1] ?? 0;
    if (tuple > data!.dims.length)
      fail(
        'model/shape',
        `The indices ${formatDims(indices!.dims)} of ${describe(node)} do not fit ${formatDims(data!.dims)}.`,
      );
    const starts = tupleOffsets(node, data!.dims, integersOf(indices!), tuple);
    const inner = elementCount(data!.dims.slice(tuple));
    const offsets = new Uint32Array(starts.length * inner);
    for (let n = 0; n < starts.length; n++) for (let i = 0; i < inner; i++) offsets[n * inner + i] = starts[n]! + i;
    return [scatterAt(node, data!, offsets, updates!)];
  },
};
