import { fail } from '../findings.ts';
import type { DataType, Tensor, TensorData } from '../tensor.ts';
import { elementCount } from '../tensor.ts';
import type { ByteSource } from './bytes.ts';
import { memorySource } from './bytes.ts';
import { parseNpyHeader } from './npy-header.ts';

/** A `.npy` array whose elements are read by range (NEP 1, versions 1 to 3). */
export interface NpyArray {
  readonly dtype: DataType;
  readonly dims: readonly number[];
  /** Bytes of one element. */
  readonly itemSize: number;
  /** Elements `[start, start + count)` in row-major order, as the tensor's memory holds them. */
  readElements(start: number, count: number): Promise<{ readonly data: TensorData; readonly bytes: Uint8Array }>;
}

/** numpy's letters and sizes that a tensor can hold. */
const numericTypes: Readonly<
  Record<string, { readonly dtype: DataType; readonly size: number; readonly word: number }>
> = {
  b1: { dtype: 'bool', size: 1, word: 1 },
  i1: { dtype: 'int8', size: 1, word: 1 },
  i2: { dtype: 'int16', size: 2, word: 2 },
  i4: { dtype: 'int32', size: 4, word: 4 },
  i8: { dtype: 'int64', size: 8, word: 8 },
  u1: { dtype: 'uint8', size: 1, word: 1 },
  u2: { dtype: 'uint16', size: 2, word: 2 },
  u4: { dtype: 'uint32', size: 4, word: 4 },
  u8: { dtype: 'uint64', size: 8, word: 8 },
  f2: { dtype: 'float16', size: 2, word: 2 },
  f4: { dtype: 'float32', size: 4, word: 4 },
  f8: { dtype: 'float64', size: 8, word: 8 },
  c8: { dtype: 'complex64', size: 8, word: 4 },
  c16: { dtype: 'complex128', size: 16, word: 8 },
};

/** A Fortran-ordered array is turned whole, because its samples do not lie together. */
const fortranLimit = 256 * 1024 * 1024;
const longestText = 1024 * 1024;

/** Opens an array; `name` appears in findings. */
export async function openNpy(source: ByteSource, name: string): Promise<NpyArray> {
  const header = await parseNpyHeader(source, name);
  const dims = header.shape;
  const letters = header.descr.slice(1);
  const order = header.descr[0]!;
  const isText = /^[US]\d+$/.test(letters);
  const known = numericTypes[letters];
  if (known === undefined && !isText) refuseType(header.descr, name);
  const size = known?.size ?? Number(letters.slice(1)) * (letters[0] === 'U' ? 4 : 1);
  const type = known ?? { dtype: 'string' as const, size, word: letters[0] === 'U' ? 4 : 1 };
  if (size > longestText) fail('data/npy', `The texts in "${name}" are too long (${header.descr}).`);

  const count = elementCount(dims);
  const bytes = count * size;
  if (!Number.isSafeInteger(bytes) || header.dataOffset + bytes > source.size) {
    fail(
      'data/truncated',
      `"${name}" declares shape [${dims.join(', ')}] of ${header.descr}, ${bytes} bytes, but holds ${source.size - header.dataOffset}.`,
      { fix: 'The file is damaged or incomplete: write it again.' },
    );
  }
  const decode = (raw: Uint8Array): TensorData =>
    isText
      ? decodeTexts(raw, size, letters[0]!, order === '>')
      : decodeNumbers(raw, type.dtype, type.word, order === '>');

  if (header.fortranOrder && dims.filter((dim) => dim > 1).length > 1) {
    if (bytes > fortranLimit) {
      fail('data/fortran', `"${name}" is in Fortran order and too large to be turned in memory (${bytes} bytes).`, {
        fix: 'Save it with numpy.ascontiguousarray(x).',
      });
    }
    let turned: Promise<Uint8Array> | undefined;
    return {
      dtype: type.dtype,
      dims,
      itemSize: size,
      async readElements(start, length) {
        turned ??= source.read(header.dataOffset, bytes).then((raw) => toRowMajor(raw, dims, size));
        const raw = (await turned).slice(start * size, (start + length) * size);
        return { data: decode(raw), bytes: raw };
      },
    };
  }
  return {
    dtype: type.dtype,
    dims,
    itemSize: size,
    async readElements(start, length) {
      const raw = await source.read(header.dataOffset + start * size, length * size);
      return { data: decode(raw), bytes: raw };
    },
  };
}

/** The whole array of a `.npy` file in memory. */
export async function readNpy(bytes: Uint8Array, name = 'the array'): Promise<Tensor> {
  const array = await openNpy(memorySource(bytes), name);
  const { data } = await array.readElements(0, elementCount(array.dims));
  return { dtype: array.dtype, dims: array.dims, data };
}

