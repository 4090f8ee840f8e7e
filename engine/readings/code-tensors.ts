import { carriedElements } from '../formats/carrier.ts';
import type { NumberFormat, SumOfTensors } from '../formats/format.ts';
import { aliasTensor } from '../lazy-tensor.ts';
import type { QuantizedTensor } from '../quantize/assignment.ts';
import type { DataType, Tensor, TensorData } from '../tensor.ts';

/** Each tensor of a sum, its codes worked out when they are written. */
export function tensorsOf(
  held: QuantizedTensor & { readonly codes: TensorData },
  { format, count, range, codeOf }: SumOfTensors,
): (QuantizedTensor & { readonly codes: TensorData })[] {
  const { axis, blocks, basis, scale } = held;
  return Array.from({ length: count }, (_, i) => ({
    format: format.name,
    ...(axis !== undefined && { axis }),
    ...(blocks !== undefined && { blocks }),
    scale: scale.map((_, set) => basis![set * count + i]!),
    zeroPoint: new Int32Array(scale.length),
    range,
    get codes() {
      return Int8Array.from(held.codes as Int8Array, (code) => codeOf(code, i));
    },
  }));
}

/** The elements that ONNX holds for codes, in the shape of the constant or of a view of it, as lazy as that is. */
export function codeTensorOf(
  held: QuantizedTensor & { readonly codes: TensorData },
  format: NumberFormat,
  { dims }: { readonly dims: readonly number[] },
): Tensor {
  const elements = () => carriedElements(format, held.codes as Int8Array);
  const isPutOff = Object.getOwnPropertyDescriptor(held, 'codes')?.get !== undefined;
  const { dtype } = format;
  return isPutOff ? aliasTensor(dtype, dims, elements) : { dtype, dims, data: elements() };
}

export function codeTensor(dtype: DataType, dims: readonly number[], values: Int32Array): Tensor {
  const arrays = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array } as const;
  const packed = { int4: Int8Array, uint4: Uint8Array, int2: Int8Array, uint2: Uint8Array } as const;
  const floats = { float8e4m3fn: Uint8Array, float8e5m2: Uint8Array } as const;
  const Codes =
    { ...arrays, ...packed, ...floats, int32: Int32Array, uint32: Uint32Array }[dtype as 'int8'] ?? Int32Array;
  return { dtype, dims, data: Codes.from(values) };
}

export function sameCodes(a: Int8Array, b: Int8Array): boolean {
  return a.length === b.length && a.every((code, i) => code === b[i]);
}
