import type { Host } from '../../engine/host.ts';
import { importSourceAt } from '../facts.ts';
import { type ImportAnswer, importsOf } from '../grammar/imports.ts';
import type { LoadedSpec } from '../grammar/load.ts';

/** Texts of the files that open specs import: of the open document where there is one, else read in the background. */
export class ImportStore {
  readonly #sources = new Map<string, ImportAnswer>();
  readonly #pending = new Set<string>();
  readonly #host: () => Host;
  readonly #documentAt: (path: string) => string | undefined;
  readonly #onChange: () => void;
  /** Counts what makes earlier answers stale. */
  version = 0;

  /** `host` refuses what may not be read; `onChange` is told when a file's text is known or another. */
  constructor(host: () => Host, documentAt: (path: string) => string | undefined, onChange: () => void) {
    this.#host = host;
    this.#documentAt = documentAt;
    this.#onChange = onChange;
  }

  /** What is known now; starts to read where nothing is. */
  get(path: string): ImportAnswer {
    const text = this.#documentAt(path);
    if (text !== undefined) return { text };
    if (!this.#sources.has(path)) void this.#read(path);
    return this.#sources.get(path);
  }

  /** Files may have changed: what was read is read again when it is asked for. */
  forget(): void {
    this.#sources.clear();
    this.version++;
  }

  async #read(path: string): Promise<void> {
    if (this.#pending.has(path)) return;
    this.#pending.add(path);
    const host = this.#host();
    const source = await importSourceAt(path, host).finally(() => this.#pending.delete(path));
    if (this.#host() !== host) return this.#read(path);
    this.#sources.set(path, source);
    this.version++;
    this.#onChange();
  }
}

/** Whether a spec imports a file, itself or through others. */
export function importsFile(spec: LoadedSpec, path: string): boolean {
  for (const item of importsOf(spec)) if (item.path === path) return true;
  return false;
}
