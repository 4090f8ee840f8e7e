import { type AffineParameters, codeArray, quantizeValue } from '../formats/affine.ts';
import { roundHalfEven } from '../formats/rounding.ts';
import { poll } from '../progress.ts';
import { channelsOf, scatterChannels } from './channels.ts';
import type { Moments, WeightMethod, WeightProblem } from './method.ts';
import { atLeast, roundToNearest, weightParameters } from './round-to-nearest.ts';

/** Part of the mean variance that is added to every variance: keeps directions that calibration never saw in check. */
const damping = 1e-3;
/** Sweeps over a channel's weights; it settles after five to ten. */
const mostSweeps = 24;
/** Ranges tried, as parts of the observer's: with many codes the whole range is best. */
const fractionsOf = (bits: number) => (bits > 6 ? [1] : [1, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5]);

/**
 * Chooses codes that keep the layer's *output* close, not each weight: minimises E[((ŵ − w)·(x − x̄))²] over the codes
 * of an output channel by coordinate descent, starting from round to nearest, and takes the mean error (ŵ − w)·x̄ into
 * the bias. Weights that are exactly zero stay zero. Without moments or a scale per channel it rounds to nearest. After QuantEase (Behdin et al. 2023), with a bias.
 */
export const coordinateDescent: WeightMethod = {
  name: 'coordinate-descent',
  title: 'Least output error',
  description:
    'Picks the codes of each output channel that keep the layer’s output closest on the calibration data, and corrects the bias for the rest.',
  cost: 'For K weights an output channel: calibration collects a K × K covariance, and each channel takes up to 24 sweeps of K² steps.',
  source: 'after QuantEase, Behdin et al. 2023',
  arguments: [
    {
      name: 'equalize',
      description:
        'How far the channels in front of a depthwise convolution are first brought to a common range: 0 not at all, 1 fully.',
      initial: 0.5,
      min: 0,
      max: 1,
    },
  ],
  needs: 'moments',
  quantize(problem) {
    const { moments, axis, format, dims } = problem;
    if (moments === undefined || axis === undefined) return roundToNearest.quantize(problem, {});
    const parameters = weightParameters(problem);
    const weights = channelsOf(problem);
    const scale = new Float32Array(weights.length);
    const zeroPoint = new Int32Array(weights.length);
    const biasShift = new Float64Array(weights.length);
    const perGroup = weights.length / moments.groups;
    const rounded: Int32Array[] = [];
    for (let group = 0; group < moments.groups; group++) {
      const hessian = damped(moments, group);
      const mean = moments.mean(group);
      for (let channel = group * perGroup; channel < (group + 1) * perGroup; channel++) {
        const best = roundChannel(weights[channel]!, hessian, parameters[channel]!, problem, channel);
        scale[channel] = best.parameters.scale;
        zeroPoint[channel] = best.parameters.zeroPoint;
        biasShift[channel] = -best.change.reduce((sum, change, k) => sum + change * mean[k]!, 0);
        rounded.push(best.codes);
      }
    }
    const codes = codeArray(format, problem.values.length);
    scatterChannels(codes, dims, axis, rounded);
    return { scale, zeroPoint, codes, biasShift };
  },
};

function damped(moments: Moments, group: number): Float64Array {
  const matrix = moments.covariance(group).slice();
  const n = moments.length;
  let trace = 0;
  for (let k = 0; k < n; k++) trace += matrix[k * n + k]!;
  const added = trace > 0 ? (damping * trace) / n : 1;
  for (let k = 0; k < n; k++) matrix[k * n + k]! += added;
  return matrix;
}

interface Rounded {
  readonly parameters: AffineParameters;
  readonly codes: Int32Array;
  /** ŵ − w. */
  readonly change: Float64Array;
  readonly error: number;
}

/** The best of several ranges by plain rounding, then improved by descent. */
function roundChannel(
  weights: Float32Array,
  hessian: Float64Array,
  whole: AffineParameters,
  problem: WeightProblem,
  channel: number,
): Rounded {
  let best: Rounded | undefined;
  const least = problem.leastScale(channel);
  for (const fraction of fractionsOf(problem.format.bits)) {
    poll();
    const parameters = { ...whole, scale: atLeast(Math.max(whole.scale * fraction, least)) };
    const tried = nearest(weights, hessian, parameters, problem);
    if (best === undefined || tried.error < best.error) best = tried;
  }
  return descend(weights, hessian, best!, problem);
}

function nearest(
  weights: Float32Array,
  hessian: Float64Array,
  parameters: AffineParameters,
  { range }: WeightProblem,
): Rounded {
  const codes = Int32Array.from(weights, (weight) => quantizeValue(weight, parameters, range));
  const change = changeOf(weights, codes, parameters);
  const gradient = product(hessian, change);
  return { parameters, codes, change, error: dot(change, gradient) };
}

function changeOf(weights: Float32Array, codes: Int32Array, { scale, zeroPoint }: AffineParameters): Float64Array {
  return Float64Array.from(weights, (weight, k) => (codes[k]! - zeroPoint) * scale - weight);
}

/** Moves one code at a time to where the error is least, until no move helps. */
function descend(weights: Float32Array, hessian: Float64Array, start: Rounded, { range }: WeightProblem): Rounded {
  const n = weights.length;
  const { scale } = start.parameters;
  const [low, high] = range;
  const codes = start.codes.slice();
  const change = start.change.slice();
  const gradient = product(hessian, change);
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    let moved = false;
    poll();
    for (let k = 0; k < n; k++) {
      if (weights[k] === 0) continue;
      const wanted = codes[k]! - gradient[k]! / (hessian[k * n + k]! * scale);
      const code = Math.min(high, Math.max(low, roundHalfEven(wanted)));
      const step = (code - codes[k]!) * scale;
      // A tie changes nothing, and would never settle.
      if (step === 0 || 2 * gradient[k]! * step + hessian[k * n + k]! * step * step >= 0) continue;
      codes[k] = code;
      change[k]! += step;
      for (let j = 0; j < n; j++) gradient[j]! += hessian[k * n + j]! * step;
      moved = true;
    }
    if (!moved) break;
  }
  return {
    parameters: start.parameters,
    codes,
    change: changeOf(weights, codes, start.parameters),
    error: dot(change, gradient),
  };
}

/** Symmetric matrix times vector. */
function product(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  const out = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    const factor = vector[k]!;
    if (factor === 0) continue;
    const row = k * n;
    for (let j = 0; j < n; j++) out[j]! += matrix[row + j]! * factor;
  }
  return out;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
