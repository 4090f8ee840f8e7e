import type { AffineParameters, CodeRange } from '../formats/affine.ts';
import type { NumberFormat } from '../formats/format.ts';
import type { Histogram } from './histogram.ts';
import { HistogramObserver } from './kept.ts';
import type { ObserverKind, Scheme } from './observer.ts';
import { clipped, covering, levelsOfMagnitude } from './parameters.ts';

/** Below it deviations look like a Gaussian's (E|x| = 0.798 σ), above it like a Laplacian's (0.707 σ). */
const betweenShapes = (Math.sqrt(2 / Math.PI) + Math.SQRT1_2) / 2;

class AciqObserver extends HistogramObserver {
  finish(format: NumberFormat, scheme: Scheme, range: CodeRange = [format.low, format.high]): AffineParameters {
    const { min, max } = this.seen;
    const codes = range[1] - range[0] + 1;
    // One side is a rectified distribution around zero: its range is half of the whole one's, and has as many codes.
    if (min >= 0 || max <= 0 || scheme === 'symmetric') {
      const { deviation, meanDeviation } = spreadOf(this.histogram, 0);
      const clip = bestClip(deviation, meanDeviation, 2 * levelsOfMagnitude(min, format, scheme, range));
      return clipped(this.seen, clip, format, scheme, range);
    }
    const middle = meanOf(this.histogram);
    const { deviation, meanDeviation } = spreadOf(this.histogram, middle);
    const clip = bestClip(deviation, meanDeviation, codes);
    return covering(Math.max(min, middle - clip), Math.min(max, middle + clip), format, scheme, range);
  }
}

/** Of all elements, zeros among them. */
function meanOf(histogram: Histogram): number {
  let sum = 0;
  for (const [bin, count] of histogram.counts.entries())
    if (count > 0) sum += count * (histogram.edge(bin) + histogram.width / 2);
  return histogram.seen.count === 0 ? 0 : sum / histogram.seen.count;
}

/** Root of the mean square and mean of the absolute deviation; around zero without the zeros, which a rectifier may have made. */
function spreadOf(
  histogram: Histogram,
  middle: number,
): { readonly deviation: number; readonly meanDeviation: number } {
  let [count, squares, absolute] =
    middle === 0 ? [0, 0, 0] : [histogram.zeros, histogram.zeros * middle ** 2, histogram.zeros * Math.abs(middle)];
  for (const [bin, inside] of histogram.counts.entries()) {
    if (inside === 0) continue;
    const distance = Math.abs(histogram.edge(bin) + histogram.width / 2 - middle);
    count += inside;
    squares += inside * distance * distance;
    absolute += inside * distance;
  }
  return count === 0
    ? { deviation: 0, meanDeviation: 0 }
    : { deviation: Math.sqrt(squares / count), meanDeviation: absolute / count };
}

/**
 * The clip α on either side that minimises the expected squared error of clipping and of rounding to `codes` values, α²/(3·codes²):
 * of a Gaussian or of a Laplacian, whichever the deviations look like.
 */
export function bestClip(deviation: number, meanDeviation: number, codes: number): number {
  if (!(deviation > 0)) return 0;
  const gaussian = meanDeviation / deviation > betweenShapes;
  return gaussian
    ? deviation * root((clip) => gaussianSlope(clip, codes))
    : meanDeviation * root((clip) => laplaceSlope(clip, codes));
}

/** d/dα of the error for a Laplacian of scale 1: 2·e^−α of clipping. */
function laplaceSlope(clip: number, codes: number): number {
  return (2 * clip) / (3 * codes ** 2) - 2 * Math.exp(-clip);
}

/** d/dα of the error for N(0, 1): 2·(φ(α) − α·(1 − Φ(α)))·2 of clipping on both sides. */
function gaussianSlope(clip: number, codes: number): number {
  const density = Math.exp((-clip * clip) / 2) / Math.sqrt(2 * Math.PI);
  return (2 * clip) / (3 * codes ** 2) - 4 * density * (1 - clip * millsRatio(clip));
}

/** 1 − Φ(x) of the standard normal over φ(x), for x > 0: Laplace's continued fraction. Rough below ½, where no clip lies. */
function millsRatio(x: number): number {
  let rest = x;
  for (let k = 100; k > 0; k--) rest = x + k / rest;
  return 1 / rest;
}

/** Where a slope that begins below zero crosses it. */
function root(slope: (clip: number) => number): number {
  let [low, high] = [0, 64];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Banner, Nahshan, Hoffer and Soudry, "Post training 4-bit quantization of convolutional networks", NeurIPS 2019: ACIQ. */
export const aciq: ObserverKind = {
  name: 'aciq',
  title: 'Analytical clipping',
  description:
    'Clips where a Gaussian or a Laplacian with the spread of the data has its least expected error. Made for few bits.',
  cost: 'One pass into a histogram of 8,192 bins (64 KiB) a tensor; the threshold is computed.',
  source: 'Banner et al. 2019 (arXiv 1810.05723)',
  arguments: [],
  create: () => new AciqObserver(),
};
