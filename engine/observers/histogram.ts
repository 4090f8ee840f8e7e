import { Extremes } from './extremes.ts';
import type { Seen } from './observer.ts';
import { type Portion, portionOf } from './portion.ts';

/** Bins on either side of zero. */
const half = 4096;
/** Width before anything was seen: below every positive float32. */
const smallestWidth = 2 ** -150;
/** Of a state that is saved, what stands before the counts. */
const headNumbers = 7;

/**
 * Histogram of a stream whose range is not known beforehand. Bin widths are powers of two and bin edges multiples of
 * the width, so that doubling the width merges neighbouring pairs exactly: the result depends on the values alone,
 * never on their order, on portions or on threads. At the end the larger side of the data spans between 2048 and
 * 4096 bins. Exact zeros, which quantisation never changes and rectifiers produce in masses, are counted apart.
 */
export class Histogram {
  readonly #tally = { counts: new Float64Array(2 * half), width: smallestWidth, zeros: 0, owed: new Set<() => void>() };
  #extremes = new Extremes();
  #isEmpty = true;

  get seen(): Seen {
    return this.#extremes.seen;
  }
  get counts(): Float64Array {
    return this.#settled.counts;
  }
  get zeros(): number {
    return this.#settled.zeros;
  }
  /** Bin `i` holds values in `[(i − 4096)·width, (i − 4095)·width)`. */
  get width(): number {
    return this.#tally.width;
  }

  update(values: Float32Array | Portion): void {
    const portion = portionOf(values);
    const own = this.#extremes.update(portion);
    if (own === undefined) return;
    this.#cover(own[0], own[1]);
    this.#isEmpty = false;
    portion.count(this.#tally);
  }

  merge(other: Histogram): void {
    this.#extremes.merge(other.#extremes);
    this.#widen(other.width);
    this.#isEmpty = false;
    const { counts } = this;
    const ratio = other.width / this.width;
    for (const [i, count] of other.counts.entries()) {
      if (count !== 0) counts[Math.floor((i - half) * ratio) + half]! += count;
    }
    this.#tally.zeros += other.zeros;
  }

  /** Extremes, zeros, width, and the bins from the first to the last that hold anything, before them the first's number. */
  save(): Float64Array {
    const { counts } = this;
    const isHeld = (count: number) => count !== 0;
    const first = Math.max(0, counts.findIndex(isHeld));
    const held = counts.subarray(first, counts.findLastIndex(isHeld) + 1);
    const state = new Float64Array(headNumbers + held.length);
    state.set([...this.#extremes.save(), this.zeros, this.width, first]);
    state.set(held, headNumbers);
    return state;
  }

  restore(state: Float64Array): void {
    const tally = this.#settled;
    this.#extremes.restore(state);
    [tally.zeros, tally.width] = [state[4]!, state[5]!];
    this.#isEmpty = false;
    tally.counts.fill(0);
    tally.counts.set(state.subarray(headNumbers), state[6]);
  }

  /** Lower edge of a bin. */
  edge(bin: number): number {
    return (bin - half) * this.width;
  }

  /**
   * The value below which the fraction `share` of all elements lies, linear within a bin. Zeros stand at zero.
   * `share` 0 and 1 give the exact extremes.
   */
  quantile(share: number): number {
    const { count, min, max } = this.seen;
    if (share <= 0) return min;
    if (share >= 1) return max;
    const { counts, zeros, width } = this;
    const wanted = share * count;
    let before = 0;
    for (let bin = 0; bin < counts.length; bin++) {
      if (bin === half) {
        if (before + zeros >= wanted && zeros > 0) return 0;
        before += zeros;
      }
      const inside = counts[bin]!;
      if (inside > 0 && before + inside >= wanted) {
        const value = this.edge(bin) + ((wanted - before) / inside) * width;
        return Math.min(max, Math.max(min, value));
      }
      before += inside;
    }
    return max;
  }

  get #settled() {
    for (const bring of this.#tally.owed) bring();
    return this.#tally;
  }

  #cover(min: number, max: number): void {
    let { width } = this;
    while (max >= half * width || min < -half * width) width *= 2;
    this.#widen(width);
  }

  #widen(width: number): void {
    const ratio = this.width / width;
    if (ratio >= 1) return;
    const tally = this.#settled;
    const { counts } = tally;
    tally.width = width;
    if (this.#isEmpty) return;
    const old = counts.slice();
    counts.fill(0);
    for (let i = 0; i < old.length; i++) {
      if (old[i] !== 0) counts[Math.floor((i - half) * ratio) + half]! += old[i]!;
    }
  }
}
