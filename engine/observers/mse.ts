import { type AffineParameters, type CodeRange, dequantizeValue, quantizeValue } from '../formats/affine.ts';
import type { Coder, NumberFormat } from '../formats/format.ts';
import { SortedValues } from '../formats/sorted-values.ts';
import { poll } from '../progress.ts';
import type { Histogram } from './histogram.ts';
import { HistogramObserver } from './kept.ts';
import type { Observer, ObserverKind, Scheme } from './observer.ts';
import { covering } from './parameters.ts';

/** With this many codes or more a code is no wider than a bin, and there is nothing to search. */
const mostCodes = 2048;
/** Alternations between the two ends of the range; it settles after two or three. */
const rounds = 8;

/**
 * Sum of squared quantisation errors of a histogram, each bin standing at its middle. Prefix sums of counts and of
 * values make one evaluation cost two look-ups per code, so that every bin edge can be tried as an end of the range.
 */
export class HistogramError {
  readonly #histogram: Histogram;
  readonly #first: number;
  readonly #end: number;
  readonly #count: Float64Array;
  readonly #sum: Float64Array;
  #squares = 0;

  constructor(histogram: Histogram) {
    this.#histogram = histogram;
    const { counts } = histogram;
    let first = 0;
    while (first < counts.length && counts[first] === 0) first++;
    let end = counts.length;
    while (end > first && counts[end - 1] === 0) end--;
    this.#first = first;
    this.#end = end;
    this.#count = new Float64Array(end - first + 1);
    this.#sum = new Float64Array(end - first + 1);
    const { min, max } = histogram.seen;
    for (let bin = first; bin < end; bin++) {
      // The outermost bins hold nothing beyond the extremes.
      const lower = Math.max(min, histogram.edge(bin));
      const upper = Math.min(max, histogram.edge(bin + 1));
      const middle = (lower + upper) / 2;
      const i = bin - first;
      this.#count[i + 1] = this.#count[i]! + counts[bin]!;
      this.#sum[i + 1] = this.#sum[i]! + counts[bin]! * middle;
      this.#squares += counts[bin]! * middle * middle;
    }
  }

