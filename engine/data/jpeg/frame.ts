/** What a JPEG's headers say, and what is decoded so far. Names follow ITU-T T.81. */
export interface Component {
  readonly id: number;
  /** Sampling factors. */
  readonly h: number;
  readonly v: number;
  /** Number of its quantisation table. */
  readonly tableNumber: number;
  /** Size in samples: the image's, reduced by its sampling factors, rounded up. */
  readonly width: number;
  readonly height: number;
  /** Blocks in its plane, filled up to whole MCUs. */
  readonly blocksWide: number;
  readonly blocksHigh: number;
  /** Decoded samples, rows of `blocksWide * 8`. */
  readonly plane: Uint8Array;
  /** Coefficients in natural order, 64 a block; progressive images only. */
  readonly coefficients: Int16Array | undefined;
  /** The table as it was when the component's first scan began; undefined: no scan yet. */
  quantisation: Int32Array | undefined;
}

export interface Frame {
  readonly progressive: boolean;
  readonly width: number;
  readonly height: number;
  readonly maxH: number;
  readonly maxV: number;
  readonly mcusWide: number;
  readonly mcusHigh: number;
  readonly components: readonly Component[];
}

/** Raises the finding that the image is damaged. */
export type Broken = (what: string) => never;

/** Natural order (row by row) of the coefficients that the file holds in zigzag order. */
export const naturalOrder = new Uint8Array([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63,
]);
