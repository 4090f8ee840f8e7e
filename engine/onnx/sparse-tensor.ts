import { fail } from '../findings.ts';
import { elementCount, type Tensor } from '../tensor.ts';
import { elementLayouts } from './data-types.ts';
import type { onnx } from './proto.ts';
import { tensorFromProto } from './tensor-proto.ts';

/** Largest number of elements that a few stored ones are spread out to. */
const elementLimit = 2 ** 26;

/**
 * The dense form of a sparse tensor: zeros but for the values stored, at places given as positions in row-major order
 * [count] or as coordinates [count, rank]. The zeros take memory when they are first asked for: a small file may speak of
 * many large tensors. Throws `tensor/sparse` and what reading a tensor throws.
 */
export function denseFromProto(proto: onnx.SparseTensorProto): Tensor {
  const refuse = (what: string): never =>
    fail('tensor/sparse', `The sparse tensor ${JSON.stringify(proto.values?.name ?? '')} ${what}.`);
  if (proto.values === undefined) return refuse('has no values');
  const { dtype, data: values } = tensorFromProto(proto.values);
  const { array, parts } = elementLayouts[dtype];
  if (array === undefined || parts !== 1) return refuse(`is of type ${dtype}`);
  const dims = proto.dims.map(Number);
  const count = elementCount(dims);
  if (!dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0) || !(count <= elementLimit))
    return refuse(`of shape [${dims.join(', ')}] is too large to be spread out`);
  const indices = proto.indices && tensorFromProto(proto.indices);
  const rank = indices?.dims[1] ?? 1;
  const places = (indices?.data ?? []) as ArrayLike<bigint>;
  if ((indices && indices.dtype !== 'int64') || places.length !== values.length * rank)
    return refuse('has not one place for each value');
  if (indices?.dims.length === 2 && rank !== dims.length) return refuse('has places of another rank than its own');
  const positions = Array.from({ length: values.length }, (_, i) =>
    indices?.dims.length === 2 ? positionOf(places, i, dims) : Number(places[i]),
  );
  if (!positions.every((place) => place >= 0 && place < count)) return refuse('has a place outside of its shape');
  let dense: Tensor['data'] | undefined;
  return {
    dtype,
    dims,
    get data() {
      if (dense === undefined) {
        const data = new array(count) as { [index: number]: unknown };
        positions.forEach((place, i) => {
          data[place] = values[i];
        });
        dense = data as Tensor['data'];
      }
      return dense;
    },
  };
}

/** Row-major position of the i-th coordinates; −1 where they are outside. */
function positionOf(coordinates: ArrayLike<bigint>, i: number, dims: readonly number[]): number {
  let position = 0;
  for (const [axis, dim] of dims.entries()) {
    const at = Number(coordinates[i * dims.length + axis]);
    if (!(at >= 0 && at < dim)) return -1;
    position = position * dim + at;
  }
  return position;
}
