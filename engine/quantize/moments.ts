import type { ValueView } from '../executor/program.ts';
import type { Moments } from '../methods/method.ts';
import type { VectorSource } from './input-vectors.ts';

/** Positions of a convolution's output looked at per sample: neighbours say the same. */
const positionsPerSample = 64;

/**
 * Streams the vectors that a compute node multiplies its weights with (patches of a convolution, rows of a product)
 * into their mean and second moments. The state's size does not depend on the number of samples.
 */
export class InputMoments implements Moments {
  readonly length: number;
  readonly groups: number;
  readonly #source: VectorSource;
  readonly #sums: Float64Array;
  readonly #products: Float64Array;
  #count = 0;
  #samples = 0;

  constructor(source: VectorSource) {
    const { length, groups } = source;
    this.length = length;
    this.groups = groups;
    this.#source = source;
    this.#sums = new Float64Array(groups * length);
    this.#products = new Float64Array(groups * length * length);
  }

  /** Values that it is to be shown. */
  get values(): readonly string[] {
    return [...this.#source.values.keys()];
  }

  /** Vectors of each group seen. */
  get count(): number {
    return this.#count;
  }

  /** Takes in one of its values of one sample. */
  update(value: string, view: ValueView): void {
    const sampling = { sample: this.#samples++, most: positionsPerSample };
    this.#count += this.#source.values.get(value)!(view, sampling, (_, group, vector) => this.#add(group, vector));
  }

  mean(group: number): Float64Array {
    const { length } = this;
    if (!this.#source.takesBias) return new Float64Array(length);
    return this.#sums.slice(group * length, (group + 1) * length).map((sum) => sum / Math.max(1, this.#count));
  }

  covariance(group: number): Float64Array {
    const n = this.length;
    const mean = this.mean(group);
    const own = this.#products.subarray(group * n * n, (group + 1) * n * n);
    const out = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        const value = own[i * n + j]! / Math.max(1, this.#count) - mean[i]! * mean[j]!;
        out[i * n + j] = value;
        out[j * n + i] = value;
      }
    }
    this.#raise(out);
    return out;
  }

  #raise(moments: Float64Array): void {
    const n = this.length;
    const part = this.#source.ridge?.(this.#count) ?? 0;
    let trace = 0;
    for (let i = 0; i < n; i++) trace += moments[i * n + i]!;
    for (let i = 0; i < n; i++) moments[i * n + i]! += (part * trace) / n;
  }

  /** Numbers that `save` gives. */
  get size(): number {
    return 2 + this.#sums.length + (this.groups * this.length * (this.length + 1)) / 2;
  }

  save(): Float64Array {
    const out = new Float64Array(this.size);
    out.set([this.#count, this.#samples]);
    out.set(this.#sums, 2);
    let at = 2 + this.#sums.length;
    this.#forEachRow((from, to) => {
      out.set(this.#products.subarray(from, to), at);
      at += to - from;
    });
    return out;
  }

  restore(state: Float64Array): void {
    [this.#count, this.#samples] = state as unknown as [number, number];
    let at = 2 + this.#sums.length;
    this.#sums.set(state.subarray(2, at));
    this.#forEachRow((from, to) => {
      this.#products.set(state.subarray(at, at + to - from), from);
      at += to - from;
    });
  }

  /** Rows of the lower triangles. */
  #forEachRow(visit: (from: number, to: number) => void): void {
    const n = this.length;
    for (let row = 0; row < this.groups * n; row++) visit(row * n, row * n + (row % n) + 1);
  }

  #add(group: number, vector: Float64Array): void {
    const n = this.length;
    const sums = this.#sums;
    const products = this.#products;
    const base = group * n * n;
    for (let i = 0; i < n; i++) {
      const own = vector[i]!;
      if (own === 0) continue;
      sums[group * n + i]! += own;
      const row = base + i * n;
      // The lower triangle says all.
      for (let j = 0; j <= i; j++) products[row + j]! += own * vector[j]!;
    }
  }
}
