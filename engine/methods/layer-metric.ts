import { poll } from '../progress.ts';
import { cholesky, product, solve } from './linear-algebra.ts';
import type { LayerSamples } from './method.ts';

/** First and second moments of the vectors that a group of a layer is given. */
export interface LayerMetric {
  readonly rows: number;
  /** rows × length, the mean taken away. */
  readonly values: Float32Array;
  /** Zero where the layer has no bias that could take up a mean error. */
  readonly mean: Float64Array;
  /** Covariance, with the ridge on its diagonal: E[((ŵ − w)·(x − x̄))²] + ridge·|ŵ − w|² is a layer's output error. */
  readonly hessian: Float64Array;
  readonly ridge: number;
}

/** @param damping ridge, as a part of the mean variance */
export function layerMetric(samples: LayerSamples, group: number, damping: number): LayerMetric {
  const { rows, length: n } = samples;
  const values = samples.inputs(group).slice();
  const mean = new Float64Array(n);
  if (samples.takesBias) {
    for (let row = 0; row < rows; row++) for (let k = 0; k < n; k++) mean[k]! += values[row * n + k]! / rows;
    for (let row = 0; row < rows; row++) for (let k = 0; k < n; k++) values[row * n + k]! -= mean[k]!;
  }
  const hessian = covariance(values, rows, n);
  let trace = 0;
  for (let i = 0; i < n; i++) trace += hessian[i * n + i]!;
  const ridge = trace > 0 ? (damping * trace) / n : 1;
  for (let i = 0; i < n; i++) hessian[i * n + i]! += ridge;
  return { rows, values, mean, hessian, ridge };
}

/** Four rows at a time: half the time of one by one, which is bound by reading and writing the sums. */
function covariance(values: Float32Array, rows: number, n: number): Float64Array {
  const sums = new Float64Array(n * n);
  const whole = rows - (rows % 4);
  for (let row = 0; row < whole; row += 4) {
    if ((row & 0xff) === 0) poll();
    const [a, b, c, d] = [row * n, (row + 1) * n, (row + 2) * n, (row + 3) * n];
    for (let i = 0; i < n; i++) {
      const [va, vb, vc, vd] = [values[a + i]!, values[b + i]!, values[c + i]!, values[d + i]!];
      const at = i * n;
      for (let j = 0; j <= i; j++)
        sums[at + j]! += va * values[a + j]! + vb * values[b + j]! + vc * values[c + j]! + vd * values[d + j]!;
    }
  }
  for (let at = whole * n; at < rows * n; at += n)
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) sums[i * n + j]! += values[at + i]! * values[at + j]!;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      sums[i * n + j]! /= rows;
      sums[j * n + i] = sums[i * n + j]!;
    }
  }
  return sums;
}

/** Mean products of each input element, its mean taken away, with a channel's float outputs. */
export function correlation({ values, rows, mean: { length: n } }: LayerMetric, targets: Float32Array): Float64Array {
  const sums = new Float64Array(n);
  const whole = rows - (rows % 4);
  for (let row = 0, at = 0; row < whole; row += 4, at += 4 * n) {
    const [ta, tb, tc, td] = [targets[row]!, targets[row + 1]!, targets[row + 2]!, targets[row + 3]!];
    for (let k = 0; k < n; k++)
      sums[k]! +=
        ta * values[at + k]! + tb * values[at + n + k]! + tc * values[at + 2 * n + k]! + td * values[at + 3 * n + k]!;
  }
  for (let row = whole; row < rows; row++) for (let k = 0; k < n; k++) sums[k]! += targets[row]! * values[row * n + k]!;
  return sums.map((sum) => sum / rows);
}

/**
 * The weights of a channel that would answer the layer's inputs closest to the float model, held to the given ones by
 * the ridge: w + (C + λ)⁻¹·(E[x·y] − C·w). Weights that are exactly zero stay zero.
 */
export function leastSquares(metric: LayerMetric): (given: Float32Array, targets: Float32Array) => Float32Array {
  const { hessian, ridge } = metric;
  const lower = cholesky(hessian, metric.mean.length, ridge);
  return (given, targets) => {
    const right = correlation(metric, targets);
    const held = product(hessian, Float64Array.from(given));
    for (let k = 0; k < right.length; k++) right[k]! -= held[k]! - ridge * given[k]!;
    const change = solve(lower, right);
    return given.map((weight, k) => (weight === 0 ? 0 : weight + change[k]!));
  };
}

/** The bias with which a channel of these weights answers as the float model does on average. */
export function matchingBias({ mean }: LayerMetric, targets: Float32Array, weights: Float64Array): number {
  let bias = 0;
  for (const target of targets) bias += target;
  bias /= targets.length;
  for (let k = 0; k < weights.length; k++) bias -= mean[k]! * weights[k]!;
  return bias;
}
