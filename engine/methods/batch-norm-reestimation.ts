import { dot, product } from './linear-algebra.ts';
import type { WeightMethod } from './method.ts';
import { roundToNearest } from './round-to-nearest.ts';
import { type RoundedChannel, stretchedChannels } from './stretched-channels.ts';

/**
 * The nearest codes, then what re-estimating the statistics of the batch normalisation behind the layer would do: with the mean
 * and variance that the compressed network really has, each output channel comes out with the mean and the variance that it had in
 * the float model. Folded as the normalisation is: ŵ·σ/σ̂ and b + μ − μ̂·σ/σ̂, the first into the scales. METHODS A7.
 */
export const batchNormReestimation: WeightMethod = {
  name: 'batch-norm-reestimation',
  title: 'Batch-norm re-estimation',
  description:
    'Rounds to nearest, then gives each output channel the mean and variance that it had in the float model; takes every format.',
  cost: 'Keeps what lies between two layers for the calibration samples; K² steps an output channel of K weights.',
  source: 'METHODS A7, after Sun et al. 2019',
  arguments: [],
  needs: 'samples',
  anyFormat: true,
  quantize(problem) {
    const { samples } = problem;
    return samples === undefined
      ? roundToNearest.quantize(problem, {})
      : stretchedChannels(problem, samples, likeDeviation);
  },
};

/** σ/σ̂ */
function likeDeviation({ metric, targets, weights }: RoundedChannel): number {
  return deviation(targets) / Math.sqrt(dot(weights, product(metric.hessian, weights)));
}

/** Standard deviation. */
function deviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
