import { meanError } from './mean-error.ts';
import type { WeightMethod } from './method.ts';
import { roundToNearest } from './round-to-nearest.ts';

/**
 * Nearest codes after cross-layer equalisation and absorption of high biases (`engine/rescaling/data-free.ts`); the mean of what
 * rounding changes in each output channel, known from the batch normalisation before the layer, is taken into its bias. Nagel et
 * al. 2019, sections 4.1 and 4.2.
 */
export const dataFree: WeightMethod = {
  name: 'data-free',
  title: 'Data-free quantisation',
  description:
    'Equalises the weights of neighbouring layers, absorbs high biases, rounds to nearest and corrects the bias by what batch normalisations tell: no data.',
  cost: 'A few passes over the weights.',
  source: 'Nagel et al. 2019 (arXiv 1906.04721)',
  arguments: [
    {
      name: 'cross-layer',
      description: 'Whether ranges of weights are equalised across layers: 1 yes, 0 no.',
      initial: 1,
      min: 0,
      max: 1,
    },
    {
      name: 'absorb',
      description:
        'Standard deviations below its mean down to which a channel’s bias is left where it is; 0: no bias is moved.',
      initial: 3,
      min: 0,
      max: 10,
    },
    {
      name: 'correct',
      description: 'Whether the mean error of each output channel is taken into its bias: 1 yes, 0 no.',
      initial: 1,
      min: 0,
      max: 1,
    },
  ],
  anyFormat: true,
  dataFree: true,
  quantize(problem, { correct = 1 }) {
    const nearest = roundToNearest.quantize(problem, {});
    const { means } = problem;
    if (means === undefined || correct < 0.5) return nearest;
    return { ...nearest, biasShift: meanError(problem, nearest, means) };
  },
};
