import { type OutputFile, replaceFile, replaceFiles } from '../files/replace.ts';
import { FindingError, fail } from '../findings.ts';
import { Sha256 } from '../hash.ts';
import type { Host } from '../host.ts';
import type { Tensor } from '../tensor.ts';
import type { AnyType, Value } from '../value.ts';
import { checkModelSize, decodeModel, decodeTensor, encodeModel, encodeTensor } from './codec.ts';
import { externalDataOf, loadExternalData } from './external-data.ts';
import { changed, onnx } from './proto.ts';
import { tensorFromProto, tensorToProto } from './tensor-proto.ts';
import { decodeValue } from './value-proto.ts';
import { tensorsOf } from './visit.ts';
import { messageLimit } from './wire.ts';

/** Most bytes of external data that `openModel` loads. */
const externalLimit = 4 * 2 ** 30;

/** A model as it lies on the disk. */
export interface ModelFile {
  readonly proto: onnx.ModelProto;
  /** The model file itself, without external data. */
  readonly bytes: Uint8Array;
  readonly externalBytes: number;
}

/**
 * Reads a model with all its external data: `proto` needs no other file.
 * Throws `file/…`, `model/…`, `external/…` and `tensor/…` findings, which name the file.
 */
export async function openModel(host: Host, path: string): Promise<ModelFile> {
  const stat = await host.stat(path);
  if (stat === undefined) fail('file/missing', `There is no model at ${path}.`, { file: path, fix: 'Check the path.' });
  return await namingFile(path, async () => {
    checkModelSize(stat.size);
    const bytes = await host.readFile(path);
    const proto = decodeModel(bytes);
    const externalBytes = await loadExternalData(proto, externalDataOf(host, path), externalLimit);
    return { proto, bytes, externalBytes };
  });
}

/** The message of `openModel` alone. */
export async function readModel(host: Host, path: string): Promise<onnx.ModelProto> {
  return (await openModel(host, path)).proto;
}

/** Reads a `.pb` file of one tensor, as ONNX test data are kept. Throws `file/…` and `tensor/…` findings. */
export async function readTensorFile(host: Host, path: string): Promise<Tensor> {
  const bytes = await host.readFile(path);
  return await namingFile(path, async () => tensorFromProto(decodeTensor(bytes)));
}

/** Reads a `.pb` file of one value of the given type. */
export async function readValueFile(host: Host, path: string, type: AnyType): Promise<Value> {
  const bytes = await host.readFile(path);
  return await namingFile(path, async () => decodeValue(bytes, type));
}

/** Writes a `.pb` file of one tensor. */
export async function writeTensorFile(host: Host, path: string, tensor: Tensor, name?: string): Promise<void> {
  await replaceFile(host, path, encodeTensor(tensorToProto(tensor, name)));
}

/** Findings of the work name the file, unless they already name one. */
async function namingFile<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FindingError) throw new FindingError({ file, ...error.finding });
    throw error;
  }
}

export interface WriteModelOptions {
  /** `auto`: only where the model would not fit one file. Default `auto`. */
  readonly externalData?: 'auto' | 'always' | 'never';
}

/** Smaller tensors stay in the model: shapes and scales are read by shape inference, which opens no other file. */
const externalThreshold = 1024;
/** Runtimes map data files into memory by pages. */
const pageBytes = 4096;

/**
 * Writes a model so that a killed process leaves the old output or the new one, whole. With external data the weights go
 * to `NAME.<hash>.data` beside the model, and the model that names it takes its place last. Data files that earlier runs
 * left behind are removed. Returns the paths written, the model's last.
 */
export async function writeModel(
  host: Host,
  path: string,
  model: onnx.ModelProto,
  options: WriteModelOptions = {},
): Promise<string[]> {
  const { externalData = 'auto' } = options;
  const external = externalData === 'always' || (externalData === 'auto' && weightBytes(model) > messageLimit * 0.9);
  const files = external ? withExternalData(host, path, model) : [{ path, content: encodeModel(model) }];
  await replaceFiles(host, files);
  await removeOrphans(
    host,
    path,
    files.map((file) => host.path.basename(file.path)),
  );
  return files.map((file) => file.path);
}

function withExternalData(host: Host, path: string, model: onnx.ModelProto): OutputFile[] {
  const pieces: Uint8Array[] = [];
  // Of the whole file: equal names must mean equal bytes, or new data would appear under the old model.
  const hash = new Sha256();
  const places = new Map<onnx.TensorProto, { readonly offset: number; readonly length: number }>();
  let size = 0;
  for (const tensor of model.graph?.initializer ?? []) {
    const { raw_data: bytes } = tensor;
    if (bytes === undefined || bytes.length < externalThreshold) continue;
    const padding = (pageBytes - (size % pageBytes)) % pageBytes;
    for (const piece of [new Uint8Array(padding), bytes]) {
      pieces.push(piece);
      hash.update(piece);
    }
    places.set(tensor, { offset: size + padding, length: bytes.length });
    size += padding + bytes.length;
  }
  const location = `${host.path.basename(path)}.${hash.hex().slice(0, 16)}.data`;
  const moved = model.graph?.initializer.map((tensor) => {
    const place = places.get(tensor);
    return place ? pointingTo(tensor, { location, offset: place.offset, length: place.length }) : tensor;
  });
  const graph = model.graph && changed(model.graph, { initializer: moved });
  return [
    { path: host.path.join(host.path.dirname(path), location), content: pieces },
    { path, content: encodeModel(changed(model, { graph })) },
  ];
}

function pointingTo(tensor: onnx.TensorProto, place: Readonly<Record<string, string | number>>): onnx.TensorProto {
  const entries = Object.entries(place);
  return changed(tensor, {
    raw_data: undefined,
    data_location: onnx.TensorProto.DataLocation.EXTERNAL,
    external_data: entries.map(([key, value]) => new onnx.StringStringEntryProto({ key, value: String(value) })),
  });
}

/** Removes the data files of earlier outputs at `path`: their names are ours alone, `NAME.<hash>.data`. */
async function removeOrphans(host: Host, path: string, keep: readonly string[]): Promise<void> {
  const folder = host.path.dirname(path);
  const name = host.path.basename(path);
  const present = await host.list(folder);
  // Another process is about to put a model here, and its data may already be in place.
  if (present.some((other) => other.startsWith(`.${name}.`) && other.endsWith('.part'))) return;
  for (const other of present) {
    const ours = other.startsWith(`${name}.`) && /^[0-9a-f]{16}\.data$/.test(other.slice(name.length + 1));
    if (ours && !keep.includes(other)) await host.remove(host.path.join(folder, other));
  }
}

function weightBytes(model: onnx.ModelProto): number {
  let bytes = 0;
  for (const tensor of tensorsOf(model)) bytes += tensor.raw_data?.length ?? 0;
  return bytes;
}
