import { realPathInside } from '../files/confine.ts';
import { FindingError } from '../findings.ts';
import { graphFromProto } from '../graph/from-proto.ts';
import type { Host } from '../host.ts';
import { openModel } from '../onnx/model-file.ts';
import { type Dimension, elementCount } from '../tensor.ts';
import { openFile } from './bytes.ts';
import { fitShape, linesThatFit } from './fit.ts';
import { decodeImage, imageFormats } from './image.ts';
import { classesOf, modelInputs } from './model-inputs.ts';
import { type NpyArray, openNpy } from './numpy.ts';
import { openZip } from './zip.ts';

/** Data beside a model that fit its input, as the starter spec names them. */
export interface DiscoveredData {
  readonly kind: 'images' | 'npz' | 'npy';
  /** Relative to the model's folder, with `/`. */
  readonly path: string;
  /** Options of a `data` block as they stand between the braces, e.g. `["array x", "labels y"]`. */
  readonly options: readonly string[];
  /** Samples in it. */
  readonly samples: number;
  readonly labelled: boolean;
  /** What a person is shown: `digits.npz, array x, 1797 samples with labels`. */
  readonly title: string;
}

/** Entries of folders that are looked at: a model may lie in a folder with a million files. */
const mostEntries = 200;
/** Arrays of one archive whose headers are read. */
const mostArrays = 64;
/** Archives that a host cannot read in parts are read whole up to here. */
const mostWholeBytes = 64 * 2 ** 20;
const mostLabelBytes = 8 * 2 ** 20;
const mostImageBytes = 8 * 2 ** 20;
/** Samples whose values are looked at, and bytes of them at most. */
const examined = 16;
const mostExaminedBytes = 2 ** 20;
/** Samples that are taken for calibration where there are more. */
const enough = 100;

/** What the model wants to be fed. */
interface Wanted {
  readonly dims: readonly Dimension[];
  readonly classes: number | undefined;
}

/**
 * Looks for data that fit the model's only float input: arrays of `.npz` and `.npy` files and folders of images, in the
 * model's folder and one level below. Headers are read, and a few samples where their numbers decide over the scale.
 * What cannot be read is passed over: it is only a suggestion. Best first: with labels, then the most samples.
 * @throws FindingError when the model itself cannot be read
 */
export async function discoverData(host: Host, modelPath: string): Promise<readonly DiscoveredData[]> {
  const { graph } = graphFromProto((await openModel(host, modelPath, { weights: 'shapes' })).proto);
  const [input, ...others] = modelInputs(graph);
  const { dtype, dims } = input?.type ?? {};
  if (others.length > 0 || dims === undefined || (dtype !== 'float32' && dtype !== 'float16')) return [];
  // Anything of that rank would fit a shape of which nothing is known.
  if (!dims.slice(1).some((dimension) => typeof dimension === 'number' && dimension > 1)) return [];
  const wanted: Wanted = { dims, classes: classesOf(graph) };

  const { files, folders } = await look(host, host.path.dirname(modelPath));
  const found: DiscoveredData[] = [];
  for (const file of files) {
    const own = await unlessBroken(() => ofFile(host, file, wanted));
    if (own !== undefined) found.push(...own);
  }
  for (const folder of folders) {
    const own = await unlessBroken(() => ofImages(host, folder, wanted));
    if (own !== undefined) found.push(own);
  }
  return found.sort(
    (a, b) => Number(b.labelled) - Number(a.labelled) || b.samples - a.samples || (a.path < b.path ? -1 : 1),
  );
}

/** Undefined for what is damaged, hostile or not to be read. */
async function unlessBroken<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FindingError) return undefined;
    throw error;
  }
}

interface Place {
  /** Absolute. */
  readonly path: string;
  /** As the spec names it. */
  readonly name: string;
}

interface Folder extends Place {
  readonly images: readonly string[];
}

/** What may be data in a folder and one level below. */
async function look(host: Host, base: string): Promise<{ files: readonly Place[]; folders: readonly Folder[] }> {
  const files: Place[] = [];
  const folders: Folder[] = [];
  const root = (await host.realPath(base)) ?? base;
  let left = mostEntries;
  const visit = async (folder: string, prefix: string): Promise<void> => {
    const names = (await unlessBroken(() => host.list(folder))) ?? [];
    const images = names.filter(isImage);
    if (prefix !== '' && images.length > 0) folders.push({ path: folder, name: prefix.slice(0, -1), images });
    for (const name of names) {
      if (name.startsWith('.') || isImage(name)) continue;
      if (left-- <= 0) return;
      const path = host.path.join(folder, name);
      // A link may lead anywhere.
      const real = await unlessBroken(() => realPathInside(host, [root], path));
      const stat = real === undefined || real === 'outside' ? undefined : await unlessBroken(() => host.stat(path));
      if (stat?.isDirectory && prefix === '') await visit(path, `${name}/`);
      else if (stat?.isDirectory === false && /\.np[yz]$/i.test(name)) files.push({ path, name: prefix + name });
    }
  };
  await visit(base, '');
  return { files, folders };
}

