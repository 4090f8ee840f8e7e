/**
 * Elements of one tensor as observers take them in: a Float32Array on the host, or what lies in the kernels' memory and is looked
 * at by kernels (`engine/quantize/kernel-portions.ts`). Both say the same of the same values.
 */
export interface Portion {
  readonly extremes: PortionExtremes;
  /** Counts the values into `tally`: at once, or at the latest once what it is owed is brought. */
  count(tally: Tally): void;
}

/** Numbers of values by bin, and what is still to come to them. */
export interface Tally {
  /**
   * Its middle is the bin that begins at zero; bin `i` from there holds the values in `[i·width, (i + 1)·width)`. Exact zeros are not
   * counted in it, nor what is not finite.
   */
  readonly counts: Float64Array;
  /** A power of two that makes the bins reach over all values. */
  readonly width: number;
  /** Exact zeros. */
  zeros: number;
  /** Whoever has counted values elsewhere brings them, and takes itself out. All are called before anyone looks at the numbers or changes the width. */
  readonly owed: Set<() => void>;
}

export interface PortionExtremes {
  /** Finite elements. */
  readonly count: number;
  /** Smallest and largest finite value; +∞ and −∞ where there is none. */
  readonly min: number;
  readonly max: number;
  readonly nonFinite: number;
}

export function portionOf(values: Float32Array | Portion): Portion {
  return values instanceof Float32Array ? new HostPortion(values) : values;
}

class HostPortion implements Portion {
  readonly extremes: PortionExtremes;
  readonly #values: Float32Array;

  constructor(values: Float32Array) {
    this.#values = values;
    this.extremes = extremesOf(values);
  }

  count(tally: Tally): void {
    const values = this.#values;
    const { counts } = tally;
    const middle = counts.length / 2;
    const inverse = 1 / tally.width;
    let zeros = 0;
    for (let i = 0; i < values.length; i++) {
      const x = values[i]!;
      if (x === 0) zeros++;
      else if (x - x === 0) counts[Math.floor(x * inverse) + middle]!++;
    }
    tally.zeros += zeros;
  }
}

function extremesOf(values: Float32Array): PortionExtremes {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let nonFinite = 0;
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    // x − x is 0 for finite values and NaN for the rest.
    if (x - x !== 0) nonFinite++;
    else {
      if (x < min) min = x;
      if (x > max) max = x;
    }
  }
  return { count: values.length - nonFinite, min, max, nonFinite };
}
