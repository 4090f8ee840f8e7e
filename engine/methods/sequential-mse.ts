import { quantizeValue } from '../formats/affine.ts';
import { type ChannelCodes, valuesOf } from './by-channel.ts';
import { bySamples, goalMetric } from './by-samples.ts';
import { dot, product } from './linear-algebra.ts';
import { type LayerSamples, smoothArgument, type WeightMethod } from './method.ts';
import { atLeast } from './round-to-nearest.ts';

const tries = 20;
const ridge = 0.01;

/**
 * Nearest codes at the scale that keeps the layer's output closest to the float model's, behind the compressed layers before
 * it; of twenty parts of the observer's range the best.
 */
export const sequentialMse: WeightMethod = {
  name: 'sequential-mse',
  title: 'Range by output error',
  description:
    'Rounds to nearest at the range that keeps the layer’s output closest, layer by layer behind the compressed ones.',
  cost: 'Keeps what lies between two layers for the calibration samples; each channel tries some ranges on them.',
  source: 'after AIMET’s sequential MSE',
  arguments: [smoothArgument],
  needs: 'samples',
  quantize(problem) {
    const { range } = problem;
    const metricOf = (samples: LayerSamples, group: number) => goalMetric(samples, group, ridge);
    return bySamples(problem, metricOf, ({ weights, whole, leastScale }, { wanted, hessian }, targets) => {
      const goal = wanted(weights, targets);
      let best: (ChannelCodes & { readonly error: number }) | undefined;
      for (let i = tries; i > 0; i--) {
        const parameters = { ...whole, scale: atLeast(Math.max((whole.scale * i) / tries, leastScale)) };
        const codes = Int32Array.from(weights, (weight) => quantizeValue(weight, parameters, range));
        const change = valuesOf({ codes, parameters }).map((value, k) => value - goal[k]!);
        const error = dot(change, product(hessian, change));
        if (best === undefined || error < best.error) best = { parameters, codes, error };
      }
      return best!;
    });
  },
};
