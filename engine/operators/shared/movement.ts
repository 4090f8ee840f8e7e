import { poll } from '../../progress.ts';
import { elementCount, type Tensor } from '../../tensor.ts';
import { broadcastOffsets, stridedOffsets, stridesOf } from './broadcast.ts';
import { emptyLike, movable } from './numbers.ts';

/** The elements of `tensor` at `offsets`, as a tensor of shape `dims`. */
export function pick(tensor: Tensor, dims: readonly number[], offsets: ArrayLike<number>): Tensor {
  const from = movable(tensor);
  const { tensor: out, data } = emptyLike(tensor, dims);
  for (let i = 0; i < data.length; i++) {
    if ((i & 0xffff) === 0) poll();
    data[i] = from[offsets[i]!];
  }
  return out;
}

/** The tensor with its axes in another order: axis i of the result is axis order[i]. */
export function permuted(tensor: Tensor, order: readonly number[]): Tensor {
  const strides = stridesOf(tensor.dims);
  const dims = order.map((axis) => tensor.dims[axis]!);
  const steps = order.map((axis) => strides[axis]!);
  return pick(tensor, dims, stridedOffsets(dims, steps));
}

/** Broadcast to `dims`. */
export function expandTo(tensor: Tensor, dims: readonly number[]): Tensor {
  const offsets = broadcastOffsets(tensor.dims, dims);
  return offsets === undefined ? { ...tensor, dims } : pick(tensor, dims, offsets);
}

/** The same elements in another shape; shares the storage. */
export function reshaped(tensor: Tensor, dims: readonly number[]): Tensor {
  return { dtype: tensor.dtype, dims, data: tensor.data };
}

/** A tensor of one repeated element, taken from `value`. */
export function filled(value: Tensor, dims: readonly number[]): Tensor {
  return pick(value, dims, new Uint32Array(elementCount(dims)));
}
