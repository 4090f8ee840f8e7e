import { byChannel, type Channel, type ChannelCodes, valuesOf } from './by-channel.ts';
import { type LayerMetric, layerMetric, leastSquares, matchingBias } from './layer-metric.ts';
import type { LayerSamples, WeightCodes, WeightProblem } from './method.ts';
import { roundToNearest } from './round-to-nearest.ts';

/**
 * Codes chosen channel by channel on the layer's samples, and the bias with which each channel answers as the float model does on
 * average. Without samples or a scale per channel: the nearest codes.
 * @param metricOf what is known of the inputs of a group of channels
 * @param choose given also what the float model answers for the channel, one element a row
 */
export function bySamples<Metric extends LayerMetric>(
  problem: WeightProblem,
  metricOf: (samples: LayerSamples, group: number) => Metric,
  choose: (channel: Channel, metric: Metric, targets: Float32Array) => ChannelCodes,
): WeightCodes {
  const { samples, axis } = problem;
  if (samples === undefined || axis === undefined) return roundToNearest.quantize(problem, {});
  const bias = new Float64Array(problem.dims[axis]!);
  const ofGroup = (group: number) => metricOf(samples, group);
  const chosen = byChannel({ ...problem, axis }, samples.groups, ofGroup, (channel, metric) => {
    const targets = samples.targets(channel.index);
    const own = choose(channel, metric, targets);
    bias[channel.index] = matchingBias(metric, targets, valuesOf(own));
    return own;
  });
  return { ...chosen, bias };
}

/** A layer's metric with the weights that would answer its inputs closest to the float model. */
export interface GoalMetric extends LayerMetric {
  readonly wanted: ReturnType<typeof leastSquares>;
}

/** @param damping ridge, as a part of the mean variance */
export function goalMetric(samples: LayerSamples, group: number, damping: number): GoalMetric {
  const metric = layerMetric(samples, group, damping);
  return { ...metric, wanted: leastSquares(metric) };
}
