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

/** Bytes of all files of a kind together, and how many there are; beyond either, the oldest go. */
export interface CacheLimits {
  readonly bytes: number;
  readonly files: number;
}

/** Files of one kind in a folder, by key. Nothing depends on them: what is gone, damaged or cannot be written is made again. */
export class KeyedFiles {
  readonly #folder: CacheFolder;
  readonly #extension: string;
  readonly #limits: CacheLimits;

  constructor(folder: CacheFolder, extension: string, limits: CacheLimits) {
    this.#folder = folder;
    this.#extension = extension;
    this.#limits = limits;
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#folder.read(`${key}${this.#extension}`).catch(() => undefined);
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    if (bytes.length > this.#limits.bytes) return;
    const name = `${key}${this.#extension}`;
    await this.#folder.write(name, bytes);
    await this.#trim(name);
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
    return (await this.#folder.list()).filter(({ name }) => name.endsWith(this.#extension));
  }
}
