import type { Seen } from './observer.ts';
import type { Portion } from './portion.ts';

/** Running smallest and largest finite value: the part of the state that every observer has. */
export class Extremes {
  #count = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #nonFinite = 0;

  /** Takes in values and returns their own extremes, or undefined when none is finite. */
  update({ extremes: { count, min, max, nonFinite } }: Portion): readonly [min: number, max: number] | undefined {
    this.#nonFinite += nonFinite;
    this.#count += count;
    if (count === 0) return undefined;
    this.#include(min, max);
    return [min, max];
  }

  merge(other: Extremes): void {
    this.#nonFinite += other.#nonFinite;
    this.#count += other.#count;
    this.#include(other.#min, other.#max);
  }

  save(): Float64Array {
    return Float64Array.of(this.#count, this.#nonFinite, this.#min, this.#max);
  }

  /** From the first four numbers. */
  restore(state: Float64Array): void {
    [this.#count, this.#nonFinite, this.#min, this.#max] = state as unknown as [number, number, number, number];
  }

  get seen(): Seen {
    const empty = this.#min > this.#max;
    return {
      count: this.#count,
      min: empty ? 0 : this.#min,
      max: empty ? 0 : this.#max,
      nonFinite: this.#nonFinite,
    };
  }

  #include(min: number, max: number): void {
    this.#min = Math.min(this.#min, min);
    this.#max = Math.max(this.#max, max);
  }
}
