import { type AffineParameters, quantizeValue, usableScale } from '../formats/affine.ts';
import { withScales } from '../formats/scales.ts';
import { poll } from '../progress.ts';
import { channelsOf } from './channels.ts';
import type { WeightMethod, WeightProblem } from './method.ts';
import { atLeast, nearestCodes, weightParameters } from './round-to-nearest.ts';

/** Scales that are tried, evenly from this part of the whole range's up to all of it; the best are then refined. */
const [tries, narrowest] = [100, 0.1];
/** The best so many of them. */
const refined = 5;
const mostRounds = 50;

/**
 * The scale with the least squared error of the weights themselves: of many scales, the best refined by turns of nearest codes
 * and the closed form α = ⟨w, q⟩ / ⟨q, q⟩, the best. No data. With weights per channel this is the paper's kernel-wise
 * quantisation; of sums of tensors (its dual tensors) the format fits the scales to the same end.
 */
export const omse: WeightMethod = {
  name: 'omse',
  title: 'Least squared error (OMSE)',
  description: 'Fits each channel’s scale so that the squared error of its weights is least; needs no data.',
  cost: 'For each channel up to a few hundred scales tried on its weights; no data.',
  source: 'METHODS A2, after Choukroun et al. 2019',
  arguments: [],
  anyGranularity: true,
  sums: true,
  quantize(problem) {
    if (problem.format.sum !== undefined) return nearestCodes(problem, weightParameters(problem));
    const whole = weightParameters({ ...problem, observer: { name: 'min-max', arguments: {} } });
    const parameters = channelsOf(problem).map((weights, channel) =>
      fitted(weights, whole[channel]!, problem, channel),
    );
    return nearestCodes(problem, withScales(parameters, problem.scale, problem.range));
  },
};

function fitted(
  weights: Float32Array,
  whole: AffineParameters,
  { range, leastScale }: WeightProblem,
  channel: number,
): AffineParameters {
  const least = leastScale(channel);
  const starts = Array.from({ length: tries }, (_, i): Fit => {
    poll();
    const scale = atLeast(Math.max(whole.scale * (1 - ((1 - narrowest) * i) / tries), least));
    return fitOf(weights, { ...whole, scale }, range);
  });
  const promising = starts.toSorted((a, b) => a.error - b.error).slice(0, refined);
  return promising.map((start) => settled(weights, start, range, least)).reduce((a, b) => (b.error < a.error ? b : a))
    .parameters;
}

interface Fit {
  readonly parameters: AffineParameters;
  readonly error: number;
  /** ⟨w, q⟩ / ⟨q, q⟩ for the nearest codes. */
  readonly closedForm: number;
}

/** Nearest codes and the closed form by turns, while they help. */
function settled(weights: Float32Array, start: Fit, range: WeightProblem['range'], least: number): Fit {
  let best = start;
  for (let round = 0; round < mostRounds; round++) {
    poll();
    const next = fitOf(weights, { ...best.parameters, scale: atLeast(Math.max(best.closedForm, least)) }, range);
    if (!(next.error < best.error)) break;
    best = next;
  }
  return best;
}

function fitOf(weights: Float32Array, parameters: AffineParameters, range: WeightProblem['range']): Fit {
  let [cross, square, error] = [0, 0, 0];
  for (const weight of weights) {
    const steps = quantizeValue(weight, parameters, range) - parameters.zeroPoint;
    cross += weight * steps;
    square += steps * steps;
    error += (weight - steps * parameters.scale) ** 2;
  }
  return { parameters, error, closedForm: square > 0 && cross > 0 ? usableScale(cross / square) : parameters.scale };
}
