import { type OutputFile, replaceFile, replaceFiles } from '../files/replace.ts';
import { FindingError, fail } from '../findings.ts';
import { Sha256 } from '../hash.ts';
import type { Host } from '../host.ts';
import { type Progress, throwIfCancelled } from '../progress.ts';
import type { Tensor } from '../tensor.ts';
import type { AnyType, Value } from '../value.ts';
import { checkModelSize, decodeModel, decodeTensor, encodeModel, encodeTensor } from './codec.ts';
import { externalDataOf, loadExternalData } from './external-data.ts';
import { changed, onnx } from './proto.ts';
import { rawLength, tensorFromProto, tensorToProto } from './tensor-proto.ts';
import { decodeValue } from './value-proto.ts';
import { tensorsOf } from './visit.ts';

/** Most bytes of one external tensor, and of all where a host reads files whole. */
const externalLimit = 4 * 2 ** 30;

/** A model as it lies on the disk. */
export interface ModelFile {
  readonly proto: onnx.ModelProto;
  /** The model file itself, without external data. */
  readonly bytes: Uint8Array;
  readonly externalBytes: number;
}

export interface OpenOptions {
  /**
   * `lazy`: external weights are read when they are touched. `shapes`: they will not be touched; what a summary needs is
   * there, on hosts that cannot put reading off as well. Default `lazy`.
   */
  readonly weights?: 'lazy' | 'shapes';
}

/**
 * Reads a model: `proto` needs no other file, but large external weights are read when they are asked for.
 * Throws `file/…`, `model/…`, `external/…` and `tensor/…` findings, which name the file.
 */
export async function openModel(host: Host, path: string, { weights = 'lazy' }: OpenOptions = {}): Promise<ModelFile> {
  const stat = await host.stat(path);
  if (stat === undefined) fail('file/missing', `There is no model at ${path}.`, { file: path, fix: 'Check the path.' });
  return await namingFile(path, async () => {
    checkModelSize(stat.size);
    const bytes = await host.readFile(path);
    const proto = decodeModel(bytes);
    const external = externalDataOf(host, path);
    const externalBytes = await loadExternalData(proto, host, external, { limit: externalLimit, weights });
    return { proto, bytes, externalBytes };
  });
}

/** The message of `openModel` alone. */
export async function readModel(host: Host, path: string, options: OpenOptions = {}): Promise<onnx.ModelProto> {
  return (await openModel(host, path, options)).proto;
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
  /** `auto`: only where the weights exceed `singleFileBytes`. Default `auto`. */
  readonly externalData?: 'auto' | 'always' | 'never';
  readonly progress?: Progress;
}

/**
 * Most bytes of weights that `auto` writes into the model's own file, which is made in memory as a whole. Runtimes take at
 * most 2 GiB there.
 */
export const singleFileBytes = 512 * 2 ** 20;
/** Smaller tensors stay in the model: shapes and scales are read by shape inference, which opens no other file. */
const externalThreshold = 1024;
/** Runtimes map data files into memory by pages. */
const pageBytes = 4096;

/**
 * Writes a model so that a killed process leaves the old output or the new one, whole. With external data the weights go
 * to `NAME.<hash>.data` beside the model, one tensor at a time, and the model that names it takes its place last. Data files
 * that earlier runs left behind are removed. Returns the paths written, the model's last. Throws `Cancelled`.
 */
export async function writeModel(
  host: Host,
  path: string,
  model: onnx.ModelProto,
  { externalData = 'auto', progress }: WriteModelOptions = {},
): Promise<string[]> {
  const external = externalData === 'always' || (externalData === 'auto' && weightBytes(model) > singleFileBytes);
  const files = external
    ? withExternalData(host, path, model, progress)
    : [{ path, content: encodeModel(model), name: () => host.path.basename(path) }];
  await replaceFiles(host, files);
  const names = files.map(({ name }) => name());
  await removeOrphans(host, path, names);
  return names.map((name) => host.path.join(host.path.dirname(path), name));
}

function withExternalData(
  host: Host,
  path: string,
  model: onnx.ModelProto,
  progress: Progress | undefined,
): (OutputFile & { name(): string })[] {
  const name = host.path.basename(path);
  const tensors = (model.graph?.initializer ?? []).filter((tensor) => rawLength(tensor) >= externalThreshold);
  // Of the whole file: equal names must mean equal bytes, or new data would appear under the old model.
  const hash = new Sha256();
  const places = new Map<onnx.TensorProto, { readonly offset: number; readonly length: number }>();
  function* data(): Generator<Uint8Array> {
    let size = 0;
    for (const [index, tensor] of tensors.entries()) {
      throwIfCancelled(progress);
      const bytes = tensor.raw_data!;
      const padding = (pageBytes - (size % pageBytes)) % pageBytes;
      for (const piece of [new Uint8Array(padding), bytes]) {
        hash.update(piece);
        yield piece;
      }
      places.set(tensor, { offset: size + padding, length: bytes.length });
      size += padding + bytes.length;
      progress?.report('Writing weights', index + 1, tensors.length);
    }
  }
  let location = '';
  const dataName = () => {
    location ||= `${name}.${hash.hex().slice(0, 16)}.data`;
    return location;
  };
  function* graph(): Generator<Uint8Array> {
    const moved = model.graph?.initializer.map((tensor) => {
      const place = places.get(tensor);
      return place ? pointingTo(tensor, { location: dataName(), offset: place.offset, length: place.length }) : tensor;
    });
    yield encodeModel(changed(model, { graph: model.graph && changed(model.graph, { initializer: moved }) }));
  }
  return [
    { path: `${path}.data`, content: data(), name: dataName },
    { path, content: graph(), name: () => name },
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

/** Bytes of the model's file and its external data together, but for the padding between tensors. */
export function storedBytes(model: onnx.ModelProto): number {
  const { graph } = model;
  let bytes = 0;
  const initializer = graph?.initializer.map((tensor) => {
    if (rawLength(tensor) < externalThreshold) return tensor;
    bytes += rawLength(tensor);
    return pointingTo(tensor, { location: '', offset: 0, length: rawLength(tensor) });
  });
  return bytes + encodeModel(changed(model, { graph: graph && changed(graph, { initializer }) })).length;
}

/** Bytes of all tensors, none of which is fetched for it. */
export function weightBytes(model: onnx.ModelProto): number {
  let bytes = 0;
  for (const tensor of tensorsOf(model)) bytes += rawLength(tensor);
  return bytes;
}
