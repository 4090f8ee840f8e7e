import type { DataType, TensorData } from '../tensor.ts';
import { onnx } from './proto.ts';

const elementTypes = onnx.TensorProto.DataType;

/** How the elements of a data type lie in a file and in memory. */
export interface ElementLayout {
  /** Value of `TensorProto.data_type` and `TypeProto.Tensor.elem_type`. */
  readonly elemType: number;
  /** Bits of one element in `raw_data`; below 8 they are packed, low bits first. 0 for strings. */
  readonly bits: number;
  /** Typed array in memory; complex numbers take two of its elements, packed types one a value. */
  readonly array: TypedArrayConstructor | undefined;
  /** Elements of `array` for one element of the tensor. */
  readonly parts: 1 | 2;
  /** The list of TensorProto that holds the elements when `raw_data` does not. */
  readonly field: 'float_data' | 'int32_data' | 'int64_data' | 'uint64_data' | 'double_data' | 'string_data';
}

export type TypedArray = Exclude<TensorData, string[]>;
type TypedArrayConstructor = {
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, offset: number, length: number): TypedArray;
  readonly BYTES_PER_ELEMENT: number;
};

const row = (
  elemType: number,
  bits: number,
  array: unknown,
  field: ElementLayout['field'],
  parts: 1 | 2 = 1,
): ElementLayout => ({ elemType, bits, array: array as TypedArrayConstructor | undefined, parts, field });

export const elementLayouts: Readonly<Record<DataType, ElementLayout>> = {
  float32: row(elementTypes.FLOAT, 32, Float32Array, 'float_data'),
  float64: row(elementTypes.DOUBLE, 64, Float64Array, 'double_data'),
  float16: row(elementTypes.FLOAT16, 16, Uint16Array, 'int32_data'),
  bfloat16: row(elementTypes.BFLOAT16, 16, Uint16Array, 'int32_data'),
  float8e4m3fn: row(elementTypes.FLOAT8E4M3FN, 8, Uint8Array, 'int32_data'),
  float8e4m3fnuz: row(elementTypes.FLOAT8E4M3FNUZ, 8, Uint8Array, 'int32_data'),
  float8e5m2: row(elementTypes.FLOAT8E5M2, 8, Uint8Array, 'int32_data'),
  float8e5m2fnuz: row(elementTypes.FLOAT8E5M2FNUZ, 8, Uint8Array, 'int32_data'),
  float8e8m0: row(elementTypes.FLOAT8E8M0, 8, Uint8Array, 'int32_data'),
  float4e2m1: row(elementTypes.FLOAT4E2M1, 4, Uint8Array, 'int32_data'),
  int8: row(elementTypes.INT8, 8, Int8Array, 'int32_data'),
  int16: row(elementTypes.INT16, 16, Int16Array, 'int32_data'),
  int32: row(elementTypes.INT32, 32, Int32Array, 'int32_data'),
  int64: row(elementTypes.INT64, 64, BigInt64Array, 'int64_data'),
  uint8: row(elementTypes.UINT8, 8, Uint8Array, 'int32_data'),
  uint16: row(elementTypes.UINT16, 16, Uint16Array, 'int32_data'),
  uint32: row(elementTypes.UINT32, 32, Uint32Array, 'uint64_data'),
  uint64: row(elementTypes.UINT64, 64, BigUint64Array, 'uint64_data'),
  int4: row(elementTypes.INT4, 4, Int8Array, 'int32_data'),
  uint4: row(elementTypes.UINT4, 4, Uint8Array, 'int32_data'),
  int2: row(elementTypes.INT2, 2, Int8Array, 'int32_data'),
  uint2: row(elementTypes.UINT2, 2, Uint8Array, 'int32_data'),
  bool: row(elementTypes.BOOL, 8, Uint8Array, 'int32_data'),
  string: row(elementTypes.STRING, 0, undefined, 'string_data'),
  complex64: row(elementTypes.COMPLEX64, 64, Float32Array, 'float_data', 2),
  complex128: row(elementTypes.COMPLEX128, 128, Float64Array, 'double_data', 2),
};

const byElemType: ReadonlyMap<number, DataType> = new Map(
  Object.entries(elementLayouts).map(([dtype, layout]) => [layout.elemType, dtype as DataType]),
);

/** Data type of an ONNX `elem_type` or `data_type` number; undefined for 0 (undefined) and numbers newer than IR 13. */
export function dataTypeOf(elemType: number): DataType | undefined {
  return byElemType.get(elemType);
}

export function elemTypeOf(dtype: DataType): number {
  return elementLayouts[dtype].elemType;
}

/** Bytes of `elements` elements in a file; 0 for strings. The last byte of a packed type may be partly used. */
export function storedBytes(dtype: DataType, elements: number): number {
  return Math.ceil((elements * elementLayouts[dtype].bits) / 8);
}
