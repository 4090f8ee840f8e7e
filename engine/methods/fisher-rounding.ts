import { codeArray } from '../formats/affine.ts';
import { type Channel, type ChannelCodes, valuesOf } from './by-channel.ts';
import { scatterChannels } from './channels.ts';
import { descendJointly, type JointChannel } from './joint-descent.ts';
import { layerByLayer, roundedBehind } from './layer-by-layer.ts';
import type { LayerMetric } from './layer-metric.ts';
import { curvatureSeedArgument, equalizeArgument, smoothArgument, type WeightMethod } from './method.ts';

/** Part of the mean curvature that every output channel has: directions that few samples never felt are not free. */
const damping = 0.2;

/**
 * Begins as `layer-by-layer` does, and goes on with all output channels of a layer together, in the metric of what the model's outputs
 * feel of them: the Fisher information of its probabilities, as the Kronecker product of the curvature along the layer's outputs and the
 * covariance of its inputs. Errors of one channel make up for those of another. After BRECQ (Li et al. 2021), whose weights are
 * the diagonal, and Tseng et al. 2025, who take the factors for rounding one weight after the other. Integers with a scale per channel
 * alone move; others get the codes of `layer-by-layer`.
 */
export const fisherRounding: WeightMethod = {
  name: 'fisher-rounding',
  title: 'Fisher rounding',
  description:
    'Begins as `layer-by-layer`; the codes of all output channels then move together, by what the model’s outputs feel of them.',
  cost: 'As `layer-by-layer`, one run of the model backwards for each of two draws of signs, and a few passes of N²·K steps for N outputs of K weights.',
  source: 'after BRECQ, Li et al. 2021 (arXiv 2102.05426), and Tseng et al. 2025 (arXiv 2505.22988)',
  arguments: [curvatureSeedArgument, equalizeArgument, smoothArgument],
  needs: 'samples',
  needsCurvature: true,
  anyFormat: true,
  quantize(problem, args) {
    const { samples, axis, dims } = problem;
    const curvature = samples?.outputCurvature;
    if (samples === undefined || curvature === undefined || axis === undefined || samples.groups > 1)
      return layerByLayer.quantize(problem, args);
    const chosen: { readonly channel: Channel; readonly goal: Float32Array; readonly codes: ChannelCodes }[] = [];
    let metric: LayerMetric | undefined;
    const apart = roundedBehind(problem, (channel, goal, codes, own) => {
      chosen.push({ channel, goal, codes });
      metric = own;
    });
    const begun = chosen.map(
      ({ channel, goal, codes }): JointChannel => ({ ...codes, goal, leastScale: channel.leastScale }),
    );
    const joint = descendJointly(begun, damped(curvature, begun.length), metric!.hessian, problem.range);
    const codes = codeArray(problem.format, problem.values.length);
    const rows = joint.map((channel) => channel.codes);
    scatterChannels(codes, dims, axis, rows);
    // The bias takes up what the mean has moved by.
    const bias = apart.bias!.map((value, c) => {
      const [before, after] = [valuesOf(begun[c]!), valuesOf(joint[c]!)];
      return metric!.mean.reduce((sum, mean, k) => sum + mean * (before[k]! - after[k]!), value);
    });
    return { ...apart, codes, bias, scale: Float32Array.from(joint, ({ parameters }) => parameters.scale) };
  },
};

/** @returns with a mean diagonal of 1 + `damping` */
function damped(curvature: Float64Array, n: number): Float64Array {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += curvature[i * n + i]!;
  const own = trace > 0 ? curvature.map((value) => (value * n) / trace) : new Float64Array(n * n);
  for (let i = 0; i < n; i++) own[i * n + i]! += trace > 0 ? damping : 1;
  return own;
}
