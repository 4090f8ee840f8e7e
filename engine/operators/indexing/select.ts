import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elementCount, type Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute } from '../shared/attributes.ts';
import { stridesOf } from '../shared/broadcast.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { pick, reshaped } from '../shared/movement.ts';
import { bigintsOf, emptyLike, isWide, movable, numbersOf, scalarOf, tensorOf } from '../shared/numbers.ts';
import { constantInput, inputType, normalizeAxis, valueType } from '../shared/types.ts';

/** Coordinates of the elements that are not 0: [rank, count]. */
export const nonZero: Operator = {
  op: 'NonZero',
  domain: '',
  opsets: [9, newestOpset],
  infer: (node, context) => [valueType('int64', [inputType(node, 0, context).dims?.length, undefined])],
  evaluate(_node, [x]) {
    const { dims } = x!;
    const strides = stridesOf(dims);
    const values = x!.dtype === 'string' ? (x!.data as string[]).map((text) => (text === '' ? 0 : 1)) : numbersOf(x!);
    const found: number[] = [];
    for (let i = 0; i < values.length; i++) if (values[i] !== 0) found.push(i);
    const out = new Float64Array(dims.length * found.length);
    dims.forEach((dim, axis) => {
      found.forEach((at, n) => {
        out[axis * found.length + n] = Math.floor(at / strides[axis]!) % dim;
      });
    });
    return [tensorOf('int64', [dims.length, found.length], out)];
  },
};

/** The slices along an axis (or, without one, the elements) whose condition holds. */
export const compress: Operator = {
  op: 'Compress',
  domain: '',
  opsets: [9, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const axis = intAttribute(node, 'axis');
    if (axis === undefined) return [valueType(x.dtype, [undefined])];
    if (x.dims === undefined) return [x];
    const at = normalizeAxis(node, axis, x.dims.length);
    return [
      valueType(
        x.dtype,
        x.dims.map((dim, i) => (i === at ? undefined : dim)),
      ),
    ];
  },
  evaluate(node, [x, condition]) {
    const axis = intAttribute(node, 'axis');
    const data = axis === undefined ? reshaped(x!, [elementCount(x!.dims)]) : x!;
    const at = axis === undefined ? 0 : normalizeAxis(node, axis, data.dims.length);
    const flags = numbersOf(condition!);
    const size = data.dims[at]!;
    const chosen = Array.from({ length: Math.min(size, flags.length) }, (_, i) => i).filter((i) => flags[i] !== 0);
    return [takeAlong(data, at, chosen)];
  },
};

/** Slices of a tensor along an axis by their indices. */
function takeAlong(tensor: Tensor, axis: number, indices: readonly number[]): Tensor {
  const dims = tensor.dims.map((dim, i) => (i === axis ? indices.length : dim));
  const inner = elementCount(tensor.dims.slice(axis + 1));
  const outer = elementCount(tensor.dims.slice(0, axis));
  const offsets = new Uint32Array(elementCount(dims));
  let n = 0;
  for (let o = 0; o < outer; o++)
    for (const index of indices)
      for (let i = 0; i < inner; i++) offsets[n++] = (o * tensor.dims[axis]! + index) * inner + i;
  return pick(tensor, dims, offsets);
}

/** Adds an axis on which one entry, named by the index, is on and the others are off. */
export const oneHot: Operator = {
  op: 'OneHot',
  domain: '',
  opsets: [9, newestOpset],
  infer(node, context) {
    const indices = inputType(node, 0, context);
    const { dtype } = inputType(node, 2, context);
    if (indices.dims === undefined) return [{ dtype }];
    const axis = normalizeAxis(node, intAttribute(node, 'axis', -1), indices.dims.length + 1);
    // The depth may be of any numeric type.
    const given = constantInput(node, 1, context);
    const depth = given && Math.trunc(scalarOf(given));
    if (depth !== undefined && !(depth >= 0 && depth < 2 ** 31))
      fail('model/shape', `${describe(node)} adds an axis of ${depth} entries.`);
    return [valueType(dtype, [...indices.dims.slice(0, axis), depth, ...indices.dims.slice(axis)])];
  },
  evaluate(node, [indices, depthTensor, values]) {
    const axis = normalizeAxis(node, intAttribute(node, 'axis', -1), indices!.dims.length + 1);
    const depth = Math.trunc(scalarOf(depthTensor!));
    const dims = [...indices!.dims.slice(0, axis), depth, ...indices!.dims.slice(axis)];
    const inner = elementCount(indices!.dims.slice(axis));
    const places = numbersOf(indices!);
    const { tensor, data } = emptyLike(values!, dims);
    const [off, on] = [movable(values!)[0], movable(values!)[1]];
    for (let i = 0; i < data.length; i++) data[i] = off;
    for (let i = 0; i < places.length; i++) {
      const place = Math.trunc(places[i]!);
      if (place < -depth || place >= depth) continue;
      const row = Math.floor(i / inner);
      data[(row * depth + (place < 0 ? place + depth : place)) * inner + (i % inner)] = on;
    }
    return [tensor];
  },
};

