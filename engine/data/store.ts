import type { Host } from '../host.ts';
import type { DataSource } from '../plan.ts';
import type { Progress } from '../progress.ts';
import type { Tensor } from '../tensor.ts';

/**
 * Samples as they are stored, before selection and preprocessing. A reader (one file in `readers/`, one line in
 * `registry.ts`) makes one; it has read headers and lists by then, no sample.
 */
export interface SampleStore {
  readonly count: number;
  /** Decoded images come height × width × channels, whatever the source says. */
  readonly images: boolean;
  sample(index: number): Promise<StoredSample>;
  /** What a person calls the sample: a file name or `x[17]`. */
  nameOf(index: number): string;
  /** Cheap identity of the whole source (names, sizes, checksums), by which a split file knows its source. */
  fingerprint(): Promise<string>;
  /** Another array of the same file, where the kind has them (`npz`). */
  array?(name: string): Promise<Tensor>;
  /** Folder that holds the sample's file, where samples are files. */
  folderOf?(index: number): string;
}

export interface StoredSample {
  /** The stored bytes, for hashing: as they lie in the file. */
  readonly bytes: readonly Uint8Array[];
  /** Decodes: a tensor per model input, without a sample dimension; the key '' is the only or the named input. */
  tensors(): ReadonlyMap<string, Tensor>;
}

export interface ReaderContext {
  readonly host: Host;
  readonly progress: Progress | undefined;
  /** Names of the model's inputs in order; empty when no model is given. */
  readonly inputs: readonly string[];
}

export interface Reader {
  readonly kind: DataSource['kind'];
  /** One line for documentation and completion. */
  readonly summary: string;
  open(source: DataSource, context: ReaderContext): Promise<SampleStore>;
}
