import { fail } from '../findings.ts';
import { isLazy, lazyTensor } from '../lazy-tensor.ts';
import type { DataType, Tensor, TensorData } from '../tensor.ts';
import { dataTypeOf, elementLayouts, storedBytes, type TypedArray } from './data-types.ts';
import { packBits, unpackBits } from './packing.ts';
import { type Int64, onnx } from './proto.ts';
import { bytesOfText, textOfBytes } from './text.ts';

/** The dims and data type of a TensorProto, checked against each other; all that is known without its elements. */
export interface TensorHeader {
  readonly dtype: DataType;
  readonly dims: readonly number[];
  readonly elements: number;
  /** Bytes of the elements in raw or external data; 0 for strings. */
  readonly bytes: number;
}

/**
 * Reads dims and data type, and refuses what no memory can hold before anything is allocated.
 * Throws `tensor/data-type`, `tensor/dims`, `tensor/segment`.
 */
export function tensorHeader(proto: onnx.TensorProto): TensorHeader {
  const name = nameOf(proto);
  const dtype = dataTypeOf(proto.data_type ?? 0);
  if (dtype === undefined) {
    fail('tensor/data-type', `The tensor ${name} is of data type ${proto.data_type ?? 0}, which QSpec does not know.`, {
      why: 'QSpec reads the data types of ONNX IR 13, numbers 1 to 26.',
    });
  }
  if (proto.segment) {
    fail('tensor/segment', `The tensor ${name} is stored in segments.`, {
      why: 'ONNX reserves segments; no runtime reads them.',
    });
  }
  const dims = proto.dims.map((dim) => dimension(dim, name));
  const elements = dims.reduce((product, dim) => product * dim, 1);
  const bytes = storedBytes(dtype, elements);
  if (!Number.isSafeInteger(elements) || !Number.isSafeInteger(elements * 16)) {
    fail('tensor/dims', `The tensor ${name} of shape [${dims.join(', ')}] has more elements than any memory holds.`);
  }
  return { dtype, dims, elements, bytes };
}

/** Tensors up to this size are read with the model: shapes, axes, scales. Larger ones are read when they are touched. */
export const eagerElements = 4096;

export function isExternal(proto: onnx.TensorProto): boolean {
  return proto.data_location === onnx.TensorProto.DataLocation.EXTERNAL;
}

/**
 * Gives a message, in place, a `raw_data` that is fetched anew each time it is asked for. Nobody holds it then: a message of
 * gigabytes takes no memory.
 */
export function deferRawData(proto: onnx.TensorProto, load: () => Uint8Array): onnx.TensorProto {
  Object.defineProperty(proto, 'raw_data', { get: load, enumerable: true, configurable: true });
  return proto;
}

export function isDeferred(proto: onnx.TensorProto): boolean {
  return Object.getOwnPropertyDescriptor(proto, 'raw_data')?.get !== undefined;
}

/** Length of `raw_data`, which is not fetched for it; 0 where there is none. */
export function rawLength(proto: onnx.TensorProto): number {
  return isDeferred(proto) ? tensorHeader(proto).bytes : (proto.raw_data?.length ?? 0);
}

/**
 * The tensor that a TensorProto stores in raw data, in typed lists or, with its bytes given as `external`, beside the
 * model. Elements are a view of the file where byte order and alignment allow, a copy otherwise.
 * Throws `tensor/data-type`, `tensor/dims`, `tensor/segment`, `tensor/length` and `tensor/external`.
 */
export function tensorFromProto(proto: onnx.TensorProto, external?: Uint8Array): Tensor {
  const header = tensorHeader(proto);
  const { dtype, dims } = header;
  if (isExternal(proto)) {
    if (!external) {
      fail('tensor/external', `The elements of the tensor ${nameOf(proto)} are in another file.`, {
        why: 'A tensor in a place of its own cannot refer to files beside a model.',
      });
    }
    return { dtype, dims, data: fromRaw(proto, header, external) };
  }
  if (dtype === 'string') return { dtype, dims, data: stringsOf(proto, header) };
  const raw = proto.raw_data;
  return { dtype, dims, data: raw === undefined ? fromList(proto, header) : fromRaw(proto, header, raw) };
}

/**
 * The same, but large raw data are read when they are touched, and may be forgotten again. What cannot be read later (typed
 * lists, raw data of a wrong length, external data that were not located) is read, and refused, at once.
 */
export function lazyTensorFromProto(proto: onnx.TensorProto, external?: Uint8Array): Tensor {
  const { dtype, dims, elements, bytes } = tensorHeader(proto);
  const canWait = dtype !== 'string' && elements > eagerElements && !isExternal(proto) && rawLength(proto) === bytes;
  if (!canWait) return tensorFromProto(proto, external);
  return lazyTensor(dtype, dims, () => tensorFromProto(proto).data);
}

