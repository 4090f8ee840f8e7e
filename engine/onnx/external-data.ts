import { realPathInside } from '../files/confine.ts';
import { fail } from '../findings.ts';
import type { Host, RangeReader } from '../host.ts';
import { remembered } from '../remembered.ts';
import type { onnx } from './proto.ts';
import { deferRawData, eagerElements, isExternal, tensorHeader } from './tensor-proto.ts';
import { tensorsOf } from './visit.ts';

/** Where the elements of an external tensor lie, checked against its shape. */
export interface ExternalRange {
  /** Real path of the data file. */
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** Finds the tensors that a model keeps in files beside it. */
export interface ExternalData {
  /** Throws `external/…` and `tensor/…` findings. */
  locate(tensor: onnx.TensorProto): Promise<ExternalRange>;
}

/** External data of the model at `modelPath`: confined to the model's folder, after links are resolved. */
export function externalDataOf(host: Host, modelPath: string): ExternalData {
  const folder = host.path.dirname(host.path.resolve(modelPath));
  const files = new Map<string, Promise<{ readonly path: string; readonly size: number }>>();

  const open = async (location: string, name: string) => {
    const path = host.path.join(folder, ...confinedSegments(location, name));
    // The model itself may be a link, as in download caches: its data then lies where the link leads.
    const real = await host.realPath(modelPath);
    const folders = [await host.realPath(folder), real && host.path.dirname(real)].filter((item) => item !== undefined);
    const found = await realPathInside(host, folders, path);
    if (found === 'outside') outside(location, name);
    const stat = found === undefined ? undefined : await host.stat(found);
    if (found === undefined || stat === undefined || stat.isDirectory) {
      fail('external/missing', `The data file "${location}" of the tensor "${name}" is missing.`, {
        why: 'The model keeps its weights in a file beside it.',
        fix: 'Put the file into the folder of the model.',
        file: modelPath,
      });
    }
    return { path: found, size: stat.size };
  };

  const locate = async (tensor: onnx.TensorProto): Promise<ExternalRange> => {
    const name = tensor.name ?? '';
    const header = tensorHeader(tensor);
    const entries = new Map(tensor.external_data.map(({ key, value }) => [key, value]));
    const location = entries.get('location');
    if (!location || header.dtype === 'string') {
      fail(
        'external/damaged',
        `The tensor "${name}" is said to be in another file, but ${location ? 'strings cannot be' : 'none is named'}.`,
      );
    }
    const offset = numberEntry(entries.get('offset'), name, 'offset') ?? 0;
    const length = numberEntry(entries.get('length'), name, 'length') ?? header.bytes;
    if (length !== header.bytes) {
      fail(
        'tensor/length',
        `The tensor "${name}" has ${length} bytes in "${location}" where its shape needs ${header.bytes}.`,
      );
    }
    let file = files.get(location);
    if (!file) {
      file = open(location, name);
      files.set(location, file);
    }
    const { path, size } = await file;
    if (offset + length > size) {
      fail('external/truncated', `The data file "${location}" ends before the tensor "${name}".`, {
        why: `The tensor needs bytes ${offset} to ${offset + length}; the file has ${size}.`,
        fix: 'Copy, download or export model and data again.',
        file: modelPath,
      });
    }
    return { path, offset, length };
  };

  return { locate };
}

export interface LoadOptions {
  /** Most bytes of one tensor, and of all where a host reads files whole. */
  readonly limit: number;
  /** `shapes`: large weights will not be asked for, and are not read even where that cannot be put off. */
  readonly weights: 'lazy' | 'shapes';
}

/**
 * Lets the model need no file but itself: small tensors (shapes, scales) are read now, large ones when their `raw_data` is
 * asked for, each time anew. Where a host cannot read without waiting, all are read now. Returns the bytes there are.
 */
export async function loadExternalData(
  model: onnx.ModelProto,
  host: Host,
  external: ExternalData,
  { limit, weights }: LoadOptions,
): Promise<number> {
  const found: { readonly tensor: onnx.TensorProto; readonly range: ExternalRange }[] = [];
  let total = 0;
  // Everything is located before the first byte is read: a broken model fails at once.
  for (const tensor of tensorsOf(model)) {
    if (!isExternal(tensor)) continue;
    const range = await external.locate(tensor);
    found.push({ tensor, range });
    total += range.length;
  }
  const canWait = host.rangeReader !== undefined || weights === 'shapes';
  if (!canWait && total > limit) tooLarge('The weights of the model take', total, limit);
  const readers = new Map<string, Promise<RangeReader>>();
  for (const { tensor, range } of found) {
    const isSmall = tensorHeader(tensor).elements <= eagerElements;
    const reader = () => remembered(readers, range.path, () => readerOf(host, range.path));
    tensor.external_data = [];
    delete tensor.data_location;
    if (isSmall || !canWait) tensor.raw_data = whole(await reader(), range);
    else if (weights === 'shapes') deferRawData(tensor, notAskedFor);
    else {
      const read = await reader();
      deferRawData(tensor, () => {
        if (range.length > limit) tooLarge(`The tensor "${tensor.name ?? ''}" takes`, range.length, limit);
        return whole(read, range);
      });
    }
  }
  return total;
}

/** Ranges without waiting; of a file that has to be read whole, its parts. */
async function readerOf(host: Host, path: string): Promise<RangeReader> {
  if (host.rangeReader) return host.rangeReader(path);
  const bytes = await host.readFile(path);
  return (offset, length) => bytes.subarray(offset, offset + length);
}

function whole(read: RangeReader, { path, offset, length }: ExternalRange): Uint8Array {
  const bytes = read(offset, length);
  if (bytes.length < length) fail('external/truncated', `The data file "${path}" became shorter while it was read.`);
  return bytes;
}

function notAskedFor(): never {
  throw new Error('This model was opened for its shapes alone.');
}

function tooLarge(what: string, bytes: number, limit: number): never {
  return fail('model/too-large-for-memory', `${what} ${bytes} bytes, more than the ${limit} that QSpec reads at once.`);
}

/** Segments of a relative path; both slashes separate, so that a model behaves the same on every machine. */
function confinedSegments(location: string, name: string): string[] {
  const segments = location.split(/[/\\]/);
  // A colon starts a drive (`C:`) or a stream (`file:stream`) on Windows. A leading slash leaves an empty first segment.
  const forbidden = /[:\p{Cc}]/u.test(location) || segments[0] === '' || segments.includes('..');
  if (forbidden) outside(location, name);
  return segments.filter((segment) => segment !== '' && segment !== '.');
}

function outside(location: string, name: string): never {
  return fail(
    'external/outside',
    `The tensor "${name}" wants the file "${location}", which is not in the folder of the model.`,
    {
      why: 'A model may read nothing but its own data files: otherwise a downloaded model could read any file.',
      fix: 'Put the data file beside the model and give its name alone.',
    },
  );
}

function numberEntry(text: string | undefined, name: string, key: string): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) {
    fail(
      'external/damaged',
      `The ${key} of the tensor "${name}" in its data file is "${text.slice(0, 40)}", not a number of bytes.`,
    );
  }
  return value;
}
