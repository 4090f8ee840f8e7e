import { ExtremesObserver } from './kept.ts';
import type { Observer, ObserverKind } from './observer.ts';
import { covering } from './parameters.ts';

class MinMaxObserver extends ExtremesObserver {
  finish: Observer['finish'] = (format, scheme, range) => {
    const { min, max } = this.seen;
    return covering(min, max, format, scheme, range);
  };
}

/** The whole range that calibration saw: nothing is clipped, outliers cost resolution. METHODS B3. */
export const minMax: ObserverKind = {
  name: 'min-max',
  title: 'Smallest and largest value',
  description: 'Covers every value that calibration saw. Cheap; a single outlier costs resolution for all others.',
  cost: 'One pass over the values; two numbers a tensor.',
  source: 'Jacob et al. 2018 (arXiv 1712.05877)',
  arguments: [],
  create: () => new MinMaxObserver(),
};
