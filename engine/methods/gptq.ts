import { packParameters } from '../formats/held-tensor.ts';
import { poll } from '../progress.ts';
import { channelPlaces, type LayerCoding, layerCoding } from './layer-coding.ts';
import { type LayerMetric, layerMetric, matchingBias } from './layer-metric.ts';
import { choleskyInPlace } from './linear-algebra.ts';
import { smoothArgument, type WeightMethod, type WeightProblem } from './method.ts';
import { roundToNearest } from './round-to-nearest.ts';

/** Channels that are rounded side by side, and weights of each before the others hear of them: what a core's cache holds. */
const [sideBySide, atATime] = [32, 32];

/**
 * Rounds the weights of a channel one after the other; each time those that are left make up for the error, by the covariance of
 * the layer's inputs. The input's mean is taken into the bias, where there is one. Parameters are the observer's or the format's
 * for the weights as they are (static groups), so that any order of rounding serves any granularity. After Frantar et al. 2022
 * (GPTQ, arXiv 2210.17323).
 *
 * With H = U·D·Uᵀ, U upper and unit triangular, the weight at position k makes up best for the errors before it as
 * w + Σ U[j,k]·(w[j] − ŵ[j]) over j < k: the same numbers as by the inverse of H, from one factorisation (Chee et al. 2023,
 * arXiv 2307.13304, section 4.1). Positions are held backwards here, which makes of U the lower triangle of Cholesky's.
 */
export const gptq: WeightMethod = {
  name: 'gptq',
  title: 'GPTQ',
  description:
    'Rounds a channel’s weights one after the other; those that are left make up for the error on the layer’s inputs.',
  cost: 'Keeps what lies between two layers for the calibration samples; for K weights an output channel K³/6 steps a layer and K²/2 a channel.',
  source: 'Frantar et al. 2022 (arXiv 2210.17323)',
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
  anyFormat: true,
  quantize(problem, { damping = 0.01, 'act-order': actOrder = 1 }) {
    const { samples, format, dims, outputAxis } = problem;
    if (samples === undefined) return roundToNearest.quantize(problem, {});
    const layer = layerCoding(problem);
    const channels = dims[outputAxis]!;
    const bias = new Float64Array(channels);
    const perGroup = channels / samples.groups;
    for (let group = 0; group < samples.groups; group++) {
      const metric = layerMetric(samples, group, damping);
      const order = backwards(metric, actOrder >= 0.5);
      const factor = factorOf(metric, order);
      for (let from = group * perGroup; from < (group + 1) * perGroup; from += sideBySide) {
        const to = Math.min(from + sideBySide, (group + 1) * perGroup);
        const held = roundInTurn(problem, layer, { order, factor }, from, to);
        for (const [i, values] of held.entries())
          bias[from + i] = matchingBias(metric, samples.targets(from + i), values);
      }
    }
    return { ...packParameters(format, layer.sets), codes: layer.codes, bias };
  },
};

/** Inputs in the order in which their weights are rounded, the last first. */
function backwards({ hessian, mean: { length: n } }: LayerMetric, byVariance: boolean): Int32Array {
  const order = Int32Array.from({ length: n }, (_, k) => k);
  const variance = (k: number) => hessian[k * n + k]!;
  return (byVariance ? order.sort((a, b) => variance(b) - variance(a) || a - b) : order).reverse();
}

/**
 * Lower triangle L with L·Lᵀ = H, rows and columns in the given order. It is written over H, which is not asked for again: of
 * thousands of inputs it takes more memory than all else.
 */
function factorOf({ hessian, ridge }: LayerMetric, order: Int32Array): Float64Array {
  const n = order.length;
  const row = new Float64Array(n);
  const isPlaced = new Uint8Array(n);
  for (let first = 0; first < n; first++) {
    if (isPlaced[first] === 1) continue;
    row.set(hessian.subarray(first * n, (first + 1) * n));
    let at = first;
    for (let from = order[at]!; from !== first; at = from, from = order[at]!) {
      hessian.copyWithin(at * n, from * n, (from + 1) * n);
      isPlaced[at] = 1;
    }
    hessian.set(row, at * n);
    isPlaced[at] = 1;
  }
  for (let i = 0; i < n; i++) {
    row.set(hessian.subarray(i * n, (i + 1) * n));
    for (let j = 0; j <= i; j++) hessian[i * n + j] = row[order[j]!]!;
  }
  choleskyInPlace(hessian, n, ridge);
  return hessian;
}

/**
 * Codes of the channels `[from, to)`, from the last position to the first. Errors reach the positions of the same stretch at
 * once and all before it together. Weights that are exactly zero stay zero where the format has a zero.
 * @returns what each channel's codes stand for
 */
function roundInTurn(
  problem: WeightProblem,
  { coders, setOf, codes }: LayerCoding,
  { order, factor }: { readonly order: Int32Array; readonly factor: Float64Array },
  from: number,
  to: number,
): Float64Array[] {
  const n = order.length;
  const { values } = problem;
  const { placeOf, stride } = channelPlaces(problem);
  const places = order.map(placeOf);
  const held = Array.from({ length: to - from }, () => new Float64Array(n));
  // What the errors so far ask of each position, times the pivot there.
  const asked = Array.from({ length: to - from }, () => new Float64Array(n));
  const errors = new Float64Array(n);
  for (let end = n; end > 0; end -= atATime) {
    const start = Math.max(0, end - atATime);
    for (let channel = from; channel < to; channel++) {
      poll();
      const own = asked[channel - from]!;
      for (let i = end - 1; i >= start; i--) {
        const at = places[i]! + channel * stride;
        const weight = values[at]!;
        const { encode, decode } = coders[setOf[at]!]!;
        let code = encode(weight === 0 ? 0 : weight + own[i]! / factor[i * n + i]!);
        if (weight === 0 && decode(code) !== 0) code = encode(own[i]! / factor[i * n + i]!);
        const value = decode(code);
        codes[at] = code;
        held[channel - from]![order[i]!] = value;
        errors[i] = weight - value;
        for (let j = start; j < i; j++) own[j]! += errors[i]! * factor[i * n + j]!;
      }
      tell(own, errors, factor, start, end);
    }
  }
  return held;
}

/** Adds Σ error[i]·L[i, j] over the rows `[start, end)` to every j before them, four rows at a time. */
function tell(asked: Float64Array, errors: Float64Array, factor: Float64Array, start: number, end: number): void {
  const n = asked.length;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const [e0, e1, e2, e3] = [errors[i]!, errors[i + 1]!, errors[i + 2]!, errors[i + 3]!];
    const [r0, r1, r2, r3] = [i * n, (i + 1) * n, (i + 2) * n, (i + 3) * n];
    for (let j = 0; j < start; j++)
      asked[j]! += e0 * factor[r0 + j]! + e1 * factor[r1 + j]! + e2 * factor[r2 + j]! + e3 * factor[r3 + j]!;
  }
  for (; i < end; i++) for (let j = 0; j < start; j++) asked[j]! += errors[i]! * factor[i * n + j]!;
}
