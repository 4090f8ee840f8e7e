import { type Measurements, readMeasurements } from './measurements.ts';

/** A folder of files, as the cache needs it: on this machine by the host, in the editor by the editor. */
export interface CacheFolder {
  /** Undefined where there is none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** The file appears whole or not at all. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  list(): Promise<readonly CachedFile[]>;
  remove(name: string): Promise<void>;
}

export interface CachedFile {
  readonly name: string;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

/** Bytes of all files together, and how many there are; beyond either, the oldest go. */
export const cacheLimits = { bytes: 16 * 2 ** 20, files: 256 } as const;

/**
 * Measurements by the content of what was measured (`measurementKey`). Nothing depends on it: what is gone, damaged or cannot be
 * written is measured again.
 */
export class MeasurementCache {
  readonly #folder: CacheFolder;
  readonly #limits: { readonly bytes: number; readonly files: number };

  constructor(folder: CacheFolder, limits: { readonly bytes: number; readonly files: number } = cacheLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  async get(key: string): Promise<Measurements | undefined> {
    const bytes = await this.#folder.read(nameOf(key)).catch(() => undefined);
    return bytes && readMeasurements(new TextDecoder().decode(bytes));
  }

  async put(key: string, measurements: Measurements): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(measurements));
    if (bytes.length > this.#limits.bytes) return;
    await this.#folder.write(nameOf(key), bytes);
    await this.#trim(nameOf(key));
  }

  /** Removes everything; gives the number of files that there were. */
  async clear(): Promise<number> {
    const own = await this.#own();
    for (const { name } of own) await this.#folder.remove(name);
    return own.length;
  }

  async #trim(latest: string): Promise<void> {
    const own = await this.#own();
    const newestFirst = own.toSorted(
      (a, b) => Number(b.name === latest) - Number(a.name === latest) || b.modified - a.modified,
    );
    let bytes = 0;
    for (const [i, { name, size }] of newestFirst.entries()) {
      bytes += size;
      if (i >= this.#limits.files || bytes > this.#limits.bytes) await this.#folder.remove(name);
    }
  }

  async #own(): Promise<readonly CachedFile[]> {
    return (await this.#folder.list()).filter(({ name }) => name.endsWith(extension));
  }
}

const extension = '.measured.json';

function nameOf(key: string): string {
  return `${key}${extension}`;
}
