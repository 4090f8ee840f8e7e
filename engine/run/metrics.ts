import type { Tensor } from '../tensor.ts';
import type { AgreementName } from './agreement/agreement.ts';
import { type Interval, pairedInterval } from './paired-interval.ts';

export interface Accuracy {
  readonly top1: number;
  /** Absent where there are fewer than six classes. */
  readonly top5?: number;
}

/** How a model answers beside a reference, on the same samples. */
export interface ComparisonMetrics {
  readonly samples: number;
  /** Absent without labels, or where the outputs are no classes. */
  readonly labelled?: {
    readonly reference: Accuracy;
    readonly candidate: Accuracy;
    /** Right before and wrong after; wrong before and right after. */
    readonly lost: number;
    readonly won: number;
    /** reference.top1 − candidate.top1, a fraction; negative where the candidate is better. */
    readonly drop: number;
    /** Paired 95 % interval of the drop; see `pairedInterval`. */
    readonly dropInterval: Interval;
  };
  /** Share of what was decided that both decide alike, and of what: by default samples with the same top-1 class. Absent where nothing is decided. */
  readonly agreement?: number;
  readonly agreementOf?: AgreementName;
  /** 10·log10(Σ reference² / Σ (reference − candidate)²) over all values of all samples, decibels; see `exactDecibels`. */
  readonly sqnr: number;
  readonly largestDifference: number;
  /** Mean of |reference − candidate| over all values of all samples. */
  readonly meanAbsoluteError: number;
  /** Σ reference·candidate over the root of Σ reference² · Σ candidate²: 1 where they point the same way. */
  readonly cosine: number;
  /** Each output by itself, of a model that has several. */
  readonly outputs?: readonly OutputMetrics[];
  /** Samples whose candidate output held NaN or infinity where the reference did not. */
  readonly notFinite: number;
}

export type OutputMetrics = Pick<ComparisonMetrics, 'sqnr' | 'cosine' | 'meanAbsoluteError'> & {
  readonly name: string;
};

/** Gathers metrics sample by sample; keeps sums, not samples. */
export class ComparisonAccumulator {
  readonly #classes: boolean;
  #samples = 0;
  #labelled = 0;
  #top5 = true;
  #right = [0, 0];
  #rightOfFive = [0, 0];
  #lost = 0;
  #won = 0;
  #agreed = 0;
  #signal = 0;
  #noise = 0;
  #candidateSignal = 0;
  #product = 0;
  #absolute = 0;
  #values = 0;
  #largest = 0;
  #notFinite = 0;

  /** @param classes the output is a vector with one entry a class */
  constructor(classes: boolean) {
    this.#classes = classes;
  }

