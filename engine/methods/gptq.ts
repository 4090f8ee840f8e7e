import { type AffineParameters, dequantizeValue, quantizeValue } from '../formats/affine.ts';
import { bySamples } from './by-samples.ts';
import { type LayerMetric, layerMetric } from './layer-metric.ts';
import { cholesky, solve } from './linear-algebra.ts';
import { type LayerSamples, smoothArgument, type WeightMethod, type WeightProblem } from './method.ts';

/**
 * Rounds the weights of a channel one after the other; each time those that are left make up for the error, by the inverse
 * of the covariance of the layer's inputs. The observer's scale stays. After Frantar et al. 2022 (GPTQ); the input's mean is
 * taken into the bias.
 */
export const gptq: WeightMethod = {
  name: 'gptq',
  title: 'GPTQ',
  description:
    'Rounds a channel’s weights one after the other; those that are left make up for the error on the layer’s inputs.',
  cost: 'Keeps what lies between two layers for the calibration samples; K³ steps a layer and K² an output channel of K weights.',
  source: 'after GPTQ, Frantar et al. 2022',
  arguments: [
    {
      name: 'damping',
      description: 'Part of the mean variance added to every input’s variance.',
      initial: 0.01,
      min: 0.0001,
      max: 10,
    },
    {
      name: 'act-order',
      description: '1: weights of the inputs that vary most are rounded first; 0: in their own order.',
      initial: 1,
      min: 0,
      max: 1,
    },
    smoothArgument,
  ],
  needs: 'samples',
  quantize(problem, { damping = 0.01, 'act-order': actOrder = 1 }) {
    const metricOf = (samples: LayerSamples, group: number) => {
      const metric = layerMetric(samples, group, damping);
      const order = orderOf(metric, actOrder >= 0.5);
      return { ...metric, order, factor: inverseFactor(metric, order) };
    };
    return bySamples(problem, metricOf, ({ weights, whole: parameters }, metric) => ({
      parameters,
      codes: roundInTurn(weights, parameters, metric, problem),
    }));
  },
};

/** Positions in the order in which they are rounded. */
function orderOf({ hessian, mean: { length: n } }: LayerMetric, byVariance: boolean): Int32Array {
  const order = Int32Array.from({ length: n }, (_, k) => k);
  const variance = (k: number) => hessian[k * n + k]!;
  return byVariance ? order.sort((a, b) => variance(b) - variance(a) || a - b) : order;
}

/** Upper triangle U with UᵀU = H⁻¹, rows and columns in the given order. */
function inverseFactor({ hessian, ridge }: LayerMetric, order: Int32Array): Float64Array {
  const n = order.length;
  const ordered = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) ordered[i * n + j] = hessian[order[i]! * n + order[j]!]!;
  const lower = cholesky(ordered, n, ridge);
  const inverse = new Float64Array(n * n);
  const unit = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    unit.fill(0);
    unit[i] = 1;
    inverse.set(solve(lower, unit), i * n);
  }
  const factor = cholesky(inverse, n, Number.MIN_VALUE);
  const upper = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) upper[i * n + j] = factor[j * n + i]!;
  return upper;
}

/** Weights that are exactly zero stay zero. */
function roundInTurn(
  weights: Float32Array,
  parameters: AffineParameters,
  { order, factor }: { readonly order: Int32Array; readonly factor: Float64Array },
  { range }: WeightProblem,
): Int32Array {
  const n = weights.length;
  const left = Float64Array.from(order, (k) => weights[k]!);
  const codes = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const k = order[i]!;
    const code = weights[k] === 0 ? parameters.zeroPoint : quantizeValue(left[i]!, parameters, range);
    codes[k] = code;
    const error = (left[i]! - dequantizeValue(code, parameters)) / factor[i * n + i]!;
    for (let j = i + 1; j < n; j++) left[j]! -= error * factor[i * n + j]!;
  }
  return codes;
}
