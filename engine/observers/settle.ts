import type { AffineParameters, CodeRange } from '../formats/affine.ts';
import type { NumberFormat } from '../formats/format.ts';
import { poll } from '../progress.ts';
import { HistogramObserver } from './kept.ts';
import { magnitudesOf, rebinned } from './magnitudes.ts';
import type { ObserverKind, Scheme } from './observer.ts';
import { clipped, covering, levelsOfMagnitude } from './parameters.ts';

class SettleObserver extends HistogramObserver {
  finish(format: NumberFormat, scheme: Scheme, range: CodeRange = [format.low, format.high]): AffineParameters {
    const { count, min, max } = this.seen;
    const reach = Math.max(-min, max);
    const magnitudes = magnitudesOf(this.histogram);
    // Bins by the square root of the number of elements, as far as the histogram that was kept of them is fine enough.
    const bins = Math.min(Math.ceil(Math.sqrt(count)), magnitudes.counts.length);
    const levels = levelsOfMagnitude(min, format, scheme, range);
    if (reach === 0 || levels + 1 > bins) return clipped(this.seen, reach, format, scheme, range);
    const { counts, width } = rebinned(magnitudes, bins, reach);
    counts[0]! += this.histogram.zeros;
    const at = leastCumulativeDivergence(counts, levels);
    return clipped(this.seen, at === undefined ? reach : Math.min(reach, (at + 0.5) * width), format, scheme, range);
  }
}

/**
 * METHODS A1, step 3: C, the cumulative distribution, cut at bin i and interpolated linearly down to `levels` points and up again
 * to Q; i of the least Σ (C − Q)·log2(C/Q). Undefined where Q is zero somewhere.
 */
export function leastCumulativeDivergence(counts: Float64Array, levels: number): number | undefined {
  const bins = counts.length;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const cumulative = new Float64Array(bins);
  for (let i = 0, sum = 0; i < bins; i++) {
    sum += counts[i]!;
    cumulative[i] = sum / total;
  }
  // Q is zero exactly where its first point is: a cumulative distribution does not fall.
  if (cumulative[0] === 0) return undefined;
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  const points = new Float64Array(levels);
  for (let i = levels + 1; i <= bins; i++) {
    if ((i & 0x3f) === 0) poll();
    const at = (index: number) => (index >= i - 1 ? 1 : cumulative[index]!);
    for (let k = 0; k < levels; k++) {
      const place = levels === 1 ? 0 : (k / (levels - 1)) * (i - 1);
      const below = Math.floor(place);
      points[k] = at(below) + (place - below) * (at(Math.min(i - 1, below + 1)) - at(below));
    }
    let divergence = 0;
    for (let j = 0; j < i; j++) {
      const place = (j / (i - 1)) * (levels - 1);
      const below = Math.min(levels - 1, Math.floor(place));
      const q = points[below]! + (place - below) * (points[Math.min(levels - 1, below + 1)]! - points[below]!);
      const c = cumulative[j]!;
      divergence += (c - q) * Math.log2(c / q);
    }
    // Beyond the cut Q stays at 1.
    for (let j = i; j < bins; j++) divergence += (cumulative[j]! - 1) * Math.log2(cumulative[j]!);
    if (divergence < least) {
      least = divergence;
      best = i;
    }
  }
  return best;
}

/** The threshold search of Settle et al., arXiv 1805.07941, after METHODS A1. Weights are not clipped. */
export const settle: ObserverKind = {
  name: 'settle',
  title: 'Least divergence of cumulative distributions',
  description:
    'Clips where the cumulative distribution, cut and interpolated from as many points as there are codes, differs least.',
  cost: 'One pass into a histogram of 8,192 bins (64 KiB) a tensor, then a search over as many thresholds as the root of the number of values, at most 4,096.',
  source: 'After Settle et al. 2018 (arXiv 1805.07941), METHODS A1',
  arguments: [],
  create: () => new SettleObserver(),
  direct(values, format, scheme, range) {
    let [min, max] = [0, 0];
    for (const value of values) {
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    return covering(min, max, format, scheme, range);
  },
};
