/** Element types of ONNX IR 13, named as in the specification's operator tables. */
export type DataType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'float8e4m3fn'
  | 'float8e4m3fnuz'
  | 'float8e5m2'
  | 'float8e5m2fnuz'
  | 'float8e8m0'
  | 'float4e2m1'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'int4'
  | 'uint4'
  | 'int2'
  | 'uint2'
  | 'bool'
  | 'string'
  | 'complex64'
  | 'complex128';

/**
 * In memory: float16, bfloat16, float8 and float4 hold their bit patterns (one element each in a `Uint16Array` or
 * `Uint8Array`); int4, uint4, int2, uint2 are unpacked, one element a byte (`Int8Array` or `Uint8Array`); bool is a
 * `Uint8Array` of 0 and 1; complex numbers are pairs. Packing is the codec's affair alone.
 */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | string[];

export interface Tensor {
  readonly dtype: DataType;
  /** Empty for a scalar. */
  readonly dims: readonly number[];
  /** Row-major, as the ONNX dims say: whatever layout the executor uses inside never shows here. */
  readonly data: TensorData;
}

/** A dimension is a number, a name (symbolic), or undefined (unknown). */
export type Dimension = number | string | undefined;

/** Type of a value; `dims` undefined means unknown rank. */
export interface ValueType {
  readonly dtype: DataType;
  readonly dims?: readonly Dimension[];
}

export function elementCount(dims: readonly number[]): number {
  let count = 1;
  for (const dim of dims) count *= dim;
  return count;
}

export function float32Tensor(dims: readonly number[], data: Float32Array): Tensor {
  return { dtype: 'float32', dims, data };
}

export function int64Tensor(dims: readonly number[], values: readonly (number | bigint)[]): Tensor {
  return { dtype: 'int64', dims, data: BigInt64Array.from(values, BigInt) };
}
