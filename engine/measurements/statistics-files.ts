import type { GatheredNumbers, StatisticsCache } from '../quantize/kept-statistics.ts';
import { type CacheFolder, type CacheLimits, KeyedFiles } from './keyed-files.ts';

const limits: CacheLimits = { bytes: 256 * 2 ** 20, files: 64 };
/** Bytes of one file; of more, what is largest is left out. */
const largestFile = 64 * 2 ** 20;
const magic = 0x51535431;

/** Statistics of calibration as files: a run that changed a rule does not run the model again for what it knows. */
export class StatisticsFiles implements StatisticsCache {
  readonly #files: KeyedFiles;

  constructor(folder: CacheFolder) {
    this.#files = new KeyedFiles(folder, '.statistics', limits);
  }

  async get(subject: string): Promise<GatheredNumbers | undefined> {
    const bytes = await this.#files.get(subject);
    return bytes && decode(bytes);
  }

  /** What cannot be written costs the next run its time, and this one nothing. */
  async put(subject: string, numbers: GatheredNumbers): Promise<void> {
    await this.#files.put(subject, encode(fitting(numbers))).catch(() => undefined);
  }

  clear(): Promise<number> {
    return this.#files.clear();
  }
}

/** For as long as a job takes: what it gathered itself, and what `behind` has of earlier ones. */
export class StatisticsMemory implements StatisticsCache {
  readonly #known = new Map<string, GatheredNumbers>();
  readonly #behind: StatisticsCache | undefined;

  constructor(behind: StatisticsCache | undefined) {
    this.#behind = behind;
  }

  async get(subject: string): Promise<GatheredNumbers | undefined> {
    return this.#known.get(subject) ?? (await this.#behind?.get(subject));
  }

  async put(subject: string, numbers: GatheredNumbers): Promise<void> {
    this.#known.set(subject, new Map(numbers));
    await this.#behind?.put(subject, numbers);
  }
}

function fitting(numbers: GatheredNumbers): GatheredNumbers {
  let left = largestFile;
  const smallestFirst = [...numbers].toSorted(([, a], [, b]) => a.length - b.length);
  return new Map(
    smallestFirst.filter(([, { byteLength }]) => {
      left -= byteLength;
      return left >= 0;
    }),
  );
}

/** Little-endian: magic, a check sum over all that follows, the length of the names, names and lengths as JSON, numbers as float64. */
function encode(numbers: GatheredNumbers): Uint8Array {
  const names = new TextEncoder().encode(JSON.stringify(Array.from(numbers, ([name, { length }]) => [name, length])));
  const count = [...numbers.values()].reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(12 + names.length + 8 * count);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(8, names.length, true);
  bytes.set(names, 12);
  let at = 12 + names.length;
  for (const values of numbers.values())
    for (const value of values) {
      view.setFloat64(at, value, true);
      at += 8;
    }
  view.setUint32(4, checkSum(bytes), true);
  return bytes;
}

function decode(bytes: Uint8Array): GatheredNumbers | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || view.getUint32(0, true) !== magic || view.getUint32(4, true) !== checkSum(bytes))
    return undefined;
  const length = view.getUint32(8, true);
  const names = JSON.parse(new TextDecoder().decode(bytes.subarray(12, 12 + length))) as [string, number][];
  const numbers = new Map<string, Float64Array>();
  let at = 12 + length;
  for (const [name, count] of names) {
    numbers.set(
      name,
      Float64Array.from({ length: count }, (_, i) => view.getFloat64(at + 8 * i, true)),
    );
    at += 8 * count;
  }
  return numbers;
}

/** FNV-1a of everything behind it: a file that was cut or spoilt is none. */
function checkSum(bytes: Uint8Array): number {
  let sum = 0x811c9dc5;
  for (let i = 8; i < bytes.length; i++) sum = Math.imul(sum ^ bytes[i]!, 0x01000193);
  return sum >>> 0;
}
