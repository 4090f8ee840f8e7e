import { ExtremesObserver } from './kept.ts';
import type { Observer, ObserverKind } from './observer.ts';
import { covering } from './parameters.ts';

/** Largest finite float32: no range that a tensor can have is wider. */
const widest = 3.4028234663852886e38;

class FixedObserver extends ExtremesObserver {
  readonly low: number;
  readonly high: number;
  constructor(low: number, high: number) {
    super();
    this.low = low;
    this.high = high;
  }
  finish: Observer['finish'] = (format, scheme, range) => covering(this.low, this.high, format, scheme, range);
}

/**
 * A range that is known beforehand: of a sensor, of a softmax, or out of another tool's table of encodings. Codes with a scale s
 * and a zero point z over `[qmin, qmax]` are `fixed((qmin − z)·s, (qmax − z)·s)`. A range holds zero, which the bounds of
 * the arguments see to.
 */
export const fixed: ObserverKind = {
  name: 'fixed',
  title: 'A range given beforehand',
  description: 'The range is what the arguments say, whatever calibration saw; values outside are clipped.',
  cost: 'None: nothing is searched.',
  source: 'By definition',
  arguments: [
    { name: 'low', description: 'Smallest value; 0 or below.', initial: 0, min: -widest, max: 0 },
    { name: 'high', description: 'Largest value; 0 or above.', initial: 1, min: 0, max: widest },
  ],
  create: ({ low = 0, high = 1 }) => new FixedObserver(low, high),
};
