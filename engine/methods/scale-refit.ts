import { correlation } from './layer-metric.ts';
import { dot, product } from './linear-algebra.ts';
import type { WeightMethod } from './method.ts';
import { roundToNearest } from './round-to-nearest.ts';
import { type RoundedChannel, stretchedChannels } from './stretched-channels.ts';

/**
 * The nearest codes, then frozen; each output channel's scale is multiplied by what brings its answers closest to the
 * float model's behind the compressed layers before it, γ = ⟨y, ŷ⟩ / ⟨ŷ, ŷ⟩, both about their means, and its bias takes the mean
 * that is left (METHODS A2, “OMSE+opt”, with ranges by `observe mse`). A codebook's levels are its scale.
 */
export const scaleRefit: WeightMethod = {
  name: 'scale-refit',
  title: 'Scale refit (OMSE+opt)',
  description:
    'Rounds to nearest, then fits each channel’s scale and bias to the layer’s output, codes as they are; takes every format.',
  cost: 'Keeps what lies between two layers for the calibration samples; K² steps an output channel of K weights.',
  source: 'METHODS A2, after Choukroun et al. 2019',
  arguments: [],
  needs: 'samples',
  anyFormat: true,
  perChannel: true,
  quantize(problem) {
    const { samples } = problem;
    return samples === undefined
      ? roundToNearest.quantize(problem, {})
      : stretchedChannels(problem, samples, leastSquares);
  },
};

/** γ; negative for a channel that answers the wrong way round, not a number for one that does not answer. */
function leastSquares({ metric, targets, weights }: RoundedChannel): number {
  return dot(correlation(metric, targets), weights) / dot(weights, product(metric.hessian, weights));
}
