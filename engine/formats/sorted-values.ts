/** Values in ascending order with running sums: what a partition into intervals needs of them, in the time of a search each. */
export class SortedValues {
  readonly #values: Float64Array;
  readonly #sums: Float64Array;
  readonly #squares: number;

  constructor(values: Float32Array) {
    this.#values = Float64Array.from(values).sort();
    this.#sums = new Float64Array(values.length + 1);
    let squares = 0;
    for (let i = 0; i < values.length; i++) {
      this.#sums[i + 1] = this.#sums[i]! + this.#values[i]!;
      squares += this.#values[i]! * this.#values[i]!;
    }
    this.#squares = squares;
  }

  get length(): number {
    return this.#values.length;
  }

  /** The value with a share of the others below it. */
  quantile(share: number): number {
    const at = Math.min(this.length - 1, Math.floor(share * this.length));
    return this.#values[Math.max(at, 0)] ?? 0;
  }

  /** How many values lie nearest to each of ascending levels, and their sums. */
  partition(levels: ArrayLike<number>): { readonly counts: Float64Array; readonly sums: Float64Array } {
    const counts = new Float64Array(levels.length);
    const sums = new Float64Array(levels.length);
    for (let i = 0, from = 0; i < levels.length; i++) {
      const to = i + 1 < levels.length ? this.#until((levels[i]! + levels[i + 1]!) / 2, from) : this.length;
      counts[i] = to - from;
      sums[i] = this.#sums[to]! - this.#sums[from]!;
      from = to;
    }
    return { counts, sums };
  }

  /** Σ (x − x̂)², x̂ being the nearest of ascending levels · scale. */
  squaredError(levels: readonly number[], scale: number): number {
    const scaled = levels.map((level) => level * scale);
    const { counts, sums } = this.partition(scaled);
    return scaled.reduce((error, level, i) => error + level * (level * counts[i]! - 2 * sums[i]!), this.#squares);
  }

  /** Place behind the last value that is no larger than x. */
  #until(x: number, from: number): number {
    let [low, high] = [from, this.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#values[middle]! <= x) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
