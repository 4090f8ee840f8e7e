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

/** What rounding may do to a divergence, and far more: thresholds that are worse by so much are given up early. */
const hopeless = 1e-9;

/**
 * The number of bins to keep for which the distribution, clipped there and held in that many levels, is the closest to the clipped
 * one: least Kullback-Leibler divergence Σ P·log(P/Q). What is clipped is counted in the last bin of P and not in Q, whose
 * levels are spread evenly over those of their bins that hold anything.
 */
export function leastDivergence(counts: Float64Array, levels: number): number {
  const sums = new PrefixSums(counts);
  const divergences = new Float64Array(counts.length + 1).fill(Number.POSITIVE_INFINITY);
  let least = Number.POSITIVE_INFINITY;
  for (let end = counts.length; end >= levels && sums.count[end]! > 0; end--) {
    if ((end & 0x3f) === 0) poll();
    divergences[end] = sums.divergenceAt(end, levels, least + hopeless);
    least = Math.min(least, divergences[end]!);
  }
  // Of equals the widest: nothing is clipped for no gain.
  return divergences.findLastIndex((divergence) => divergence <= least + alike);
}

/**
 * Sums over the bins before each bin: a threshold then costs a step for each level and not for each bin. The levels of a threshold are
 * of two widths at most, and those of the thresholds around it of the same: what a level says is worked out once.
 */
class PrefixSums {
  readonly #counts: Float64Array;
  readonly count: Float64Array;
  /** Bins that hold anything. */
  readonly #occupied: Float64Array;
  /** Σ c·log c. */
  readonly #logarithms: Float64Array;
  /** n·log(n / occupied bins) of the n in a level, by its first bin, for levels of `#width` bins and of one more; 0: not yet worked out. */
  #narrow: Float64Array;
  #wide: Float64Array;
  #width = -1;

  constructor(counts: Float64Array) {
    this.#counts = counts;
    const column = () => new Float64Array(counts.length + 1);
    [this.count, this.#occupied, this.#logarithms] = [column(), column(), column()];
    [this.#narrow, this.#wide] = [column(), column()];
    for (const [i, count] of counts.entries()) {
      this.count[i + 1] = this.count[i]! + count;
      this.#occupied[i + 1] = this.#occupied[i]! + (count > 0 ? 1 : 0);
      this.#logarithms[i + 1] = this.#logarithms[i]! + (count > 0 ? count * Math.log(count) : 0);
    }
  }

  /**
   * Σ P·log P − Σ P·log Q with the bins before `end`, in counts of all elements, divided by their number at the end; +∞ as soon as
   * it is known to be more than `limit`. Ends are asked for in descending order.
   */
  divergenceAt(end: number, levels: number, limit: number): number {
    const total = this.count.at(-1)!;
    const kept = this.count[end]!;
    const last = this.#counts[end - 1]!;
    const inLast = last + total - kept;
    let sum = this.#logarithms[end - 1]! + (inLast > 0 ? inLast * Math.log(inLast) : 0);
    const from = Math.floor(((levels - 1) * end) / levels);
    const inside = kept - this.count[from]!;
    const own = last > 0 ? inside + total - kept : inside;
    if (inside > 0) sum -= own * this.#logarithmOf(from, end);
    sum -= (kept - inside + own) * Math.log(total / kept);
    // The last bin may hold nothing but what was clipped.
    if (last === 0) sum -= (total - kept) * Math.log(smallestShare * total);
    return this.#lessLevels(sum, end, levels, limit * total + this.#logarithms[from]!) / total;
  }

  /** `sum` less what all levels but the last say. None says more than its bins: `limit` is for them all, and the sum before them. */
  #lessLevels(sum: number, end: number, levels: number, limit: number): number {
    const width = Math.floor(end / levels);
    this.#turnTo(width);
    const [narrow, wide] = [this.#narrow, this.#wide];
    let left = sum;
    let from = 0;
    // Level `i` ends before bin ⌊(i + 1)·end / levels⌋.
    let rest = 0;
    for (let level = 1; level < levels; level++) {
      rest += end - width * levels;
      const isWide = rest >= levels;
      if (isWide) rest -= levels;
      const known = isWide ? wide : narrow;
      const to = from + width + (isWide ? 1 : 0);
      if (known[from] === 0) {
        const inside = this.count[to]! - this.count[from]!;
        if (inside > 0) known[from] = inside * this.#logarithmOf(from, to);
      }
      left -= known[from]!;
      from = to;
      if ((level & 0xf) === 0 && left + this.#logarithms[from]! > limit) return Number.POSITIVE_INFINITY;
    }
    return left;
  }

  #logarithmOf(from: number, to: number): number {
    return Math.log((this.count[to]! - this.count[from]!) / (this.#occupied[to]! - this.#occupied[from]!));
  }

  #turnTo(width: number): void {
    if (width === this.#width) return;
    // From one width to the next one below, the narrow levels become the wide ones.
    [this.#narrow, this.#wide] = [this.#wide, this.#narrow];
    this.#narrow.fill(0);
    if (width !== this.#width - 1) this.#wide.fill(0);
    this.#width = width;
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
