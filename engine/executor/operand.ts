import { type DataType, elementCount } from '../tensor.ts';
import type { Operand, StaticType } from './lowering.ts';
import { logicalStrides } from './order.ts';

/** Bytes of one element in kernel memory; undefined for types that only the reference evaluation handles. */
export function elementBytes(dtype: DataType): 1 | 4 | undefined {
  switch (dtype) {
    case 'float32':
    case 'int32':
      return 4;
    case 'uint8':
    case 'int8':
    case 'bool':
      return 1;
    default:
      return undefined;
  }
}

/** Whether kernels can hold values of the type. */
export function fitsKernels({ dtype, dims }: StaticType): boolean {
  return elementBytes(dtype) !== undefined && elementCount(dims) > 0;
}

export function bytesOf(dtype: DataType, dims: readonly number[]): number {
  return elementBytes(dtype)! * elementCount(dims);
}

/** Whether the operand's elements fill its memory without gaps, in its order. */
export function isDense(operand: Operand): boolean {
  const dense = logicalStrides(operand.dims, operand.order);
  return operand.dims.every((size, axis) => size === 1 || operand.strides[axis] === dense[axis]);
}

/**
 * Elements between neighbouring pixels of an operand that is `[pixels, run]` in memory, `run` being the size of the last
 * axis of its order; undefined where its rows are not evenly spaced.
 */
export function pitchOf(operand: Operand): number | undefined {
  const { dims, order, strides } = operand;
  const last = order[order.length - 1];
  if (last === undefined) return 1;
  const run = dims[last]!;
  if (run > 1 && strides[last] !== 1) return undefined;
  let pitch: number | undefined;
  let rows = 1;
  for (let position = order.length - 2; position >= 0; position--) {
    const axis = order[position]!;
    if (dims[axis] === 1) continue;
    if (pitch === undefined) {
      pitch = strides[axis]!;
      if (pitch < run) return undefined;
    } else if (strides[axis] !== pitch * rows) return undefined;
    rows *= dims[axis]!;
  }
  return pitch ?? run;
}

/** Adjacent axes that lie together in all strides given, merged; axes of size 1 dropped. For N-d kernels. */
export function mergeAxes(
  dims: readonly number[],
  ...strides: readonly (readonly number[])[]
): { readonly dims: number[]; readonly strides: number[][] } {
  const merged: number[] = [];
  const result: number[][] = strides.map(() => []);
  dims.forEach((size, axis) => {
    if (size === 1) return;
    const top = merged.length - 1;
    if (top >= 0 && strides.every((own, i) => result[i]![top] === own[axis]! * size)) {
      merged[top]! *= size;
      for (const [i, own] of strides.entries()) result[i]![top] = own[axis]!;
    } else {
      merged.push(size);
      for (const [i, own] of strides.entries()) result[i]!.push(own[axis]!);
    }
  });
  return { dims: merged, strides: result };
}
