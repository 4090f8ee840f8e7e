import { axisBlocks, forEachBlockRun } from '../formats/blocks.ts';
import { decodeTensor } from '../formats/held-tensor.ts';
import { defaultScale } from '../formats/scales.ts';
import { poll } from '../progress.ts';
import { channelsOf, endsOf } from './channels.ts';
import { type LayerMetric, layerMetric, matchingBias } from './layer-metric.ts';
import type { LayerSamples, WeightCodes, WeightProblem } from './method.ts';
import { atLeast, roundToNearest } from './round-to-nearest.ts';

/** An output channel as it was rounded, and what it is to answer on the samples. */
export interface RoundedChannel {
  readonly metric: LayerMetric;
  readonly targets: Float32Array;
  readonly weights: Float64Array;
}

/**
 * The nearest codes, kept as they are; the scales of each output channel are multiplied by a factor, and its bias takes the mean
 * that is left. Scales that channels share, or that the format or the spec restricts, stay.
 * @param factorOf what a channel is multiplied by; counts where it is positive and finite
 */
export function stretchedChannels(
  problem: WeightProblem,
  samples: LayerSamples,
  factorOf: (channel: RoundedChannel) => number,
): WeightCodes {
  const { format, dims, axis, blocks, outputAxis, range, leastScale } = problem;
  const start = roundToNearest.quantize(problem, {});
  const coding = { ...start, range, ...(axis !== undefined && { axis }), ...(blocks !== undefined && { blocks }) };
  const values = decodeTensor(start.codes, dims, { ...coding, format: format.name });
  const rounded = channelsOf({ values, dims, axis: outputAxis });
  const sets = setsOfChannels(problem, start.scale.length);
  const [scale, basis] = [start.scale.slice(), start.basis?.slice()];
  const { basisLength } = format;
  const stretch = (set: number, factor: number) => {
    if (basis !== undefined && hasLevelsForScale(problem)) {
      for (let i = set * basisLength; i < (set + 1) * basisLength; i++) basis[i]! *= factor;
      return factor;
    }
    scale[set] = atLeast(Math.max(start.scale[set]! * factor, leastScale(set)));
    return scale[set]! / start.scale[set]!;
  };
  const bias = new Float64Array(rounded.length);
  const perGroup = rounded.length / samples.groups;
  for (let group = 0; group < samples.groups; group++) {
    const metric = layerMetric(samples, group, 0);
    for (let channel = group * perGroup; channel < (group + 1) * perGroup; channel++) {
      poll();
      const targets = samples.targets(channel);
      const weights = Float64Array.from(rounded[channel]!);
      const wanted = factorOf({ metric, targets, weights });
      let factor = 1;
      if (wanted > 0 && Number.isFinite(wanted)) for (const set of sets[channel]!) factor = stretch(set, wanted);
      bias[channel] = matchingBias(
        metric,
        targets,
        weights.map((weight) => weight * factor),
      );
    }
  }
  return { ...start, scale, ...(basis && { basis }), bias };
}

/** Whether a format has no scale: its levels, which come of the data, take the place. */
function hasLevelsForScale({ format }: WeightProblem): boolean {
  return format.basisLength > 0 && format.scaleBits === 0;
}

/** The sets of parameters that are each output channel's alone; none where the format or the spec restricts scales. */
function setsOfChannels(problem: WeightProblem, count: number): readonly (readonly number[])[] {
  const { format, dims, axis, blocks, outputAxis, scale = defaultScale } = problem;
  const sets: number[][] = Array.from({ length: dims[outputAxis]! }, () => []);
  const isFree = hasLevelsForScale(problem) || (format.scaleBits === undefined && scale === defaultScale);
  if (!isFree) return sets;
  const { output } = endsOf(dims, outputAxis);
  const owners: (number | 'several')[] = new Array(count);
  forEachBlockRun(blocks ?? axisBlocks(dims, axis), (set, from, to) => {
    for (let at = from; at < to; at++) {
      const own = output(at);
      owners[set] = owners[set] === undefined || owners[set] === own ? own : 'several';
    }
  });
  for (const [set, owner] of owners.entries()) if (typeof owner === 'number') sets[owner]!.push(set);
  return sets;
}
