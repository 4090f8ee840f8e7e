import { fail } from '../../findings.ts';
import { elementCount } from '../../tensor.ts';

/** Row-major strides in elements. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let stride = 1;
  for (let i = dims.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= dims[i]!;
  }
  return strides;
}

/** Shape of a numpy broadcast of concrete shapes. */
export function broadcastShape(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes)
    for (let i = 0; i < shape.length; i++) {
      const at = rank - shape.length + i;
      const dim = shape[i]!;
      if (dim === 1 || dim === out[at]) continue;
      if (out[at] !== 1)
        fail('model/shape', `The shapes ${shapes.map((s) => `[${s.join(', ')}]`).join(', ')} cannot be broadcast.`);
      out[at] = dim;
    }
  return out;
}

/**
 * For every element of `dims` in row-major order, its offset in a tensor of shape `shape` broadcast to `dims`. undefined
 * where offset and index are the same.
 */
export function broadcastOffsets(shape: readonly number[], dims: readonly number[]): Uint32Array | undefined {
  const lead = dims.length - shape.length;
  const own = stridesOf(shape);
  const strides = dims.map((_, axis) => (axis < lead || shape[axis - lead] === 1 ? 0 : own[axis - lead]!));
  if (elementCount(shape) === elementCount(dims)) return undefined;
  return stridedOffsets(dims, strides);
}

/** Offsets of the elements of `dims` in row-major order when axis i advances by `strides[i]` elements. */
export function stridedOffsets(dims: readonly number[], strides: readonly number[], start = 0): Uint32Array {
  const count = elementCount(dims);
  const out = new Uint32Array(count);
  if (count === 0) return out;
  const rank = dims.length;
  if (rank === 0) {
    out[0] = start;
    return out;
  }
  const index = new Array<number>(rank).fill(0);
  const inner = dims[rank - 1]!;
  const step = strides[rank - 1]!;
  let base = start;
  for (let i = 0; i < count; i += inner) {
    for (let j = 0; j < inner; j++) out[i + j] = base + j * step;
    for (let axis = rank - 2; axis >= 0; axis--) {
      base += strides[axis]!;
      if (++index[axis]! < dims[axis]!) break;
      base -= strides[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}