async function ofFile(host: Host, { path, name }: Place, wanted: Wanted): Promise<readonly DiscoveredData[]> {
  if (!host.capabilities.rangeReads && ((await host.stat(path))?.size ?? 0) > mostWholeBytes) return [];
  const file = await openFile(host, path);
  if (/\.npy$/i.test(name)) {
    const array = await openNpy(file, name);
    const options = await optionsOf(array, wanted);
    if (options === undefined) return [];
    const samples = array.dims[0]!;
    return [{ kind: 'npy', path: name, options, samples, labelled: false, title: `${name}, ${samples} samples` }];
  }
  const arrays = new Map<string, NpyArray>();
  for (const [entryName, entry] of await openZip(file, name)) {
    if (arrays.size === mostArrays) break;
    const array = await unlessBroken(async () => openNpy(await entry.open(0), entryName));
    if (array !== undefined && /^[^\p{C}]+\.npy$/u.test(entryName)) arrays.set(entryName.slice(0, -4), array);
  }
  const found: DiscoveredData[] = [];
  for (const [arrayName, array] of arrays) {
    if (labelNames.includes(arrayName.toLowerCase())) continue;
    const options = await unlessBroken(() => optionsOf(array, wanted));
    if (options === undefined) continue;
    const samples = array.dims[0]!;
    const labels = await labelsOf(arrayName, samples, arrays, wanted);
    found.push({
      kind: 'npz',
      path: name,
      options: [
        `array ${written(arrayName)}`,
        ...(labels === undefined ? [] : [`labels ${written(labels)}`]),
        ...options,
      ],
      samples,
      labelled: labels !== undefined,
      title: `${name}, array ${arrayName}, ${samples} samples${labels === undefined ? '' : ' with labels'}`,
    });
  }
  return found;
}

/** What must be said of an array so that its samples become the model's input; undefined where they cannot. */
async function optionsOf(array: NpyArray, { dims }: Wanted): Promise<string[] | undefined> {
  const [count = 0, ...sample] = array.dims;
  const size = elementCount(sample);
  if (count < 1 || size < 2 || !/^(u?int(8|16|32|64)|bool|float(16|32|64))$/.test(array.dtype)) return undefined;
  const options: string[] = [];
  if (fitShape(sample, dims) === undefined) {
    const [layout, ...more] = linesThatFit(sample, dims, false);
    if (dims.length !== 4 || more.length > 0 || !layout?.startsWith('layout n')) return undefined;
    options.push(layout);
  }
  if (array.dtype === 'uint8') {
    const most = await largest(
      array,
      Math.min(count, examined, Math.max(1, Math.floor(mostExaminedBytes / size))) * size,
    );
    // Bytes up to 1 are as the model wants them; up to 16 they are the digits of the classic small data sets.
    if (most > 1) options.push(most <= 16 ? 'scale 1/16' : 'scale 1/255');
  }
  if (count > enough) options.push(`take ${enough}`);
  return options;
}

async function largest(array: NpyArray, count: number): Promise<number> {
  const { bytes } = await array.readElements(0, count);
  return bytes.reduce((most, value) => Math.max(most, value), 0);
}

const labelNames = ['y', 'label', 'labels', 'target', 'targets', 'class', 'classes'];

/** The array of the same archive that holds a class for every sample. `x_train` goes with `y_train`. */
async function labelsOf(
  name: string,
  samples: number,
  arrays: ReadonlyMap<string, NpyArray>,
  { classes }: Wanted,
): Promise<string | undefined> {
  if (classes === undefined) return undefined;
  const likely = [...(/^x/i.test(name) ? [`y${name.slice(1).toLowerCase()}`] : []), ...labelNames];
  for (const wanted of likely) {
    for (const [candidate, array] of arrays) {
      if (candidate.toLowerCase() !== wanted) continue;
      const isRow = array.dims[0] === samples && elementCount(array.dims) === samples && array.dims.length <= 2;
      if (!isRow || !/^u?int(8|16|32|64)$/.test(array.dtype) || samples * array.itemSize > mostLabelBytes) continue;
      const labels = await unlessBroken(() => array.readElements(0, samples));
      const fits = (label: number | bigint) => label >= 0 && label < classes;
      if (labels !== undefined && Array.from(labels.data as Int32Array).every(fits)) return candidate;
    }
  }
  return undefined;
}

/** A name as the language takes it; in quotes where it is no plain word or means something else. */
function written(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) && name !== 'folder' && name !== 'file' ? name : JSON.stringify(name);
}

function isImage(name: string): boolean {
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return imageFormats.some(({ extensions }) => extensions.includes(extension));
}

/** A folder of images, as far as its first one can be read. */
async function ofImages(
  host: Host,
  { path, name, images }: Folder,
  { dims }: Wanted,
): Promise<DiscoveredData | undefined> {
  const shape = pictureShape(dims);
  if (shape === undefined) return undefined;
  const first = host.path.join(path, images[0]!);
  const stat = await host.stat(first);
  if (stat === undefined || stat.isDirectory || stat.size > mostImageBytes) return undefined;
  if ((await realPathInside(host, [(await host.realPath(path)) ?? path], first)) === 'outside') return undefined;
  const channels = decodeImage(await host.readFile(first), images[0]!).dims[2];
  const { height, width } = shape;
  return {
    kind: 'images',
    path: name,
    options: [
      ...(height === width ? [`resize ${height}`, `crop ${height}`] : [`resize ${width}x${height}`]),
      ...(channels === shape.channels ? [] : [shape.channels === 1 ? 'channels gray' : 'channels rgb']),
      ...(shape.channelsFirst ? ['layout nhwc to nchw'] : []),
      'scale 1/255',
      ...(images.length > enough ? [`take ${enough}`] : []),
    ],
    samples: images.length,
    labelled: false,
    title: `${name}, ${images.length} images`,
  };
}

/** Undefined for inputs that are no pictures of known size. */
function pictureShape([_, ...dims]: readonly Dimension[]) {
  const [a, b, c] = dims;
  if (dims.length !== 3 || typeof a !== 'number' || typeof b !== 'number' || typeof c !== 'number') return undefined;
  const channelsFirst = a === 1 || a === 3;
  if (!channelsFirst && c !== 1 && c !== 3) return undefined;
  return channelsFirst
    ? { channelsFirst, channels: a, height: b, width: c }
    : { channelsFirst, channels: c, height: a, width: b };
}
