import { axisBlocks, forEachBlockRun } from '../formats/blocks.ts';
import { decodeTensor } from '../formats/held-tensor.ts';
import { defaultScale } from '../formats/scales.ts';
import { poll } from '../progress.ts';
import { channelsOf, endsOf } from './channels.ts';
import { layerMetric, matchingBias } from './layer-metric.ts';
import { dot, product } from './linear-algebra.ts';
import type { LayerSamples, WeightCodes, WeightMethod, WeightProblem } from './method.ts';
import { atLeast, roundToNearest } from './round-to-nearest.ts';

/**
 * The nearest codes, then what re-estimating the statistics of the batch normalisation behind the layer would do: with the mean
 * and variance that the compressed network really has, each output channel comes out with the mean and the variance that it had in
 * the float model. Folded as the normalisation is: ŵ·σ/σ̂ and b + μ − μ̂·σ/σ̂, the first into the scales. METHODS A7.
 */
export const batchNormReestimation: WeightMethod = {
  name: 'batch-norm-reestimation',
  title: 'Batch-norm re-estimation',
  description:
    'Rounds to nearest, then gives each output channel the mean and variance that it had in the float model; takes every format.',
  cost: 'Keeps what lies between two layers for the calibration samples; K² steps an output channel of K weights.',
  source: 'METHODS A7, after Sun et al. 2019',
  arguments: [],
  needs: 'samples',
  anyFormat: true,
  quantize(problem) {
    const { samples } = problem;
    const start = roundToNearest.quantize(problem, {});
    return samples === undefined ? start : reestimated(start, problem, samples);
  },
};

function reestimated(start: WeightCodes, problem: WeightProblem, samples: LayerSamples): WeightCodes {
  const { format, dims, axis, blocks, outputAxis, range, leastScale } = problem;
  const coding = { ...start, range, ...(axis !== undefined && { axis }), ...(blocks !== undefined && { blocks }) };
  const values = decodeTensor(start.codes, dims, { ...coding, format: format.name });
  const rounded = channelsOf({ values, dims, axis: outputAxis });
  const sets = setsOfChannels(problem, start.scale.length);
  const [scale, basis] = [start.scale.slice(), start.basis?.slice()];
  const { basisLength } = format;
  const stretch = (set: number, factor: number) => {
    if (basis === undefined) scale[set] = atLeast(Math.max(start.scale[set]! * factor, leastScale(set)));
    else for (let i = set * basisLength; i < (set + 1) * basisLength; i++) basis[i]! *= factor;
    return basis === undefined ? scale[set]! / start.scale[set]! : factor;
  };
  const bias = new Float64Array(rounded.length);
  const perGroup = rounded.length / samples.groups;
  for (let group = 0; group < samples.groups; group++) {
    const metric = layerMetric(samples, group, 0);
    for (let channel = group * perGroup; channel < (group + 1) * perGroup; channel++) {
      poll();
      const targets = samples.targets(channel);
      const weights = Float64Array.from(rounded[channel]!);
      const own = Math.sqrt(dot(weights, product(metric.hessian, weights)));
      const wanted = deviation(targets) / own;
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

/** The sets of parameters that are each output channel's alone; none where the format or the spec restricts scales. */
function setsOfChannels(problem: WeightProblem, count: number): readonly (readonly number[])[] {
  const { format, dims, axis, blocks, outputAxis, scale = defaultScale } = problem;
  const sets: number[][] = Array.from({ length: dims[outputAxis]! }, () => []);
  const isFree = format.basisLength > 0 || (format.scaleBits === undefined && scale === defaultScale);
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

/** Standard deviation. */
function deviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
