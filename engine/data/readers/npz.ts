import { fail } from '../../findings.ts';
import { sha256 } from '../../hash.ts';
import { nearest } from '../../nearest.ts';
import type { DataSource } from '../../plan.ts';
import { elementCount, type Tensor } from '../../tensor.ts';
import { openFile } from '../bytes.ts';
import { decodeImage } from '../image.ts';
import { type NpyArray, openNpy } from '../numpy.ts';
import type { Reader, SampleStore } from '../store.ts';
import { openZip, type ZipEntry } from '../zip.ts';
import { arrayStore } from './npy.ts';

/** `npz`: numpy's archive of arrays, or encoded images laid end to end in one of them (`offsets`). */
export const npzReader: Reader = {
  kind: 'npz',
  summary: 'an array of a numpy archive, named by `array`',
  async open(source, { host, inputs }) {
    const file = await openFile(host, source.path);
    const archive = new Archive(host.path.basename(source.path), await openZip(file, source.path));
    const others = (store: SampleStore): SampleStore => ({ ...store, array: (name) => archive.read(name) });

    if (source.offsets !== undefined) return others(await encodedImages(archive, source, source.offsets));
    if (source.array === undefined && inputs.length > 1 && inputs.every((input) => archive.has(input))) {
      return others(await severalInputs(archive, inputs));
    }
    const name = source.array ?? archive.onlyArray(source);
    return others(arrayStore(await archive.open(name), name, async () => archive.fingerprint([name])));
  },
};

/** Labels, offsets and the like are read whole; above this they are something else. */
const columnLimit = 256 * 1024 * 1024;
const largestImageFile = 256 * 1024 * 1024;

class Archive {
  readonly #name: string;
  readonly #entries = new Map<string, ZipEntry>();

  constructor(name: string, entries: ReadonlyMap<string, ZipEntry>) {
    this.#name = name;
    for (const [entryName, entry] of entries) {
      if (entryName.endsWith('.npy')) this.#entries.set(entryName.slice(0, -4), entry);
    }
    if (this.#entries.size === 0) fail('data/npz', `"${name}" holds no arrays.`, { fix: 'Write it with numpy.savez.' });
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  async open(name: string): Promise<NpyArray> {
    return openNpy(await this.#entry(name).open(), `${this.#name}/${name}`);
  }

  async read(name: string): Promise<Tensor> {
    const array = await this.open(name);
    const count = elementCount(array.dims);
    if (count * array.itemSize > columnLimit) fail('data/too-large', `"${name}" of ${this.#name} is too large.`);
    return { dtype: array.dtype, dims: array.dims, data: (await array.readElements(0, count)).data };
  }

  onlyArray(source: DataSource): string {
    const [first, ...rest] = this.#entries.keys();
    if (rest.length === 0) return first!;
    return fail('data/array', `"${this.#name}" holds ${rest.length + 1} arrays: ${this.#list()}.`, {
      why: `Data "${source.name}" must say which of them holds the samples.`,
      fix: `Add a line: array ${this.#entries.has('x') ? 'x' : first}`,
      ...(source.range && { range: source.range }),
    });
  }

  /** The CRC-32 and size of each array are in the archive's directory: no data need be read. */
  fingerprint(names: readonly string[]): string {
    return sha256(names.map((name) => `${name}:${this.#entry(name).size}:${this.#entry(name).crc}\n`).join(''));
  }

  #entry(name: string): ZipEntry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    const near = nearest(name, [...this.#entries.keys()]);
    return fail('data/array', `"${this.#name}" has no array "${name}".`, {
      fix: near === undefined ? `It holds ${this.#list()}.` : `Did you mean "${near}"? It holds ${this.#list()}.`,
    });
  }

  #list(): string {
    const names = [...this.#entries.keys()];
    return names.length > 12 ? `${names.slice(0, 12).join(', ')}, …` : names.join(', ');
  }
}

/** One array per model input, matched by name; all with the same number of samples. */
async function severalInputs(archive: Archive, inputs: readonly string[]): Promise<SampleStore> {
  const stores = await Promise.all(
    inputs.map(async (input) => arrayStore(await archive.open(input), input, async () => '')),
  );
  const count = stores[0]!.count;
  const other = stores.findIndex((store) => store.count !== count);
  if (other >= 0) {
    fail('data/count', `"${inputs[0]}" has ${count} samples and "${inputs[other]}" has ${stores[other]!.count}.`);
  }
  return {
    count,
    images: false,
    nameOf: (index) => `sample ${index}`,
    fingerprint: async () => archive.fingerprint(inputs),
    async sample(index) {
      const samples = await Promise.all(stores.map((store) => store.sample(index)));
      return {
        bytes: samples.flatMap((sample) => sample.bytes),
        tensors: () => new Map(samples.map((sample, i) => [inputs[i]!, sample.tensors().get('')!])),
      };
    },
  };
}

/** Image files laid end to end in a byte array; decoded one at a time, never held. */
async function encodedImages(archive: Archive, source: DataSource, offsetsName: string): Promise<SampleStore> {
  const name =
    source.array ?? fail('data/array', '`offsets` needs `array`, the name of the byte array they point into.');
  const array = await archive.open(name);
  if (array.dtype !== 'uint8' || array.dims.length !== 1) {
    fail('data/offsets', `"${name}" is ${array.dtype} [${array.dims.join(', ')}]; encoded images are a row of uint8.`);
  }
  const table = await archive.read(offsetsName);
  if (Array.isArray(table.data) || table.dims.length !== 1 || table.data.length < 2) {
    fail('data/offsets', `"${offsetsName}" is no row of offsets.`);
  }
  const offsets = Float64Array.from(table.data as Float64Array, Number);
  const size = array.dims[0]!;
  for (let i = 0; i + 1 < offsets.length; i++) {
    const length = offsets[i + 1]! - offsets[i]!;
    const whole = Number.isSafeInteger(offsets[i]) && Number.isSafeInteger(offsets[i + 1]);
    if (!whole || offsets[i]! < 0 || length <= 0 || offsets[i + 1]! > size || length > largestImageFile) {
      fail(
        'data/offsets',
        `"${offsetsName}" is wrong at ${i}: image ${i} would be bytes ${offsets[i]} to ${offsets[i + 1]} of ${size}.`,
      );
    }
  }
  return {
    count: offsets.length - 1,
    images: true,
    nameOf: (index) => `${name}[${index}]`,
    fingerprint: async () => archive.fingerprint([name, offsetsName]),
    async sample(index) {
      const { bytes } = await array.readElements(offsets[index]!, offsets[index + 1]! - offsets[index]!);
      return { bytes: [bytes], tensors: () => new Map([['', decodeImage(bytes, `${name}[${index}]`)]]) };
    },
  };
}
