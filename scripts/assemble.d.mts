export interface AssembleOptions {
  /** Path of the entry file, from the repository's root. */
  readonly entry: string;
  /** The entry file's text, instead of a file. */
  readonly text?: string;
  /** WASM features, joined by commas. */
  readonly features: string;
  readonly flags: readonly string[];
}

export function assemble(options: AssembleOptions): Promise<Uint8Array<ArrayBuffer>>;
