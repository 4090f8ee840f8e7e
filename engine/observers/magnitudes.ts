import type { Histogram } from './histogram.ts';

/**
 * Histogram of |x|: bin `i` counts magnitudes in `[i·width, (i + 1)·width)`, up to the last one that holds any. Exact zeros are
 * not in it: no code's error depends on them.
 */
export interface Magnitudes {
  readonly counts: Float64Array;
  readonly width: number;
}

/** Both sides of a histogram folded into one. */
export function magnitudesOf({ counts, width }: Histogram): Magnitudes {
  const half = counts.length / 2;
  const folded = new Float64Array(half);
  for (let i = 0; i < half; i++) folded[i] = counts[half + i]! + counts[half - 1 - i]!;
  let end = half;
  while (end > 0 && folded[end - 1] === 0) end--;
  return { counts: folded.subarray(0, end), width };
}

/** The same magnitudes over `[0, reach]` in that many bins of one width; a bin that is cut gives to each side its share. */
export function rebinned({ counts, width }: Magnitudes, bins: number, reach: number): Magnitudes {
  const own = reach / bins;
  const out = new Float64Array(bins);
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!;
    if (count === 0) continue;
    const from = i * width;
    const to = Math.min((i + 1) * width, Math.max(reach, from));
    for (let bin = Math.min(bins - 1, Math.floor(from / own)); bin < bins; bin++) {
      const last = bin === bins - 1 || (bin + 1) * own >= to;
      const share = to > from ? ((last ? to : (bin + 1) * own) - Math.max(from, bin * own)) / (to - from) : 1;
      out[bin]! += count * share;
      if (last) break;
    }
  }
  return { counts: out, width: own };
}
