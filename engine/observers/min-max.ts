import { ExtremesObserver } from './kept.ts';
import type { Observer, ObserverKind } from './observer.ts';
import { covering } from './parameters.ts';

class MinMaxObserver extends ExtremesObserver {
  readonly widening: number;
  constructor(margin: number) {
    super();
    this.widening = 1 + margin;
  }
  finish: Observer['finish'] = (format, scheme, range, limits) => {
    const { min, max } = this.seen;
    // Codes reach to zero whatever was seen: an end on the other side of it needs no room. Nor does what no data can give.
    const low = Math.max(Math.min(0, min) * this.widening, Math.min(min, limits?.min ?? Number.NEGATIVE_INFINITY));
    const high = Math.min(Math.max(0, max) * this.widening, Math.max(max, limits?.max ?? Number.POSITIVE_INFINITY));
    return covering(low, high, format, scheme, range);
  };
}

/**
 * The whole range that calibration saw: nothing of it is clipped, outliers cost resolution. METHODS B3. Of other data some lies
 * beyond, the more the fewer samples there were: a margin covers that.
 */
export const minMax: ObserverKind = {
  name: 'min-max',
  title: 'Smallest and largest value',
  description: 'Covers every value that calibration saw. Cheap; a single outlier costs resolution for all others.',
  cost: 'One pass over the values; two numbers a tensor.',
  source: 'Jacob et al. 2018 (arXiv 1712.05877)',
  arguments: [
    {
      name: 'margin',
      description:
        'Part by which the range is widened on either side that the data has, for values beyond those that calibration saw; not beyond what a Relu6 or the like can give.',
      initial: 0,
      min: 0,
      max: 1,
    },
  ],
  create: (args) => new MinMaxObserver(args['margin'] ?? 0),
};
