import { lowerGather } from '../../executor/lowerings/gather.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { type Dimension, elementCount } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute } from '../shared/attributes.ts';
import { stridesOf } from '../shared/broadcast.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { pick } from '../shared/movement.ts';
import { integersOf, numbersOf } from '../shared/numbers.ts';
import { constantInts, formatDims, inputType, normalizeAxis, valueType } from '../shared/types.ts';

/** An index into an axis of `size`; negative ones count from the end. */
export function checkedIndex(node: GraphNode, index: number, size: number): number {
  const at = index < 0 ? index + size : index;
  if (!(at >= 0 && at < size)) fail('run/index', `${describe(node)} reads index ${index} of an axis of size ${size}.`);
  return at;
}

/** Slices of `data` along an axis, named by an index tensor of any shape. */
export const gather: Operator = {
  op: 'Gather',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const data = inputType(node, 0, context);
    const indices = inputType(node, 1, context);
    if (data.dims === undefined || indices.dims === undefined) return [valueType(data.dtype, undefined)];
    const axis = normalizeAxis(node, intAttribute(node, 'axis', 0), data.dims.length);
    return [valueType(data.dtype, [...data.dims.slice(0, axis), ...indices.dims, ...data.dims.slice(axis + 1)])];
  },
  inferElements(node, context) {
    const elements = context.dimensions(node.inputs[0] ?? '');
    const indices = constantInts(node, 1, context);
    return indices?.map((index) => elements?.[index < 0 ? index + elements.length : index]);
  },
  evaluate(node, [data, indices]) {
    const axis = normalizeAxis(node, intAttribute(node, 'axis', 0), data!.dims.length);
    const size = data!.dims[axis]!;
    const places = integersOf(indices!).map((index) => checkedIndex(node, index, size));
    const outer = elementCount(data!.dims.slice(0, axis));
    const inner = elementCount(data!.dims.slice(axis + 1));
    const dims = [...data!.dims.slice(0, axis), ...indices!.dims, ...data!.dims.slice(axis + 1)];
    const offsets = new Uint32Array(outer * places.length * inner);
    let at = 0;
    for (let o = 0; o < outer; o++)
      for (const place of places) for (let i = 0; i < inner; i++) offsets[at++] = (o * size + place) * inner + i;
    return [pick(data!, dims, offsets)];
  },
  lower: lowerGather,
  quantization: { kind: 'same-scale' },
};

/** out[…i…] = data[… index[…i…] …]: one index for every output element. */
export const gatherElements: Operator = {
  op: 'GatherElements',
  domain: '',
  opsets: [11, newestOpset],
  infer: (node, context) => [valueType(inputType(node, 0, context).dtype, inputType(node, 1, context).dims)],
  evaluate(node, [data, indices]) {
    const offsets = elementOffsets(node, data!.dims, indices!.dims, numbersOf(indices!));
    return [pick(data!, indices!.dims, offsets)];
  },
  quantization: { kind: 'same-scale' },
};

/** Offsets in a tensor of `dims` that GatherElements and ScatterElements address with an index tensor. */
export function elementOffsets(
  node: GraphNode,
  dims: readonly number[],
  indexDims: readonly number[],
  indices: ArrayLike<number>,
): Uint32Array {
  const axis = normalizeAxis(node, intAttribute(node, 'axis', 0), dims.length);
  if (indexDims.length !== dims.length || indexDims.some((dim, i) => i !== axis && dim > dims[i]!))
    fail('model/shape', `The indices ${formatDims(indexDims)} of ${describe(node)} do not fit ${formatDims(dims)}.`);
  const strides = stridesOf(dims);
  const count = elementCount(indexDims);
  const offsets = new Uint32Array(count);
  const coordinates = new Array<number>(dims.length).fill(0);
  for (let n = 0; n < count; n++) {
    let offset = 0;
    for (let i = 0; i < dims.length; i++)
      offset += (i === axis ? checkedIndex(node, indices[n]!, dims[axis]!) : coordinates[i]!) * strides[i]!;
    offsets[n] = offset;
    for (let i = dims.length - 1; i >= 0; i--) {
      if (++coordinates[i]! < indexDims[i]!) break;
      coordinates[i] = 0;
    }
  }
  return offsets;
}

/** Slices named by index tuples in the last dimension of `indices`; the first `batch_dims` axes are shared. */
export const gatherND: Operator = {
  op: 'GatherND',
  domain: '',
  opsets: [11, newestOpset],
  infer(node, context) {
    const data = inputType(node, 0, context);
    const indices = inputType(node, 1, context);
    const tuple = indices.dims?.[indices.dims.length - 1];
    if (data.dims === undefined || indices.dims === undefined || typeof tuple !== 'number')
      return [valueType(data.dtype, undefined)];
    return [valueType(data.dtype, gatherNDDims(node, data.dims, indices.dims, tuple))];
  },
  evaluate(node, [data, indices]) {
    const tuple = indices!.dims[indices!.dims.length - 1]!;
    const dims = gatherNDDims(node, data!.dims, indices!.dims, tuple) as number[];
    const batchAxes = intAttribute(node, 'batch_dims', 0);
    const batches = elementCount(data!.dims.slice(0, batchAxes));
    const starts = tupleOffsets(node, data!.dims.slice(batchAxes), integersOf(indices!), tuple);
    const inner = elementCount(data!.dims.slice(batchAxes + tuple));
    const perBatch = elementCount(data!.dims.slice(batchAxes));
    const tuplesPerBatch = starts.length / batches;
    const offsets = new Uint32Array(starts.length * inner);
    for (let n = 0; n < starts.length; n++)
      for (let i = 0; i < inner; i++)
        offsets[n * inner + i] = Math.floor(n / tuplesPerBatch) * perBatch + starts[n]! + i;
    return [pick(data!, dims, offsets)];
  },
  quantization: { kind: 'same-scale' },
};

function gatherNDDims(
  node: GraphNode,
  data: readonly Dimension[],
  indices: readonly Dimension[],
  tuple: number,
): Dimension[] {
  const batch = intAttribute(node, 'batch_dims', 0);
  if (!(batch >= 0 && batch < indices.length && tuple >= 0 && batch + tuple <= data.length))
    fail('model/shape', `The indices ${formatDims(indices)} of ${describe(node)} do not fit ${formatDims(data)}.`);
  return [...indices.slice(0, -1), ...data.slice(batch + tuple)];
}

/** Offset in a tensor of `dims` of the slice that each index tuple names. */
export function tupleOffsets(
  node: GraphNode,
  dims: readonly number[],
  indices: readonly number[],
  tuple: number,
): Uint32Array {
  const strides = stridesOf(dims);
  const count = tuple === 0 ? 1 : indices.length / tuple;
  return Uint32Array.from({ length: count }, (_, n) => {
    let offset = 0;
    for (let i = 0; i < tuple; i++) offset += checkedIndex(node, indices[n * tuple + i]!, dims[i]!) * strides[i]!;
    return offset;
  });
}
