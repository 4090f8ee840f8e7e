import type { AffineParameters, CodeRange } from '../formats/affine.ts';
import type { NumberFormat } from '../formats/format.ts';
import { poll } from '../progress.ts';
import { Histogram } from './histogram.ts';
import { magnitudesOf, rebinned } from './magnitudes.ts';
import type { Observer, ObserverKind, Scheme } from './observer.ts';
import { clipped, levelsOfMagnitude } from './parameters.ts';
import type { Portion } from './portion.ts';

/** Bins of magnitudes that thresholds are tried at the edges of. */
const bins = 2048;

/** What Q is taken to be where it has no part of what P has; without it one clipped element would make the divergence infinite. */
const smallestShare = 1e-4;

class EntropyObserver implements Observer {
  readonly histogram = new Histogram();
  update(values: Float32Array | Portion): void {
    this.histogram.update(values);
  }
  merge(other: Observer): void {
    this.histogram.merge((other as EntropyObserver).histogram);
  }
  finish(format: NumberFormat, scheme: Scheme, range: CodeRange = [format.low, format.high]): AffineParameters {
    const { min, max } = this.seen;
    const reach = Math.max(-min, max);
    const levels = levelsOfMagnitude(min, format, scheme, range);
    if (reach === 0 || levels >= bins) return clipped(this.seen, reach, format, scheme, range);
    const { counts, width } = rebinned(magnitudesOf(this.histogram), bins, reach);
    return clipped(this.seen, leastDivergence(counts, levels) * width, format, scheme, range);
  }
  get seen() {
    return this.histogram.seen;
  }
}

/**
 * The number of bins to keep for which the distribution, clipped there and held in that many levels, is the closest to the clipped
 * one: least Kullback-Leibler divergence Σ P·log(P/Q). What is clipped is counted in the last bin of P and not in Q, whose
 * levels are spread evenly over those of their bins that hold anything.
 */
export function leastDivergence(counts: Float64Array, levels: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let best = counts.length;
  let least = Number.POSITIVE_INFINITY;
  let kept = 0;
  for (let i = 0; i < levels; i++) kept += counts[i]!;
  for (let end = levels; end <= counts.length; end++) {
    if (end > levels) kept += counts[end - 1]!;
    if ((end & 0x3f) === 0) poll();
    if (kept === 0) continue;
    const divergence = divergenceAt(counts, { end, levels, kept, total });
    // Of equals the widest: nothing is clipped for no gain.
    if (divergence <= least) {
      least = divergence;
      best = end;
    }
  }
  return best;
}

interface Clip {
  /** Bins kept. */
  readonly end: number;
  readonly levels: number;
  /** Elements in them, and in all. */
  readonly kept: number;
  readonly total: number;
}

function divergenceAt(counts: Float64Array, { end, levels, kept, total }: Clip): number {
  const clippedAway = total - kept;
  let sum = 0;
  for (let level = 0, from = 0; level < levels; level++) {
    const to = level === levels - 1 ? end : Math.floor(((level + 1) * end) / levels);
    let inside = 0;
    let occupied = 0;
    for (let i = from; i < to; i++) {
      if (counts[i]! > 0) {
        inside += counts[i]!;
        occupied++;
      }
    }
    for (let i = from; i < to; i++) {
      const count = i === end - 1 ? counts[i]! + clippedAway : counts[i]!;
      if (count === 0) continue;
      const p = count / total;
      // The last bin may hold nothing but what was clipped.
      const q = counts[i] === 0 ? smallestShare : inside / occupied / kept;
      sum += p * Math.log(p / q);
    }
    from = to;
  }
  return sum;
}

/**
 * The threshold that loses least information. Migacz, "8-bit inference with TensorRT", GTC 2017; here over magnitudes without
 * exact zeros.
 */
export const entropy: ObserverKind = {
  name: 'entropy',
  title: 'Least loss of information',
  description:
    'Clips where the distribution of the codes differs least from that of the values (Kullback-Leibler divergence).',
  cost: 'One pass into a histogram of 8,192 bins (64 KiB) a tensor, then a search over 2,048 thresholds.',
  source: 'Migacz, “8-bit inference with TensorRT”, GTC 2017; over magnitudes, without exact zeros',
  arguments: [],
  create: () => new EntropyObserver(),
};