/**
 * A TensorProto with the elements in `raw_data` (strings: in `string_data`). float32 data and the like become a view,
 * not a copy. Inverse of `tensorFromProto`.
 */
export function tensorToProto(tensor: Tensor, name?: string): onnx.TensorProto {
  const { dtype, dims } = tensor;
  const common = {
    dims: [...dims],
    data_type: elementLayouts[dtype].elemType,
    ...(name === undefined ? {} : { name }),
  };
  if (dtype === 'string')
    return new onnx.TensorProto({ ...common, string_data: (tensor.data as string[]).map(bytesOfText) });
  if (isLazy(tensor)) return deferRawData(new onnx.TensorProto(common), () => rawBytes(tensor));
  return new onnx.TensorProto({ ...common, raw_data: rawBytes(tensor) });
}

/** The elements as they lie in `raw_data` or an external file: little endian, packed below 8 bits. Not for strings. */
export function rawBytes(tensor: Tensor): Uint8Array {
  const { bits } = elementLayouts[tensor.dtype];
  const data = tensor.data as TypedArray;
  if (bits === 4 || bits === 2) return packBits(data as Int8Array | Uint8Array, bits);
  return littleEndian(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), data.BYTES_PER_ELEMENT);
}

function fromRaw(proto: onnx.TensorProto, header: TensorHeader, raw: Uint8Array): TensorData {
  const { dtype, elements, bytes } = header;
  if (dtype === 'string') {
    fail('tensor/length', `The tensor ${nameOf(proto)} holds strings as raw data.`, {
      why: 'ONNX keeps strings in string_data only.',
    });
  }
  if (raw.length !== bytes) wrongLength(proto, header, `${raw.length} bytes`, `${bytes} bytes`);
  const { array, bits, parts } = elementLayouts[dtype];
  if (bits === 4 || bits === 2) return unpackBits(raw, elements, bits, dtype.startsWith('int'));
  const Elements = array!;
  const width = Elements.BYTES_PER_ELEMENT;
  // Some writers store true as 255.
  if (dtype === 'bool' && raw.some((value) => value > 1)) return raw.map((value) => Math.min(value, 1));
  if (width === 1) return new Elements(raw.buffer, raw.byteOffset, elements);
  const aligned = raw.byteOffset % width === 0 && hostIsLittleEndian ? raw : littleEndian(raw.slice(), width);
  return new Elements(aligned.buffer, aligned.byteOffset, elements * parts);
}

function fromList(proto: onnx.TensorProto, header: TensorHeader): TensorData {
  const { dtype, elements } = header;
  const { array, bits, parts, field } = elementLayouts[dtype];
  const list = proto[field] as readonly (number | bigint)[];
  const expected = bits < 8 ? Math.ceil((elements * bits) / 8) : elements * parts;
  if (list.length !== expected) wrongLength(proto, header, `${list.length} numbers in ${field}`, `${expected}`);
  if (bits === 4 || bits === 2) {
    const packed = new Uint8Array(expected);
    for (let index = 0; index < expected; index++) packed[index] = Number(list[index]);
    return unpackBits(packed, elements, bits, dtype.startsWith('int'));
  }
  const data = new array!(expected);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (let index = 0; index < expected; index++) data[index] = BigInt(list[index]!);
  } else {
    for (let index = 0; index < expected; index++) data[index] = Number(list[index]);
  }
  return data;
}

function stringsOf(proto: onnx.TensorProto, header: TensorHeader): string[] {
  const { string_data: strings } = proto;
  if (strings.length !== header.elements) {
    wrongLength(proto, header, `${strings.length} strings`, `${header.elements}`);
  }
  return strings.map(textOfBytes);
}

function wrongLength(proto: onnx.TensorProto, header: TensorHeader, found: string, expected: string): never {
  const shape = `${header.dtype} [${header.dims.join(', ')}]`;
  return fail('tensor/length', `The tensor ${nameOf(proto)} has ${found} where ${shape} needs ${expected}.`, {
    why: 'Shape and data do not fit together.',
    fix: 'Export the model again; the file may be damaged.',
  });
}

function dimension(dim: Int64, name: string): number {
  if (typeof dim === 'bigint' || dim < 0) {
    fail('tensor/dims', `The tensor ${name} has a dimension of ${dim}.`, {
      why: 'A stored tensor has sizes of 0 or more.',
    });
  }
  return dim;
}

function nameOf(proto: onnx.TensorProto): string {
  return proto.name ? `"${proto.name}"` : 'without a name';
}

const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** `bytes` themselves on a little-endian machine; reversed element by element, in place, on others. */
function littleEndian(bytes: Uint8Array, width: number): Uint8Array {
  if (hostIsLittleEndian || width === 1) return bytes;
  const swapped = bytes.slice();
  for (let start = 0; start < swapped.length; start += width) swapped.subarray(start, start + width).reverse();
  return swapped;
}
