import { defaultScale } from '../formats/scales.ts';
import type { Channel, ChannelCodes } from './by-channel.ts';
import { bySamples, goalMetric } from './by-samples.ts';
import { roundChannel } from './descent.ts';
import { descendOnGrid } from './grid-descent.ts';
import type { LayerMetric } from './layer-metric.ts';
import {
  equalizeArgument,
  type LayerSamples,
  smoothArgument,
  type WeightCodes,
  type WeightMethod,
  type WeightProblem,
} from './method.ts';

/** Part of the mean variance by which weights are held to the given ones: a hundred samples are few, and fewer rows still less. */
const damping = ({ length, rows }: LayerSamples) => 0.5 + length / rows;

/**
 * Chooses codes so that the layer's output on what the compressed layers before it give comes closest to the float
 * model's: the weights that would do so best (least squares, held to the given ones), then the codes closest to them in
 * the metric of the input's covariance (coordinate descent; of integers per channel over several ranges, the scale fitted),
 * then the bias. After Nagel et al. 2020 (asymmetric reconstruction) and Behdin et al. 2023 (QuantEase).
 */
export const layerByLayer: WeightMethod = {
  name: 'layer-by-layer',
  title: 'Layer by layer',
  description:
    'Shows each layer what the compressed layers before it give, and picks codes and bias that bring its output back to the float model’s.',
  cost: 'Runs the model once more for each layer on the calibration data; each output channel of K weights takes up to 24 sweeps of K² steps.',
  source: 'after Nagel et al. 2020 (AdaRound) and QuantEase, Behdin et al. 2023',
  arguments: [equalizeArgument, smoothArgument],
  needs: 'samples',
  anyFormat: true,
  quantize(problem) {
    const { samples, format, axis, scale = defaultScale } = problem;
    const mayFitScales = format.kind === 'integer' && axis !== undefined && scale === defaultScale;
    return samples === undefined || mayFitScales
      ? roundedBehind(problem)
      : descendOnGrid(problem, samples, (group) => goalMetric(samples, group, damping(samples)));
  },
};

/** @param look is shown the weights that would answer best, the codes and the metric of each channel, in order */
export function roundedBehind(
  problem: WeightProblem,
  look?: (channel: Channel, wanted: Float32Array, codes: ChannelCodes, metric: LayerMetric) => void,
): WeightCodes {
  const metricOf = (samples: LayerSamples, group: number) => goalMetric(samples, group, damping(samples));
  return bySamples(problem, metricOf, (channel, metric, targets) => {
    const weights = metric.wanted(channel.weights, targets);
    const own = roundChannel({ ...channel, weights }, metric.hessian, problem, { ranges: 'several' });
    look?.(channel, weights, own, metric);
    return own;
  });
}