/** Distinct elements or slices: values, index of the first occurrence, index into the values, and how often. */
export const unique: Operator = {
  op: 'Unique',
  domain: '',
  opsets: [11, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const axis = intAttribute(node, 'axis');
    const dims = axis === undefined ? [undefined] : uniqueDims(node, x.dims, axis);
    return [valueType(x.dtype, dims), ...[1, 2, 3].map(() => valueType('int64', [undefined]))];
  },
  evaluate(node, [x]) {
    const axis = intAttribute(node, 'axis');
    const data = axis === undefined ? reshaped(x!, [elementCount(x!.dims)]) : x!;
    const at = axis === undefined ? 0 : normalizeAxis(node, axis, data.dims.length);
    const size = data.dims[at]!;
    const slices = Array.from({ length: size }, (_, i) => sliceKeys(data, at, i));
    const first = new Map<string, number>();
    const keys = slices.map((slice) => slice.join('\u0000'));
    keys.forEach((key, i) => {
      if (!first.has(key)) first.set(key, i);
    });
    const order = [...first.values()];
    if (intAttribute(node, 'sorted', 1) !== 0) order.sort((a, b) => compareKeys(slices[a]!, slices[b]!));
    const rank = new Map(order.map((slice, i) => [keys[slice]!, i]));
    const inverse = keys.map((key) => rank.get(key)!);
    const counts = new Float64Array(order.length);
    for (const i of inverse) counts[i]!++;
    const list = (values: ArrayLike<number>) => tensorOf('int64', [values.length], values);
    return [takeAlong(data, at, order), list(order), list(inverse), list(counts)];
  },
};

function uniqueDims(node: GraphNode, dims: ReturnType<typeof inputType>['dims'], axis: number) {
  if (dims === undefined) return undefined;
  const at = normalizeAxis(node, axis, dims.length);
  return dims.map((dim, i) => (i === at ? undefined : dim));
}

type Key = number | bigint | string;

function sliceKeys(tensor: Tensor, axis: number, index: number): Key[] {
  const slice = takeAlong(tensor, axis, [index]);
  if (slice.dtype === 'string') return [...(slice.data as string[])];
  return isWide(slice.dtype) ? Array.from(bigintsOf(slice)) : Array.from(numbersOf(slice));
}

function compareKeys(a: readonly Key[], b: readonly Key[]): number {
  for (const [i, key] of a.entries()) {
    if (key < b[i]!) return -1;
    if (key > b[i]!) return 1;
  }
  return 0;
}

/** Reverses the first `sequence_lens[b]` entries of the time axis of each batch entry. */
export const reverseSequence: Operator = {
  op: 'ReverseSequence',
  domain: '',
  opsets: [10, newestOpset],
  infer: (node, context) => [inputType(node, 0, context)],
  evaluate(node, [x, lengths]) {
    const time = normalizeAxis(node, intAttribute(node, 'time_axis', 0), x!.dims.length);
    const batch = normalizeAxis(node, intAttribute(node, 'batch_axis', 1), x!.dims.length);
    const strides = stridesOf(x!.dims);
    const counts = numbersOf(lengths!);
    const offsets = Uint32Array.from({ length: elementCount(x!.dims) }, (_, i) => {
      const t = Math.floor(i / strides[time]!) % x!.dims[time]!;
      const count = counts[Math.floor(i / strides[batch]!) % x!.dims[batch]!]!;
      return t < count ? i + (count - 1 - 2 * t) * strides[time]! : i;
    });
    return [pick(x!, x!.dims, offsets)];
  },
};