const writtenTypes: Readonly<Partial<Record<DataType, string>>> = {
  bool: '|b1',
  int8: '|i1',
  uint8: '|u1',
  int16: '<i2',
  int32: '<i4',
  int64: '<i8',
  uint16: '<u2',
  uint32: '<u4',
  uint64: '<u8',
  float16: '<f2',
  float32: '<f4',
  float64: '<f8',
  complex64: '<c8',
  complex128: '<c16',
};

/**
 * A tensor as a `.npy` file, version 1.0, little endian, C order. Types that numpy does not know are written as what
 * holds them without loss: bfloat16 as float32; int4 and int2 as int8, uint4 and uint2 as uint8.
 */
export function writeNpy(tensor: Tensor): Uint8Array {
  const { dtype, data } = asNumpyKnows(tensor);
  const descr = writtenTypes[dtype];
  if (descr === undefined || Array.isArray(data)) {
    fail('data/npy-write', `A tensor of type ${tensor.dtype} cannot be written as npy.`);
  }
  const shape = tensor.dims.length === 1 ? `(${tensor.dims[0]},)` : `(${tensor.dims.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  const headerLength = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const out = new Uint8Array(10 + headerLength + data.byteLength);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, headerLength & 0xff, headerLength >> 8]);
  out.set(new TextEncoder().encode(`${text.padEnd(headerLength - 1)}\n`), 10);
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + headerLength);
  return out;
}

function asNumpyKnows(tensor: Tensor): Tensor {
  if (tensor.dtype === 'int4' || tensor.dtype === 'int2') return { ...tensor, dtype: 'int8' };
  if (tensor.dtype === 'uint4' || tensor.dtype === 'uint2') return { ...tensor, dtype: 'uint8' };
  if (tensor.dtype === 'bfloat16') {
    const patterns = Uint32Array.from(tensor.data as Uint16Array, (pattern) => pattern << 16);
    return { ...tensor, dtype: 'float32', data: new Float32Array(patterns.buffer) };
  }
  return tensor;
}

function decodeNumbers(raw: Uint8Array, dtype: DataType, word: number, bigEndian: boolean): TensorData {
  // Aligned, and free of a buffer that it was cut from (`slice` of Node's Buffer would not copy).
  const isOwn = raw.byteLength === raw.buffer.byteLength && !(bigEndian && word > 1);
  const copy = isOwn ? raw : new Uint8Array(raw);
  if (bigEndian && word > 1) {
    for (let at = 0; at < copy.length; at += word) copy.subarray(at, at + word).reverse();
  }
  const buffer = copy.buffer;
  switch (dtype) {
    case 'bool':
      return copy.map((value) => (value === 0 ? 0 : 1));
    case 'uint8':
      return copy;
    case 'int8':
      return new Int8Array(buffer);
    case 'int16':
      return new Int16Array(buffer);
    case 'int32':
      return new Int32Array(buffer);
    case 'int64':
      return new BigInt64Array(buffer);
    case 'uint16':
    case 'float16':
      return new Uint16Array(buffer);
    case 'uint32':
      return new Uint32Array(buffer);
    case 'uint64':
      return new BigUint64Array(buffer);
    case 'float64':
    case 'complex128':
      return new Float64Array(buffer);
    default:
      return new Float32Array(buffer);
  }
}

function decodeTexts(raw: Uint8Array, size: number, letter: string, bigEndian: boolean): string[] {
  const texts: string[] = [];
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const width = letter === 'U' ? 4 : 1;
  for (let at = 0; at + size <= raw.length && size > 0; at += size) {
    let text = '';
    for (let i = at; i < at + size; i += width) {
      const code = width === 4 ? view.getUint32(i, !bigEndian) : raw[i]!;
      text += code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
    }
    texts.push(text.replace(/\0+$/, ''));
  }
  return texts;
}

/** Column-major bytes to row-major ones. */
function toRowMajor(raw: Uint8Array, dims: readonly number[], size: number): Uint8Array {
  const out = new Uint8Array(raw.length);
  const strides: number[] = [];
  let stride = size;
  for (const dim of dims) {
    strides.push(stride);
    stride *= dim;
  }
  const index = new Array<number>(dims.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; to += size) {
    for (let b = 0; b < size; b++) out[to + b] = raw[from + b]!;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      index[axis] = index[axis]! + 1;
      if (index[axis]! < dims[axis]!) break;
      from -= strides[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

function refuseType(descr: string, name: string): never {
  if (descr.slice(1).startsWith('O')) {
    fail('data/npy-pickle', `"${name}" holds pickled Python objects.`, {
      why: 'Reading them would run code from the file.',
      fix: 'Save it as an array of numbers (x.astype("float32")).',
    });
  }
  fail('data/npy-type', `"${name}" has the type ${descr}, which is not an array of numbers.`, {
    fix: 'Save it as float32, uint8 or another number type (x.astype(…)).',
  });
}
