import { HistogramObserver } from './kept.ts';
import type { Observer, ObserverKind } from './observer.ts';
import { covering } from './parameters.ts';

class PercentileObserver extends HistogramObserver {
  readonly share: number;
  constructor(percent: number) {
    super();
    this.share = percent / 100;
  }
  finish: Observer['finish'] = (format, scheme, range) => {
    // A side that the data does not have is not clipped: the lower end of a rectifier's output stays zero.
    const { min } = this.seen;
    const low = min < 0 ? this.histogram.quantile(1 - this.share) : min;
    return covering(Math.min(low, 0), this.histogram.quantile(this.share), format, scheme, range);
  };
}

/** Clips the tails beyond a percentile on either side. */
export const percentile: ObserverKind = {
  name: 'percentile',
  title: 'Percentile',
  description: 'Leaves out the most extreme values on either side; what lies beyond saturates.',
  cost: 'One pass over the values; a histogram of 8,192 bins (64 KiB) a tensor while calibration runs.',
  source: 'Wu et al. 2020 (arXiv 2004.09602)',
  arguments: [
    {
      name: 'p',
      description: 'Percentile that is still covered on the upper side; the lower side mirrors it.',
      initial: 99.99,
      min: 50,
      max: 100,
    },
  ],
  create: (args) => new PercentileObserver(args['p'] ?? 99.99),
};
