import { quantizeValue } from '../formats/affine.ts';
import { byChannel, valuesOf } from './by-channel.ts';
import type { WeightMethod } from './method.ts';
import { roundToNearest } from './round-to-nearest.ts';

/**
 * Nearest codes; the mean of what rounding changes in each output channel, known from the mean of the layer's inputs, is taken
 * into the bias. After Nagel et al. 2019 (empirical bias correction).
 */
export const biasCorrection: WeightMethod = {
  name: 'bias-correction',
  title: 'Bias correction',
  description: 'Rounds to nearest and takes the mean error of every output channel into its bias.',
  cost: 'Calibration collects the mean of each layer’s inputs; one pass over the weights.',
  source: 'after Nagel et al. 2019',
  arguments: [],
  needs: 'moments',
  quantize(problem) {
    const { moments, axis, range } = problem;
    if (moments === undefined || axis === undefined) return roundToNearest.quantize(problem, {});
    const biasShift = new Float64Array(problem.dims[axis]!);
    const chosen = byChannel({ ...problem, axis }, moments.groups, moments.mean.bind(moments), (channel, mean) => {
      const { weights, whole: parameters } = channel;
      const own = { parameters, codes: Int32Array.from(weights, (weight) => quantizeValue(weight, parameters, range)) };
      biasShift[channel.index] = valuesOf(own).reduce((sum, value, k) => sum - (value - weights[k]!) * mean[k]!, 0);
      return own;
    });
    return { ...chosen, biasShift };
  },
};
