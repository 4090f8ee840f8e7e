import { quantizeValue } from '../formats/affine.ts';
import { byChannel, type ChannelCodes, valuesOf } from './by-channel.ts';
import { layerMetric, leastSquares, matchingBias } from './layer-metric.ts';
import { dot, product } from './linear-algebra.ts';
import type { WeightMethod } from './method.ts';
import { atLeast, roundToNearest } from './round-to-nearest.ts';

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
  arguments: [],
  needs: 'samples',
  quantize(problem) {
    const { samples, axis, range } = problem;
    if (samples === undefined || axis === undefined) return roundToNearest.quantize(problem, {});
    const bias = new Float64Array(problem.dims[axis]!);
    const metricOf = (group: number) => {
      const metric = layerMetric(samples, group, ridge);
      return { ...metric, wanted: leastSquares(metric) };
    };
    const chosen = byChannel({ ...problem, axis }, samples.groups, metricOf, (channel, metric) => {
      const { weights, whole, leastScale } = channel;
      const targets = samples.targets(channel.index);
      const goal = metric.wanted(weights, targets);
      let best: (ChannelCodes & { readonly error: number }) | undefined;
      for (let i = tries; i > 0; i--) {
        const parameters = { ...whole, scale: atLeast(Math.max((whole.scale * i) / tries, leastScale)) };
        const codes = Int32Array.from(weights, (weight) => quantizeValue(weight, parameters, range));
        const change = valuesOf({ codes, parameters }).map((value, k) => value - goal[k]!);
        const error = dot(change, product(metric.hessian, change));
        if (best === undefined || error < best.error) best = { parameters, codes, error };
      }
      bias[channel.index] = matchingBias(metric, targets, valuesOf(best!));
      return best!;
    });
    return { ...chosen, bias };
  },
};
