import { Extremes } from './extremes.ts';
import type { Seen } from './observer.ts';
import { type Portion, portionOf } from './portion.ts';

/** Bins on either side of zero. */
const half = 4096;
/** Width before anything was seen: below every positive float32. */
const smallestWidth = 2 ** -150;

/**
 * Histogram of a stream whose range is not known beforehand. Bin widths are powers of two and bin edges multiples of
 * the width, so that doubling the width merges neighbouring pairs exactly: the result depends on the values alone,
 * never on their order, on portions or on threads. At the end the larger side of the data spans between 2048 and
 * 4096 bins. Exact zeros, which quantisation never changes and rectifiers produce in masses, are counted apart.
 */
export class Histogram {
  readonly counts = new Float64Array(2 * half);
  #extremes = new Extremes();
  #zeros = 0;
  #width = smallestWidth;

  get seen(): Seen {
    return this.#extremes.seen;
  }
  get zeros(): number {
    return this.#zeros;
  }
  /** Bin `i` holds values in `[(i − 4096)·width, (i − 4095)·width)`. */
  get width(): number {
    return this.#width;
  }

  update(values: Float32Array | Portion): void {
    const portion = portionOf(values);
    const own = this.#extremes.update(portion);
    if (own === undefined) return;
    this.#cover(own[0], own[1]);
    this.#zeros += portion.count(this.counts, this.#width);
  }

  merge(other: Histogram): void {
    this.#extremes.merge(other.#extremes);
    this.#zeros += other.#zeros;
    this.#widen(other.#width);
    const ratio = other.#width / this.#width;
    for (let i = 0; i < other.counts.length; i++) {
      const count = other.counts[i]!;
      if (count !== 0) this.counts[Math.floor((i - half) * ratio) + half]! += count;
    }
  }

  save(): Float64Array {
    const { counts } = this;
    return Float64Array.of(...this.#extremes.save(), this.#zeros, this.#width, ...counts);
  }

  restore(state: Float64Array): void {
    this.#extremes.restore(state);
    this.#zeros = state[4]!;
    this.#width = state[5]!;
    this.counts.set(state.subarray(6));
  }

  /** Lower edge of a bin. */
  edge(bin: number): number {
    return (bin - half) * this.#width;
  }

  /**
   * The value below which the fraction `share` of all elements lies, linear within a bin. Zeros stand at zero.
   * `share` 0 and 1 give the exact extremes.
   */
  quantile(share: number): number {
    const { count, min, max } = this.seen;
    if (share <= 0) return min;
    if (share >= 1) return max;
    const wanted = share * count;
    let before = 0;
    for (let bin = 0; bin < this.counts.length; bin++) {
      if (bin === half) {
        if (before + this.#zeros >= wanted && this.#zeros > 0) return 0;
        before += this.#zeros;
      }
      const inside = this.counts[bin]!;
      if (inside > 0 && before + inside >= wanted) {
        const value = this.edge(bin) + ((wanted - before) / inside) * this.#width;
        return Math.min(max, Math.max(min, value));
      }
      before += inside;
    }
    return max;
  }

  #cover(min: number, max: number): void {
    let width = this.#width;
    while (max >= half * width || min < -half * width) width *= 2;
    this.#widen(width);
  }

  #widen(width: number): void {
    const ratio = this.#width / width;
    if (ratio >= 1) return;
    this.#width = width;
    const { counts } = this;
    const old = counts.slice();
    counts.fill(0);
    for (let i = 0; i < old.length; i++) {
      if (old[i] !== 0) counts[Math.floor((i - half) * ratio) + half]! += old[i]!;
    }
  }
}
