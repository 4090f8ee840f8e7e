import { meanError } from './mean-error.ts';
import type { WeightMethod } from './method.ts';
import { roundToNearest } from './round-to-nearest.ts';

/**
 * Nearest codes; the mean of what rounding changes in each output channel, known from the mean of the layer's inputs, is taken
 * into the bias. After Nagel et al. 2019 (empirical bias correction).
 */
export const biasCorrection: WeightMethod = {
  name: 'bias-correction',
  title: 'Bias correction',
  description: 'Rounds to nearest and takes the mean error of every output channel into its bias; takes every format.',
  cost: 'Calibration collects the mean of each layer’s inputs; one pass over the weights.',
  source: 'after Nagel et al. 2019',
  arguments: [],
  needs: 'moments',
  anyFormat: true,
  quantize(problem) {
    const { moments } = problem;
    const nearest = roundToNearest.quantize(problem, {});
    return moments === undefined ? nearest : { ...nearest, biasShift: meanError(problem, nearest, moments) };
  },
};
