import type { GatheredNumbers, StatisticsCache } from '../quantize/kept-statistics.ts';
import { type CacheFolder, type CacheLimits, KeyedFiles } from './keyed-files.ts';

const limits: CacheLimits = { bytes: 256 * 2 ** 20, files: 64 };
/** Bytes of one file; of more, what is largest is left out. */
const largestFile = 64 * 2 ** 20;
const magic = 0x51535432;
const headBytes = 16;

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

/**
 * Words of 32 bits in the machine's order: magic, a check sum over all that follows, the length of the names, nothing; names and lengths
 * as JSON, padded with spaces to whole numbers; numbers as float64.
 */
function encode(numbers: GatheredNumbers): Uint8Array {
  const json = JSON.stringify(Array.from(numbers, ([name, { length }]) => [name, length]));
  const encoded = new TextEncoder().encode(json);
  const namesBytes = Math.ceil(encoded.length / 8) * 8;
  const count = [...numbers.values()].reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(headBytes + namesBytes + 8 * count);
  const words = new Uint32Array(bytes.buffer);
  words[0] = magic;
  words[2] = namesBytes;
  bytes.fill(0x20, headBytes, headBytes + namesBytes);
  bytes.set(encoded, headBytes);
  const values = new Float64Array(bytes.buffer, headBytes + namesBytes);
  let at = 0;
  for (const own of numbers.values()) {
    values.set(own, at);
    at += own.length;
  }
  words[1] = checkSum(words);
  return bytes;
}

function decode(file: Uint8Array): GatheredNumbers | undefined {
  if (file.length < headBytes || file.length % 8 !== 0) return undefined;
  // A copy, for it lies at a multiple of 8.
  const { buffer } = file.slice();
  const words = new Uint32Array(buffer);
  if (words[0] !== magic || words[1] !== checkSum(words)) return undefined;
  const namesBytes = words[2]!;
  const names = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, headBytes, namesBytes))) as [
    string,
    number,
  ][];
  const values = new Float64Array(buffer, headBytes + namesBytes);
  const numbers = new Map<string, Float64Array>();
  let at = 0;
  for (const [name, count] of names) {
    numbers.set(name, values.slice(at, at + count));
    at += count;
  }
  return numbers;
}

/** FNV-1a, word by word, of everything behind it: a file that was cut or spoilt is none. */
function checkSum(words: Uint32Array): number {
  let sum = 0x811c9dc5;
  for (let i = 2; i < words.length; i++) sum = Math.imul(sum ^ words[i]!, 0x01000193);
  return sum >>> 0;
}
