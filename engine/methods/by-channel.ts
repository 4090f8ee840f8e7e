import { type AffineParameters, codeArray } from '../formats/affine.ts';
import { poll } from '../progress.ts';
import { channelsOf, scatterChannels } from './channels.ts';
import type { WeightCodes, WeightProblem } from './method.ts';
import { weightParameters } from './round-to-nearest.ts';

/** One output channel of a weight. */
export interface Channel {
  readonly index: number;
  readonly weights: Float32Array;
  /** The observer's range of it. */
  readonly whole: AffineParameters;
  /** Its scale must not be below this. */
  readonly leastScale: number;
}

/** What a method chose for a channel. */
export interface ChannelCodes {
  readonly parameters: AffineParameters;
  readonly codes: Int32Array;
}

/** A problem whose weights have a scale per channel. */
export type ChannelwiseProblem = WeightProblem & { readonly axis: number };

/**
 * Codes chosen channel by channel.
 * @param metricOf what is known of the inputs of a group of channels; made when its first channel is due, dropped after its last
 */
export function byChannel<Metric>(
  problem: ChannelwiseProblem,
  groups: number,
  metricOf: (group: number) => Metric,
  choose: (channel: Channel, metric: Metric) => ChannelCodes,
): WeightCodes {
  const parameters = weightParameters(problem);
  const weights = channelsOf(problem);
  const scale = new Float32Array(weights.length);
  const zeroPoint = new Int32Array(weights.length);
  const chosen: Int32Array[] = [];
  const perGroup = weights.length / groups;
  for (let group = 0; group < groups; group++) {
    const metric = metricOf(group);
    for (let index = group * perGroup; index < (group + 1) * perGroup; index++) {
      poll();
      const leastScale = problem.leastScale(index);
      const own = choose({ index, weights: weights[index]!, whole: parameters[index]!, leastScale }, metric);
      scale[index] = own.parameters.scale;
      zeroPoint[index] = own.parameters.zeroPoint;
      chosen.push(own.codes);
    }
  }
  const codes = codeArray(problem.format, problem.values.length);
  scatterChannels(codes, problem.dims, problem.axis, chosen);
  return { scale, zeroPoint, codes };
}

/** What a channel's codes stand for. */
export function valuesOf({ codes, parameters: { scale, zeroPoint } }: ChannelCodes): Float64Array {
  return Float64Array.from(codes, (code) => (code - zeroPoint) * scale);
}
