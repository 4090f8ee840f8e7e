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
