import { fail } from '../../findings.ts';
import { bitsOfNumber, bitsOfNumbers, isBitFloat, numberOfBits, numbersOfBits } from '../../numbers.ts';
import { elementLayouts } from '../../onnx/data-types.ts';
import { type DataType, elementCount, type Tensor, type TensorData } from '../../tensor.ts';

/**
 * Reading and writing tensor elements as numbers, whatever their type. int64 and uint64 pass through doubles here (exact
 * to 2^53); operators for which more matters use `bigintsOf`.
 */
export function isFloat(dtype: DataType): boolean {
  return dtype.startsWith('float') || dtype === 'bfloat16';
}

export function isWide(dtype: DataType): dtype is 'int64' | 'uint64' {
  return dtype === 'int64' || dtype === 'uint64';
}

/** Integers of any width; not bool. */
export function isInteger(dtype: DataType): boolean {
  return dtype.startsWith('int') || dtype.startsWith('uint');
}

export function isNumeric(dtype: DataType): boolean {
  return isFloat(dtype) || isInteger(dtype) || dtype === 'bool';
}

/** Bits of one element as stored in a file; 0 for strings, whose length varies. */
export function bitsOf(dtype: DataType): number {
  return elementLayouts[dtype].bits;
}

/** Smallest and largest value of an integer type (bool: 0 and 1); doubles, so inexact at the ends of 64 bits. */
export function integerRange(dtype: DataType): readonly [number, number] {
  if (dtype === 'bool') return [0, 1];
  const width = bitsOf(dtype);
  return dtype.startsWith('uint') ? [0, 2 ** width - 1] : [-(2 ** (width - 1)), 2 ** (width - 1) - 1];
}

/** Uninitialised (zero) storage for `count` elements. */
export function allocate(dtype: DataType, count: number): TensorData {
  if (!Number.isSafeInteger(count) || count < 0 || count > 2 ** 31)
    fail('model/too-large', `A tensor of ${count} elements cannot be computed.`, {
      why: 'It does not fit into memory.',
    });
  switch (dtype) {
    case 'float32':
      return new Float32Array(count);
    case 'float64':
      return new Float64Array(count);
    case 'float16':
    case 'bfloat16':
    case 'uint16':
      return new Uint16Array(count);
    case 'int8':
    case 'int4':
    case 'int2':
      return new Int8Array(count);
    case 'int16':
      return new Int16Array(count);
    case 'int32':
      return new Int32Array(count);
    case 'int64':
      return new BigInt64Array(count);
    case 'uint32':
      return new Uint32Array(count);
    case 'uint64':
      return new BigUint64Array(count);
    case 'string':
      return new Array<string>(count).fill('');
    case 'complex64':
      return new Float32Array(2 * count);
    case 'complex128':
      return new Float64Array(2 * count);
    default:
      return new Uint8Array(count);
  }
}

/** Elements as numbers: the tensor's own array where that is possible. */
export function numbersOf(tensor: Tensor): ArrayLike<number> {
  const { dtype, data } = tensor;
  if (isWide(dtype)) return Float64Array.from(data as BigInt64Array, Number);
  if (dtype === 'string' || dtype === 'complex64' || dtype === 'complex128')
    fail('model/type', `A tensor of type ${dtype} stands where numbers are needed.`);
  if (isBitFloat(dtype)) return numbersOfBits(dtype, data as Uint8Array);
  return data as ArrayLike<number>;
}

/**
 * Numbers as doubles, copied unless they are doubles: hot loops must see one kind of array, or the JavaScript engine
 * compiles them for every kind at once, three times as slow.
 */
export function doublesOf(numbers: ArrayLike<number>): Float64Array {
  return numbers instanceof Float64Array ? numbers : new Float64Array(numbers);
}

/** Elements as bigints; for integer types and bool. */
export function bigintsOf(tensor: Tensor): ArrayLike<bigint> {
  if (isWide(tensor.dtype)) return tensor.data as BigInt64Array;
  return Array.from(numbersOf(tensor), (x) => BigInt(Math.trunc(x)));
}

/** A small integer tensor's elements as safe integers (axes, shapes, …); larger magnitudes are clamped. */
export function integersOf(tensor: Tensor): number[] {
  return Array.from(numbersOf(tensor), Math.trunc);
}

/** First element as a number. */
export function scalarOf(tensor: Tensor): number {
  return numbersOf(tensor)[0] ?? 0;
}

/** A tensor from numbers, rounded to its type (integers: truncated and wrapped as two's complement). */
export function tensorOf(dtype: DataType, dims: readonly number[], values: ArrayLike<number>): Tensor {
  const count = elementCount(dims);
  if (dtype === 'float32' && values instanceof Float32Array && values.length === count)
    return { dtype, dims, data: values };
  if (dtype === 'float64' && values instanceof Float64Array && values.length === count)
    return { dtype, dims, data: values };
  const data = allocate(dtype, count);
  storeNumbers(dtype, data, values);
  return { dtype, dims, data };
}

function storeNumbers(dtype: DataType, data: TensorData, values: ArrayLike<number>): void {
  const count = data.length;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (let i = 0; i < count; i++) data[i] = toBigint(values[i]!);
    return;
  }
  if (dtype === 'string' || Array.isArray(data)) fail('model/type', 'Numbers cannot be stored as text.');
  if (isBitFloat(dtype)) {
    data.set(bitsOfNumbers(dtype, values));
  } else if (dtype === 'bool') {
    for (let i = 0; i < count; i++) data[i] = values[i] === 0 ? 0 : 1;
  } else if (bitsOf(dtype) < 8) {
    for (let i = 0; i < count; i++) data[i] = wrapNarrow(values[i]!, dtype);
  } else {
    for (let i = 0; i < count; i++) data[i] = values[i]!;
  }
}

/** Two's complement of fewer than 8 bits. */
function wrapNarrow(value: number, dtype: DataType): number {
  const width = bitsOf(dtype);
  const low = Math.trunc(value) & ((1 << width) - 1);
  return dtype.startsWith('uint') || low < 1 << (width - 1) ? low : low - (1 << width);
}

function toBigint(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  if (value === Infinity) return 9223372036854775807n;
  if (value === -Infinity) return -9223372036854775808n;
  return BigInt(Math.trunc(value));
}

/** Rounds numbers to a floating type in place of storing them, e.g. between the steps of a normalisation. */
export function roundTo(dtype: DataType, value: number): number {
  if (dtype === 'float32') return Math.fround(value);
  if (isBitFloat(dtype)) return numberOfBits(dtype, bitsOfNumber(dtype, value, { saturate: false }));
  return value;
}

/** Integers limited to the type's range instead of wrapped. */
export function saturate(dtype: DataType, value: number): number {
  const [low, high] = integerRange(dtype);
  return value < low ? low : Math.min(value, high);
}

/** A tensor of the same kind of storage, for operators that move elements and do not compute. */
export function emptyLike(tensor: Tensor, dims: readonly number[]): { tensor: Tensor; data: MovableData } {
  const data = allocate(tensor.dtype, elementCount(dims));
  return { tensor: { dtype: tensor.dtype, dims, data }, data: data as MovableData };
}

/** Storage of any type, seen only as a list of elements to be moved (complex numbers are refused before). */
export type MovableData = { [index: number]: unknown; readonly length: number };

export function movable(tensor: Tensor): MovableData {
  if (tensor.dtype === 'complex64' || tensor.dtype === 'complex128')
    fail('model/type', 'Complex tensors are not supported.');
  return tensor.data as MovableData;
}