  /** Σ (x − x̂)², x̂ being the nearest of the codes `[low, high]`. */
  of({ scale, zeroPoint }: AffineParameters, [low, high]: CodeRange): number {
    const perBin = scale / this.#histogram.width;
    // Bin index at value zero, counted from the first occupied bin; half a bin back because bins stand at their middles.
    const origin = this.#histogram.counts.length / 2 - this.#first - 0.5;
    const bins = this.#end - this.#first;
    let cross = 0;
    let energy = 0;
    let from = 0;
    for (let code = low; code <= high; code++) {
      const level = code - zeroPoint;
      let to = code === high ? bins : Math.ceil((level + 0.5) * perBin + origin);
      if (to <= from) continue;
      if (to > bins) to = bins;
      cross += level * (this.#sum[to]! - this.#sum[from]!);
      energy += level * level * (this.#count[to]! - this.#count[from]!);
      from = to;
      if (from === bins) break;
    }
    return this.#squares - 2 * scale * cross + scale * scale * energy;
  }

  /** Edges of occupied bins: the ends a range may have. */
  get edges(): { readonly first: number; readonly end: number } {
    return { first: this.#first, end: this.#end };
  }
}

class MseObserver extends HistogramObserver {
  finish: Observer['finish'] = (format, scheme, range) => leastSquares(this.histogram, format, scheme, range);
}

/**
 * The range whose quantisation error over the histogram is smallest. One end (a rectifier's output, a symmetric
 * scheme): every bin edge is tried. Two ends: each in turn is searched exhaustively with the other fixed, until
 * neither moves. METHODS A2 states the problem; the search is ours.
 */
export function leastSquares(
  histogram: Histogram,
  format: NumberFormat,
  scheme: Scheme,
  range: CodeRange = [format.low, format.high],
): AffineParameters {
  const { min, max } = histogram.seen;
  const whole = covering(min, max, format, scheme, range);
  if (range[1] - range[0] + 1 >= mostCodes || (min === 0 && max === 0)) return whole;
  if (format.kind !== 'integer')
    return shrunk(min, max, format, scheme, range, (own) => binError(histogram, format.coder(own, range)));
  const error = new HistogramError(histogram);
  const errorOf = (from: number, to: number) => error.of(covering(from, to, format, scheme, range), range);
  const { first, end } = error.edges;

  if (scheme === 'symmetric') {
    const reach = Math.max(-min, max);
    const signed = min < 0 ? -1 : 0;
    const edges = candidates(histogram, histogram.counts.length / 2 + 1, histogram.counts.length, reach);
    const best = search(edges, reach, (end) => errorOf(signed * end, end));
    return covering(signed * best, best, format, scheme, range);
  }
  let from = Math.min(min, 0);
  let to = Math.max(max, 0);
  const middle = histogram.counts.length / 2;
  const lower = candidates(histogram, first, Math.min(end, middle) - 1, from);
  const upper = candidates(histogram, Math.max(first, middle) + 1, end, to);
  for (let round = 0; round < rounds; round++) {
    const newTo = max > 0 ? search(upper, to, (end) => errorOf(from, end)) : to;
    const newFrom = min < 0 ? search(lower, from, (end) => errorOf(end, newTo)) : from;
    const settled = newTo === to && newFrom === from;
    to = newTo;
    from = newFrom;
    if (settled || min >= 0 || max <= 0) break;
  }
  return covering(from, to, format, scheme, range);
}

/** Bin edges no farther out than `limit`, which itself is always a candidate. */
function candidates(histogram: Histogram, from: number, to: number, limit: number): number[] {
  const edges = [limit];
  for (let bin = from; bin <= to; bin++) {
    const edge = histogram.edge(bin);
    if (edge !== 0 && Math.abs(edge) < Math.abs(limit)) edges.push(edge);
  }
  return edges;
}

/** The candidate of least error; of equals the one farthest out, so that nothing is clipped for no gain. */
function search(edges: readonly number[], start: number, errorOf: (edge: number) => number): number {
  let best = start;
  let least = errorOf(start);
  for (const edge of edges) {
    const error = errorOf(edge);
    if (error < least || (error === least && Math.abs(edge) > Math.abs(best))) {
      least = error;
      best = edge;
    }
  }
  return best;
}

/** Sum of squared errors of a histogram whose bins stand at their middles, for levels of any kind. */
function binError(histogram: Histogram, { encode, decode }: Coder): number {
  const { counts } = histogram;
  let sum = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    if (counts[bin] === 0) continue;
    const middle = (histogram.edge(bin) + histogram.edge(bin + 1)) / 2;
    sum += counts[bin]! * (middle - decode(encode(middle))) ** 2;
  }
  return sum;
}

/** Ranges tried between nothing and everything. */
const trials = 128;

/**
 * The fraction of the whole range of least error, both ends shrunk alike; of equals the largest.
 * @param errorOf where it is not below `most`, any number that is not either
 */
function shrunk(
  min: number,
  max: number,
  format: NumberFormat,
  scheme: Scheme,
  range: CodeRange,
  errorOf: (parameters: AffineParameters, most: number) => number,
): AffineParameters {
  poll();
  let best = covering(min, max, format, scheme, range);
  let least = errorOf(best, Number.POSITIVE_INFINITY);
  for (let trial = trials - 1; trial >= trials / 8; trial--) {
    const fraction = trial / trials;
    const parameters = covering(min * fraction, max * fraction, format, scheme, range);
    // A format without a scale has nothing to try.
    if (parameters.scale === best.scale && parameters.zeroPoint === best.zeroPoint) continue;
    const error = errorOf(parameters, least);
    if (error < least) {
      least = error;
      best = parameters;
    }
  }
  return best;
}

/** Values that are summed before a look at what they come to. */
const stretch = 64;

/** Sum of squared errors of the values themselves; once it is not below `most`, of some of them. */
function squaredError(values: Float32Array, parameters: AffineParameters, range: CodeRange, most: number): number {
  let sum = 0;
  for (let from = 0; from < values.length && !(sum >= most); from += stretch) {
    const to = Math.min(values.length, from + stretch);
    for (let i = from; i < to; i++) {
      const error = values[i]! - dequantizeValue(quantizeValue(values[i]!, parameters, range), parameters);
      sum += error * error;
    }
  }
  return sum;
}

/** The same search over values that are all at hand (weights). */
function leastSquaresOf(
  values: Float32Array,
  format: NumberFormat,
  scheme: Scheme,
  range: CodeRange,
): AffineParameters {
  let [min, max] = [0, 0];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const levels = format.levels?.();
  if (levels === undefined)
    return shrunk(min, max, format, scheme, range, (own, most) => squaredError(values, own, range, most));
  // Sorted once, a scale costs a search for each level and not a rounding for each value.
  const sorted = new SortedValues(values);
  return shrunk(min, max, format, scheme, range, (own) => sorted.squaredError(levels, own.scale));
}

/** Range of least mean squared quantisation error. */
export const mse: ObserverKind = {
  name: 'mse',
  title: 'Least mean squared error',
  description: 'Searches the range whose rounding and clipping errors together are smallest, over a histogram.',
  cost: 'One pass into a histogram of 8,192 bins (64 KiB) a tensor, then a search over its edges; weights: 113 ranges tried on the values.',
  source: 'Choukroun et al. 2019 (arXiv 1902.06822) state the problem; the exhaustive search is QSpec’s own',
  arguments: [],
  create: () => new MseObserver(),
  direct: leastSquaresOf,
};
