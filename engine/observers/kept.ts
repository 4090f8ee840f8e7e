import { Extremes } from './extremes.ts';
import { Histogram } from './histogram.ts';
import type { Observer } from './observer.ts';
import { type Portion, portionOf } from './portion.ts';

/** Observers by what they keep of the values. */

export abstract class ExtremesObserver implements Observer {
  readonly extremes = new Extremes();
  get keeps(): string {
    return extremesKept;
  }
  update(values: Float32Array | Portion): void {
    this.extremes.update(portionOf(values));
  }
  merge(other: Observer): void {
    this.extremes.merge((other as ExtremesObserver).extremes);
  }
  save(): Float64Array {
    return this.extremes.save();
  }
  restore(state: Float64Array): void {
    this.extremes.restore(state);
  }
  get seen() {
    return this.extremes.seen;
  }
  abstract finish(...args: Parameters<Observer['finish']>): ReturnType<Observer['finish']>;
}

export abstract class HistogramObserver implements Observer {
  readonly histogram = new Histogram();
  readonly keeps = histogramKept;
  update(values: Float32Array | Portion): void {
    this.histogram.update(values);
  }
  merge(other: Observer): void {
    this.histogram.merge((other as HistogramObserver).histogram);
  }
  save(): Float64Array {
    return this.histogram.save();
  }
  restore(state: Float64Array): void {
    this.histogram.restore(state);
  }
  get seen() {
    return this.histogram.seen;
  }
  abstract finish(...args: Parameters<Observer['finish']>): ReturnType<Observer['finish']>;
}

const extremesKept = 'extremes';
const histogramKept = 'histogram';

/** What an observer may go on from, besides its own like: a histogram's state begins with the extremes. */
export function alsoRestoredFrom(keeps: string): string | undefined {
  return keeps === extremesKept ? histogramKept : undefined;
}
