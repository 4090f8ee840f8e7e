import type { TensorHistogram } from '../report/report.ts';

/** Bins of a histogram at most. */
export const mostBins = 64;

/** The values that codes stand for, counted in steps (scales) from the zero point. */
export interface Grid {
  readonly format: string;
  /** Length of a step; in a histogram that is counted in steps this is 1. */
  readonly step: number;
  readonly first: number;
  readonly last: number;
  readonly scale: readonly [smallest: number, largest: number];
  /** null: channels differ. */
  readonly zeroPoint: number | null;
  readonly channels: number;
}

export interface Bins {
  readonly low: number;
  readonly width: number;
  readonly count: number;
}

/**
 * Equal bins over a grid, each with equally many of its levels (or each level with an odd number of bins, itself in the
 * middle): bins cut anyhow would hold now three levels and now four, and draw a comb that is not in the data. Values
 * beyond the grid, which are clipped, get bins of their own, as many as the grid has at most.
 */
export function gridBins({ step, first, last }: Pick<Grid, 'step' | 'first' | 'last'>, min: number, max: number): Bins {
  const levels = last - first + 1;
  const from = Math.max(first - Math.floor(levels / 2), Math.min(first, Math.round(min / step)));
  const to = Math.min(last + Math.floor(levels / 2), Math.max(last, Math.round(max / step)));
  const span = to - from + 1;
  const low = (from - 0.5) * step;
  if (span >= mostBins) {
    const levelsEach = Math.ceil(span / mostBins);
    return { low, width: levelsEach * step, count: Math.ceil(span / levelsEach) };
  }
  const parts = Math.floor(mostBins / span);
  const odd = parts % 2 === 0 ? parts - 1 : parts;
  return { low, width: step / odd, count: span * odd };
}

/** Equal bins from the smallest value to the largest, for what has no grid. */
export function plainBins(min: number, max: number): Bins {
  const reach = max > min ? max - min : Math.max(Math.abs(min), 1);
  return { low: max > min ? min : min - reach / 2, width: reach / mostBins, count: mostBins };
}

/** Smallest and largest finite value; zeros where there is none. */
export function extremes(...arrays: readonly ArrayLike<number>[]): [min: number, max: number] {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const values of arrays) {
    for (let i = 0; i < values.length; i++) {
      const x = values[i]!;
      if (x - x !== 0) continue;
      if (x < min) min = x;
      if (x > max) max = x;
    }
  }
  return min <= max ? [min, max] : [0, 0];
}

/**
 * Counts a tensor's values, float and as the codes give them, in the same bins. What lies outside counts in the outermost
 * bins, NaN and infinities nowhere. Memory: the bins.
 */
export class HistogramPair {
  readonly #bins: Bins;
  readonly #grid: Grid | undefined;
  readonly #unit: TensorHistogram['unit'];
  readonly #inverse: number;
  readonly #representable: readonly [low: number, high: number];
  readonly #before: Float64Array;
  readonly #after: Float64Array;
  #count = 0;
  #clipped = 0;

  constructor(bins: Bins, grid: Grid | undefined, unit: TensorHistogram['unit'] = 'value') {
    this.#bins = bins;
    this.#grid = grid;
    this.#unit = unit;
    this.#inverse = 1 / bins.width;
    // Up to half a step beyond the last level a value is rounded, not clipped.
    this.#representable = grid
      ? [(grid.first - 0.5) * grid.step, (grid.last + 0.5) * grid.step]
      : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    this.#before = new Float64Array(bins.count);
    this.#after = new Float64Array(bins.count);
  }

  /** Elements `[from, to)` of both, times a factor. */
  add(before: ArrayLike<number>, after: ArrayLike<number>, from: number, to: number, factor = 1): void {
    // A loop without calls or fields: every weight of a model passes through it.
    const least = this.#representable[0];
    const most = this.#representable[1];
    const { low, count } = this.#bins;
    const inverse = this.#inverse;
    const bins = this.#before;
    const binsAfter = this.#after;
    let counted = 0;
    let clipped = 0;
    for (let i = from; i < to; i++) {
      const x = before[i]! * factor;
      if (x - x === 0) {
        counted++;
        if (x < least || x > most) clipped++;
        const bin = Math.floor((x - low) * inverse);
        bins[bin < 0 ? 0 : bin >= count ? count - 1 : bin]!++;
      }
      const y = after[i]! * factor;
      if (y - y === 0) {
        const bin = Math.floor((y - low) * inverse);
        binsAfter[bin < 0 ? 0 : bin >= count ? count - 1 : bin]!++;
      }
    }
    this.#count += counted;
    this.#clipped += clipped;
  }

  /** @param format of levels that no grid of bins follows. */
  finish(format?: string): TensorHistogram {
    const { low, width, count } = this.#bins;
    const grid = this.#grid;
    return {
      unit: this.#unit,
      low,
      high: low + width * count,
      before: Array.from(this.#before),
      after: Array.from(this.#after),
      count: this.#count,
      clipped: this.#count === 0 ? 0 : this.#clipped / this.#count,
      ...(format !== undefined && { format }),
      ...(grid && {
        codes: {
          format: grid.format,
          scale: grid.scale,
          zeroPoint: grid.zeroPoint,
          channels: grid.channels,
          step: grid.step,
          levels: [grid.first * grid.step, grid.last * grid.step] as const,
        },
      }),
    };
  }
}
