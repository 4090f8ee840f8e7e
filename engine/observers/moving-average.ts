import { ExtremesObserver } from './kept.ts';
import type { Observer, ObserverKind } from './observer.ts';
import { covering } from './parameters.ts';
import { type Portion, portionOf } from './portion.ts';

/** An exponential average of a stream, begun with its first value; that of a stream cut in two is made of its parts'. */
class Average {
  value = 0;
  #first = 0;
  #count = 0;
  readonly #decay: number;
  constructor(decay: number) {
    this.#decay = decay;
  }

  update(x: number): void {
    if (this.#count++ === 0) {
      this.#first = x;
      this.value = x;
    } else this.value = this.#decay * this.value + (1 - this.#decay) * x;
  }

  save(): readonly number[] {
    return [this.value, this.#first, this.#count];
  }

  restore(state: Float64Array): void {
    [this.value, this.#first, this.#count] = state as unknown as [number, number, number];
  }

  /** `later` followed. */
  merge(later: Average): void {
    if (later.#count === 0) return;
    if (this.#count === 0) this.#first = later.#first;
    const weight = this.#decay ** later.#count;
    this.value = this.#count === 0 ? later.value : later.value + weight * (this.value - later.#first);
    this.#count += later.#count;
  }
}

class MovingAverageObserver extends ExtremesObserver {
  readonly low: Average;
  readonly high: Average;
  readonly #decay: number;
  constructor(decay: number) {
    super();
    this.#decay = decay;
    this.low = new Average(decay);
    this.high = new Average(decay);
  }
  override get keeps(): string {
    return `averages of decay ${this.#decay}`;
  }
  override update(values: Float32Array | Portion): void {
    const own = this.extremes.update(portionOf(values));
    if (own === undefined) return;
    this.low.update(own[0]);
    this.high.update(own[1]);
  }
  override merge(other: Observer): void {
    const later = other as MovingAverageObserver;
    this.extremes.merge(later.extremes);
    this.low.merge(later.low);
    this.high.merge(later.high);
  }
  override save(): Float64Array {
    return Float64Array.of(...super.save(), ...this.low.save(), ...this.high.save());
  }
  override restore(state: Float64Array): void {
    super.restore(state);
    this.low.restore(state.subarray(4, 7));
    this.high.restore(state.subarray(7, 10));
  }
  finish: Observer['finish'] = (format, scheme, range) =>
    covering(this.low.value, this.high.value, format, scheme, range);
}

/** Exponential average of each sample's extremes, as training with quantisation keeps it. METHODS B3, B7. */
export const movingAverage: ObserverKind = {
  name: 'moving-average',
  title: 'Moving average of the extremes',
  description:
    'Averages the smallest and the largest value of the samples, later ones counting more: one odd sample moves it little.',
  cost: 'One pass over the values; six numbers a tensor.',
  source: 'Jacob et al. 2018 (arXiv 1712.05877)',
  arguments: [
    {
      name: 'decay',
      description: 'What the average keeps of itself at each sample.',
      initial: 0.9,
      min: 0,
      max: 0.9999,
    },
  ],
  ordered: true,
  create: ({ decay = 0.9 }) => new MovingAverageObserver(decay),
};
