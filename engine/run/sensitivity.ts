/** What a measurement of sensitivity found, as plain JSON. */
export interface SensitivityReport {
  /** `outputs`: the model's outputs with one layer quantised at a time; `weights`: each layer's weights alone, no data. */
  readonly basis: 'outputs' | 'weights';
  /** Name of the data block, and how many of its samples were run; absent with `weights`. */
  readonly data?: string;
  readonly samples?: number;
  /** In the graph's order. */
  readonly layers: readonly SensitivityEntry[];
}

export interface SensitivityEntry {
  readonly layer: string;
  readonly op: string;
  /** Layers of the file that were folded into this one before quantisation, such as a batch normalisation or an activation. */
  readonly absorbed: readonly string[];
  /** Signal to quantisation noise, decibels; null: nothing changed (infinite). */
  readonly sqnr: number | null;
  /** Formats in use. */
  readonly weight?: string;
  readonly output?: string;
}
