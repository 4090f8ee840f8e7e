import { decodeTensor } from '../formats/held-tensor.ts';
import { defaultScale } from '../formats/scales.ts';
import { poll } from '../progress.ts';
import { channelsOf } from './channels.ts';
import { correlation, type LayerMetric, layerMetric, matchingBias } from './layer-metric.ts';
import { dot, product } from './linear-algebra.ts';
import type { LayerSamples, WeightCodes, WeightMethod, WeightProblem } from './method.ts';
import { atLeast, roundToNearest } from './round-to-nearest.ts';

/**
 * The nearest codes, then frozen; each output channel's scale is multiplied by what brings its answers closest to the
 * float model's behind the compressed layers before it, γ = ⟨y, ŷ⟩ / ⟨ŷ, ŷ⟩, both about their means, and its bias takes the mean
 * that is left (METHODS A2, “OMSE+opt”, with ranges by `observe mse`). A codebook's levels are its scale. Scales that the format or the spec restricts stay.
 */
export const scaleRefit: WeightMethod = {
  name: 'scale-refit',
  title: 'Scale refit (OMSE+opt)',
  description:
    'Rounds to nearest, then fits each channel’s scale and bias to the layer’s output, codes as they are; takes every format.',
  cost: 'Keeps what lies between two layers for the calibration samples; K² steps an output channel of K weights.',
  source: 'METHODS A2, after Choukroun et al. 2019',
  arguments: [],
  needs: 'samples',
  anyFormat: true,
  perChannel: true,
  quantize(problem) {
    const { samples, axis } = problem;
    const start = roundToNearest.quantize(problem, {});
    return samples === undefined || axis === undefined ? start : refitted(start, { ...problem, axis }, samples);
  },
};

function refitted(
  start: WeightCodes,
  problem: WeightProblem & { readonly axis: number },
  samples: LayerSamples,
): WeightCodes {
  const { format, dims, axis, range, leastScale } = problem;
  const values = decodeTensor(start.codes, dims, { ...start, range, axis, format: format.name });
  const rounded = channelsOf({ values, dims, axis });
  const [scale, basis] = [start.scale.slice(), start.basis?.slice()];
  const bias = new Float64Array(rounded.length);
  const perGroup = rounded.length / samples.groups;
  for (let group = 0; group < samples.groups; group++) {
    const metric = layerMetric(samples, group, 0);
    for (let channel = group * perGroup; channel < (group + 1) * perGroup; channel++) {
      poll();
      const targets = samples.targets(channel);
      const weights = Float64Array.from(rounded[channel]!);
      let factor = isFree(problem) ? factorOf(metric, targets, weights) : 1;
      if (basis === undefined) {
        scale[channel] = atLeast(Math.max(start.scale[channel]! * factor, leastScale(channel)));
        factor = scale[channel]! / start.scale[channel]!;
      } else {
        const { basisLength } = format;
        for (let i = channel * basisLength; i < (channel + 1) * basisLength; i++) basis[i]! *= factor;
      }
      bias[channel] = matchingBias(
        metric,
        targets,
        weights.map((weight) => weight * factor),
      );
    }
  }
  return { ...start, scale, ...(basis && { basis }), bias };
}

/** Whether any float32 number can be a channel's scale. */
function isFree({ format, scale = defaultScale }: WeightProblem): boolean {
  return format.basisLength > 0 || (format.scaleBits === undefined && scale === defaultScale);
}

/** γ; 1 for a channel that does not answer, or answers the wrong way round. */
function factorOf(metric: LayerMetric, targets: Float32Array, weights: Float64Array): number {
  const factor = dot(correlation(metric, targets), weights) / dot(weights, product(metric.hessian, weights));
  return factor > 0 && Number.isFinite(factor) ? factor : 1;
}