  add(reference: ArrayLike<number>, candidate: ArrayLike<number>, label?: number): void {
    this.#samples++;
    this.#addNoise(reference, candidate);
    if (!this.#classes) return;
    const first = argmax(reference);
    const second = argmax(candidate);
    if (first === second) this.#agreed++;
    if (label === undefined) return;
    this.#labelled++;
    if (first === label) this.#right[0]!++;
    if (second === label) this.#right[1]!++;
    if (first === label && second !== label) this.#lost++;
    if (first !== label && second === label) this.#won++;
    if (reference.length < 6) this.#top5 = false;
    else {
      if (rank(reference, label) < 5) this.#rightOfFive[0]!++;
      if (rank(candidate, label) < 5) this.#rightOfFive[1]!++;
    }
  }

  #addNoise(reference: ArrayLike<number>, candidate: ArrayLike<number>): void {
    let finite = true;
    // What one found and the other did not has nothing beside it.
    const length = Math.max(reference.length, candidate.length);
    for (let i = 0; i < length; i++) {
      const expected = i < reference.length ? reference[i]! : 0;
      const actual = i < candidate.length ? candidate[i]! : 0;
      const difference = actual - expected;
      if (!Number.isFinite(difference)) {
        if (Number.isFinite(expected)) finite = false;
        continue;
      }
      this.#signal += expected * expected;
      this.#noise += difference * difference;
      this.#candidateSignal += actual * actual;
      this.#product += expected * actual;
      this.#absolute += Math.abs(difference);
      this.#values++;
      if (Math.abs(difference) > this.#largest) this.#largest = Math.abs(difference);
    }
    if (!finite) this.#notFinite++;
  }

  result(): ComparisonMetrics {
    const samples = this.#samples;
    const sqnr = this.#notFinite > 0 ? brokenDecibels : ratioInDecibels(this.#signal, this.#noise);
    const lengths = Math.sqrt(this.#signal * this.#candidateSignal);
    const base = {
      samples,
      sqnr,
      largestDifference: this.#largest,
      meanAbsoluteError: this.#absolute / Math.max(1, this.#values),
      // Two outputs of zeros alone are the same.
      cosine: lengths === 0 ? Number(this.#signal === this.#candidateSignal) : this.#product / lengths,
      notFinite: this.#notFinite,
    };
    if (!this.#classes || samples === 0) return base;
    const agreement = this.#agreed / samples;
    if (this.#labelled === 0) return { ...base, agreement };
    const n = this.#labelled;
    const accuracy = (i: 0 | 1): Accuracy => ({
      top1: this.#right[i]! / n,
      ...(this.#top5 ? { top5: this.#rightOfFive[i]! / n } : {}),
    });
    return {
      ...base,
      agreement,
      labelled: {
        reference: accuracy(0),
        candidate: accuracy(1),
        lost: this.#lost,
        won: this.#won,
        drop: (this.#lost - this.#won) / n,
        dropInterval: pairedInterval(this.#lost, this.#won, n),
      },
    };
  }
}

/**
 * What stands for "no difference at all", and for an answer that is no number: JSON knows neither infinity nor NaN, and
 * whoever compares with a limit gets the right result.
 */
export const exactDecibels = 300;
export const brokenDecibels = -300;

export function ratioInDecibels(signal: number, noise: number): number {
  if (noise === 0) return exactDecibels;
  return Math.min(exactDecibels, Math.max(brokenDecibels, 10 * Math.log10(signal / noise)));
}

/**
 * Noise over signal of all outputs of a model together, from that of each. Of several it is the mean: boxes in pixels are not to
 * hide what became of scores between 0 and 1. One that is ruined, or that says nothing but zeros, counts as all noise.
 */
export function noiseOfOutputs(noises: readonly number[]): number {
  const [only] = noises;
  if (noises.length === 1) return only!;
  return noises.reduce((sum, noise) => sum + Math.min(1, noise), 0) / Math.max(1, noises.length);
}

/** Index of the largest value, the first of equals; NaN never wins. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! > largest) {
      largest = values[i]!;
      best = i;
    }
  }
  return best;
}

/** How many entries stand before `index` when sorted downwards; equals before it count. */
function rank(values: ArrayLike<number>, index: number): number {
  const own = values[index];
  if (own === undefined) return values.length;
  let before = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! > own || (values[i] === own && i < index)) before++;
  }
  return before;
}

/** The values of a tensor as numbers; undefined for types that are none (strings, complex, packed floats). */
export function numbersOf(tensor: Tensor): ArrayLike<number> | undefined {
  const { data, dtype } = tensor;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  if (Array.isArray(data)) return undefined;
  if (dtype === 'float16' || dtype === 'bfloat16' || dtype.startsWith('float8') || dtype === 'float4e2m1')
    return undefined;
  if (dtype.startsWith('complex')) return undefined;
  return data;
}

/** Classes are given by one vector: all dimensions but one are 1, and that one is 2 or more. */
export function isClassVector(dims: readonly number[]): boolean {
  return dims.filter((dimension) => dimension !== 1).length === 1 && dims.every((dimension) => dimension > 0);
}
