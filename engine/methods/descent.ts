import { type AffineParameters, quantizeValue } from '../formats/affine.ts';
import { roundHalfEven } from '../formats/rounding.ts';
import { poll } from '../progress.ts';
import type { Channel, ChannelCodes } from './by-channel.ts';
import { dot, product } from './linear-algebra.ts';
import type { WeightProblem } from './method.ts';
import { atLeast } from './round-to-nearest.ts';

/** Sweeps over a channel's weights; it settles after five to ten. */
const mostSweeps = 24;
/** Ranges tried, as parts of the observer's: with many codes the whole range is best. */
const fractionsOf = (bits: number) => (bits > 6 ? [1] : [1, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5]);

export interface Rounded extends ChannelCodes {
  /** ŵ − w. */
  readonly change: Float64Array;
  /** changeᵀ·hessian·change. */
  readonly error: number;
}

export interface DescentOptions {
  /**
   * `nearest`: only the range that plain rounding does best with is improved. `several`: the three best are, each with
   * its scale fitted to its codes, and the best stays.
   */
  readonly ranges: 'nearest' | 'several';
}

/**
 * Codes of one output channel that make (ŵ − w)ᵀ·H·(ŵ − w) small: nearest codes of several ranges, then coordinate
 * descent, one code at a time. Weights that are exactly zero stay zero.
 */
export function roundChannel(
  { weights, whole, leastScale }: Omit<Channel, 'index'>,
  hessian: Float64Array,
  problem: WeightProblem,
  { ranges }: DescentOptions = { ranges: 'nearest' },
): Rounded {
  const starts = fractionsOf(problem.format.bits).map((fraction) => {
    poll();
    const scale = atLeast(Math.max(whole.scale * fraction, leastScale));
    return nearest(weights, hessian, { ...whole, scale }, problem);
  });
  if (ranges === 'nearest') return descend(weights, hessian, starts.reduce(better), problem);
  const promising = starts.toSorted((a, b) => a.error - b.error).slice(0, 3);
  return promising.map((start) => settle(weights, hessian, start, problem, leastScale)).reduce(better);
}

function better(a: Rounded, b: Rounded): Rounded {
  return b.error < a.error ? b : a;
}

/** Descent over the codes and the least-squares scale, in turn, while they help. */
function settle(
  weights: Float32Array,
  hessian: Float64Array,
  start: Rounded,
  problem: WeightProblem,
  least: number,
): Rounded {
  let best = descend(weights, hessian, start, problem);
  for (let round = 0; round < 4; round++) {
    const scale = fittedScale(weights, hessian, best);
    if (!(scale > 0)) break;
    const parameters = { ...best.parameters, scale: atLeast(Math.max(scale, least)) };
    const next = descend(weights, hessian, withCodes(weights, hessian, best.codes, parameters), problem);
    if (!(next.error < best.error * (1 - 1e-9))) break;
    best = next;
  }
  return best;
}

/** The scale at which the codes' error is least: ⟨q, H·w⟩ / ⟨q, H·q⟩ (OMSE's closed form in the metric H). */
function fittedScale(weights: Float32Array, hessian: Float64Array, { codes, parameters }: Rounded): number {
  const steps = Float64Array.from(codes, (code) => code - parameters.zeroPoint);
  const weighted = product(hessian, steps);
  return dot(weighted, Float64Array.from(weights)) / dot(weighted, steps);
}

function nearest(
  weights: Float32Array,
  hessian: Float64Array,
  parameters: AffineParameters,
  { range }: WeightProblem,
): Rounded {
  const codes = Int32Array.from(weights, (weight) => quantizeValue(weight, parameters, range));
  return withCodes(weights, hessian, codes, parameters);
}

function withCodes(
  weights: Float32Array,
  hessian: Float64Array,
  codes: Int32Array,
  parameters: AffineParameters,
): Rounded {
  const change = changeOf(weights, codes, parameters);
  return { parameters, codes, change, error: dot(change, product(hessian, change)) };
}

function changeOf(weights: Float32Array, codes: Int32Array, { scale, zeroPoint }: AffineParameters): Float64Array {
  return Float64Array.from(weights, (weight, k) => (codes[k]! - zeroPoint) * scale - weight);
}

/** Moves one code at a time to where the error is least, until no move helps. */
function descend(weights: Float32Array, hessian: Float64Array, start: Rounded, { range }: WeightProblem): Rounded {
  const n = weights.length;
  const { scale } = start.parameters;
  const [low, high] = range;
  const codes = start.codes.slice();
  const change = start.change.slice();
  const gradient = product(hessian, change);
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    let moved = false;
    poll();
    for (let k = 0; k < n; k++) {
      if (weights[k] === 0) continue;
      const wanted = codes[k]! - gradient[k]! / (hessian[k * n + k]! * scale);
      const code = Math.min(high, Math.max(low, roundHalfEven(wanted)));
      const step = (code - codes[k]!) * scale;
      // A tie changes nothing, and would never settle.
      if (step === 0 || 2 * gradient[k]! * step + hessian[k * n + k]! * step * step >= 0) continue;
      codes[k] = code;
      change[k]! += step;
      for (let j = 0; j < n; j++) gradient[j]! += hessian[k * n + j]! * step;
      moved = true;
    }
    if (!moved) break;
  }
  return {
    parameters: start.parameters,
    codes,
    change: changeOf(weights, codes, start.parameters),
    error: dot(change, gradient),
  };
}
