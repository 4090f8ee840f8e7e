import type { Coder } from '../formats/format.ts';
import { packParameters } from '../formats/held-tensor.ts';
import { poll } from '../progress.ts';
import type { GoalMetric } from './by-samples.ts';
import { channelPlaces, layerCoding } from './layer-coding.ts';
import { matchingBias } from './layer-metric.ts';
import { product } from './linear-algebra.ts';
import type { LayerSamples, WeightCodes, WeightProblem } from './method.ts';

/** Sweeps over a channel's weights. */
const mostSweeps = 24;

/**
 * Codes in any format and granularity with which a layer answers its samples closest to the float model: the parameters are those
 * of the weights as they are, the codes go one at a time to the level where the error in the metric is least.
 */
export function descendOnGrid(
  problem: WeightProblem,
  samples: LayerSamples,
  metricOf: (group: number) => GoalMetric,
): WeightCodes {
  const { values, format, dims, outputAxis } = problem;
  const { sets, coders, setOf, codes } = layerCoding(problem);
  const { placeOf, stride } = channelPlaces(problem);
  const n = samples.length;
  const places = Int32Array.from({ length: n }, (_, k) => placeOf(k));
  const channels = dims[outputAxis]!;
  const bias = new Float64Array(channels);
  const perGroup = channels / samples.groups;
  for (let group = 0; group < samples.groups; group++) {
    const metric = metricOf(group);
    for (let channel = group * perGroup; channel < (group + 1) * perGroup; channel++) {
      const at = places.map((place) => place + channel * stride);
      const targets = samples.targets(channel);
      const goal = metric.wanted(
        Float32Array.from(at, (place) => values[place]!),
        targets,
      );
      const own = descend(goal, metric.hessian, (k) => coders[setOf[at[k]!]!]!);
      for (let k = 0; k < n; k++) codes[at[k]!] = own.codes[k]!;
      bias[channel] = matchingBias(metric, targets, own.values);
    }
  }
  return { ...packParameters(format, sets), codes, bias };
}

/** Moves one code at a time to the level nearest to where the error is least, until no move helps. Zeros stay where the format has one. */
function descend(goal: Float32Array, hessian: Float64Array, coderOf: (input: number) => Coder) {
  const n = goal.length;
  const codes = new Int32Array(n);
  const values = new Float64Array(n);
  const isFixed = new Uint8Array(n);
  for (let k = 0; k < n; k++) {
    const { encode, decode } = coderOf(k);
    codes[k] = encode(goal[k]!);
    values[k] = decode(codes[k]!);
    isFixed[k] = goal[k] === 0 && values[k] === 0 ? 1 : 0;
  }
  const gradient = product(
    hessian,
    values.map((value, k) => value - goal[k]!),
  );
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    let moved = false;
    poll();
    for (let k = 0; k < n; k++) {
      if (isFixed[k] === 1) continue;
      const { encode, decode } = coderOf(k);
      const curvature = hessian[k * n + k]!;
      const code = encode(values[k]! - gradient[k]! / curvature);
      const step = decode(code) - values[k]!;
      // A tie changes nothing, and would never settle; a format may not round to the nearest level.
      if (step === 0 || 2 * gradient[k]! * step + curvature * step * step >= 0) continue;
      codes[k] = code;
      values[k]! += step;
      for (let j = 0; j < n; j++) gradient[j]! += hessian[k * n + j]! * step;
      moved = true;
    }
    if (!moved) break;
  }
  return { codes, values };
}
