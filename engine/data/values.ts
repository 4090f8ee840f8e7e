import { fail } from '../findings.ts';
import { bitsOfNumbers, numbersOfBits } from '../numbers.ts';
import type { DataType, Tensor, TensorData } from '../tensor.ts';

export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array;

/** The values of a stored array as numbers. 64-bit integers beyond 2⁵³ are rounded. */
export function numbersOf(tensor: Tensor, name: string): NumberArray {
  const { dtype, data } = tensor;
  if (dtype === 'float16' || dtype === 'bfloat16') return numbersOfBits(dtype, data as Uint16Array);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  if (Array.isArray(data) || /^(float8|float4|complex)/.test(dtype)) {
    fail('data/type', `"${name}" holds ${dtype} values, which preprocessing cannot compute with.`);
  }
  return data;
}

/** Index of the first value that is not finite; -1 if there is none. */
export function firstNotFinite(tensor: Tensor): number {
  const { dtype, data } = tensor;
  if (dtype === 'float16') return (data as Uint16Array).findIndex((bits) => (bits & 0x7c00) === 0x7c00);
  if (dtype === 'bfloat16') return (data as Uint16Array).findIndex((bits) => (bits & 0x7f80) === 0x7f80);
  if (data instanceof Float32Array || data instanceof Float64Array) {
    for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i;
  }
  return -1;
}

const integerRanges: Readonly<Partial<Record<DataType, readonly [number, number]>>> = {
  bool: [0, 1],
  int4: [-8, 7],
  uint4: [0, 15],
  int2: [-2, 1],
  uint2: [0, 3],
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-2147483648, 2147483647],
  uint32: [0, 4294967295],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
};

/** Array that holds `count` values of a type while they are still computed as numbers. */
export function workArray(dtype: DataType, count: number): Float32Array | Float64Array {
  return dtype === 'float32' ? new Float32Array(count) : new Float64Array(count);
}

/** Values as the memory of a tensor of `dtype`; for whole-number types every value must be one that the type has. */
export function storeAs(dtype: DataType, values: NumberArray, name: string): TensorData {
  switch (dtype) {
    case 'float32':
      return values instanceof Float32Array ? values : Float32Array.from(values);
    case 'float64':
      return values instanceof Float64Array ? values : Float64Array.from(values);
    case 'float16':
      return bitsOfNumbers('float16', values);
    case 'bfloat16':
      return bitsOfNumbers('bfloat16', values);
  }
  const range = integerRanges[dtype];
  if (range === undefined) fail('data/type', `The model's input is ${dtype}, which no data reader gives.`);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isInteger(value) || value < range[0] || value > range[1]) {
      fail('data/type', `Sample ${name} has the value ${value}, but the model's input is ${dtype}.`, {
        why: `It takes whole numbers from ${range[0]} to ${range[1]}.`,
        fix: 'Remove `scale`, `mean` and `std` from the data block, or use a model with a float32 input.',
      });
    }
  }
  switch (dtype) {
    case 'int8':
    case 'int4':
    case 'int2':
      return Int8Array.from(values);
    case 'int16':
      return Int16Array.from(values);
    case 'int32':
      return Int32Array.from(values);
    case 'int64':
      return BigInt64Array.from(values, BigInt);
    case 'uint64':
      return BigUint64Array.from(values, BigInt);
    case 'uint16':
      return Uint16Array.from(values);
    case 'uint32':
      return Uint32Array.from(values);
    default:
      return Uint8Array.from(values);
  }
}
