import type { AffineParameters, CodeRange } from '../formats/affine.ts';
import type { NumberFormat } from '../formats/format.ts';
import { poll } from '../progress.ts';
import { HistogramObserver } from './kept.ts';
import { magnitudesOf, rebinned } from './magnitudes.ts';
import type { ObserverKind, Scheme } from './observer.ts';
import { clipped, levelsOfMagnitude } from './parameters.ts';

/** Bins of magnitudes that thresholds are tried at the edges of. */
const bins = 2048;

/** What Q is taken to be where it has no part of what P has; without it one clipped element would make the divergence infinite. */
const smallestShare = 1e-4;

class EntropyObserver extends HistogramObserver {
  finish(format: NumberFormat, scheme: Scheme, range: CodeRange = [format.low, format.high]): AffineParameters {
    const { min, max } = this.seen;
    const reach = Math.max(-min, max);
    const levels = levelsOfMagnitude(min, format, scheme, range);
    if (reach === 0 || levels >= bins) return clipped(this.seen, reach, format, scheme, range);
    const { counts, width } = rebinned(magnitudesOf(this.histogram), bins, reach);
    return clipped(this.seen, leastDivergence(counts, levels) * width, format, scheme, range);
  }
}

/** Divergences that differ by less are the same but for rounding. */
const alike = 1e-12;

/**
 * The number of bins to keep for which the distribution, clipped there and held in that many levels, is the closest to the clipped
 * one: least Kullback-Leibler divergence Σ P·log(P/Q). What is clipped is counted in the last bin of P and not in Q, whose
 * levels are spread evenly over those of their bins that hold anything.
 */
export function leastDivergence(counts: Float64Array, levels: number): number {
  const sums = new PrefixSums(counts);
  let best = counts.length;
  let least = Number.POSITIVE_INFINITY;
  for (let end = levels; end <= counts.length; end++) {
    if ((end & 0x3f) === 0) poll();
    if (sums.count[end] === 0) continue;
    const divergence = sums.divergenceAt(end, levels);
    // Of equals the widest: nothing is clipped for no gain.
    if (divergence <= least + alike) best = end;
    least = Math.min(least, divergence);
  }
  return best;
}

/** Sums over the bins before each bin: a threshold then costs a step for each level and not for each bin. */
class PrefixSums {
  readonly #counts: Float64Array;
  readonly count: Float64Array;
  /** Bins that hold anything. */
  readonly #occupied: Float64Array;
  /** Σ c·log c. */
  readonly #logarithms: Float64Array;

  constructor(counts: Float64Array) {
    this.#counts = counts;
    [this.count, this.#occupied, this.#logarithms] = [0, 1, 2].map(() => new Float64Array(counts.length + 1)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    for (const [i, count] of counts.entries()) {
      this.count[i + 1] = this.count[i]! + count;
      this.#occupied[i + 1] = this.#occupied[i]! + (count > 0 ? 1 : 0);
      this.#logarithms[i + 1] = this.#logarithms[i]! + (count > 0 ? count * Math.log(count) : 0);
    }
  }

  /** Σ P·log P − Σ P·log Q with the bins before `end`, in counts of all elements, divided by their number at the end. */
  divergenceAt(end: number, levels: number): number {
    const total = this.count.at(-1)!;
    const kept = this.count[end]!;
    const last = this.#counts[end - 1]!;
    const clipped = total - kept;
    let sum = this.#logarithms[end - 1]! + (last + clipped > 0 ? (last + clipped) * Math.log(last + clipped) : 0);
    for (let level = 0, from = 0; level < levels; level++) {
      const to = level === levels - 1 ? end : Math.floor(((level + 1) * end) / levels);
      const inside = this.count[to]! - this.count[from]!;
      const own = level === levels - 1 && last > 0 ? inside + clipped : inside;
      if (inside > 0) sum -= own * Math.log((inside * total) / ((this.#occupied[to]! - this.#occupied[from]!) * kept));
      from = to;
    }
    // The last bin may hold nothing but what was clipped.
    if (last === 0) sum -= clipped * Math.log(smallestShare * total);
    return sum / total;
  }
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
