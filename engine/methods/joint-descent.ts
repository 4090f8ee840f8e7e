import { roundHalfEven } from '../formats/rounding.ts';
import { poll } from '../progress.ts';
import type { ChannelCodes } from './by-channel.ts';
import { dot, product } from './linear-algebra.ts';
import { atLeast } from './round-to-nearest.ts';

/** Passes over all channels, and sweeps over the codes of one; both settle earlier. */
const [mostPasses, mostSweeps] = [10, 8];
/** The error must shrink by so much of itself in a pass, or the work ends. */
const leastGain = 1e-3;

/** Codes of the output channels of a layer as they are chosen one by one, and what they are to come close to. */
export interface JointChannel extends ChannelCodes {
  /** The weights wanted; those that are exactly zero stay zero. */
  readonly goal: Float32Array;
  readonly leastScale: number;
}

/**
 * Codes and scales that make tr(M·Δ·H·Δᵀ) small, Δ = ŵ − goal of all output channels together: block coordinate descent, channel by
 * channel given the others. With M diagonal each channel is by itself, and nothing is left to gain.
 * @param curvature M, outputs × outputs, positive definite
 * @param hessian H, inputs × inputs
 */
export function descendJointly(
  channels: readonly JointChannel[],
  curvature: Float64Array,
  hessian: Float64Array,
  [low, high]: readonly [number, number],
): ChannelCodes[] {
  const [count, n] = [channels.length, channels[0]!.goal.length];
  const states = channels.map(({ goal, codes, parameters }) => {
    const own = codes.slice();
    const change = Float64Array.from(own, (code, k) => (code - parameters.zeroPoint) * parameters.scale - goal[k]!);
    return { codes: own, scale: parameters.scale, change, weighted: product(hessian, change) };
  });
  let before = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < mostPasses; pass++) {
    let error = 0;
    for (const [c, { goal, leastScale, parameters }] of channels.entries()) {
      poll();
      const own = states[c]!;
      const weight = curvature[c * count + c]!;
      const gradient = new Float64Array(n);
      for (const [other, { weighted }] of states.entries()) {
        const part = curvature[c * count + other]!;
        if (part !== 0) for (let k = 0; k < n; k++) gradient[k]! += part * weighted[k]!;
      }
      error += dot(own.change, gradient);
      /** Moves the change of one weight. */
      const move = (k: number, by: number) => {
        own.change[k]! += by;
        for (let j = 0, at = k * n; j < n; j++, at++) {
          own.weighted[j]! += by * hessian[at]!;
          gradient[j]! += weight * by * hessian[at]!;
        }
      };
      for (let sweep = 0, moved = true; sweep < mostSweeps && moved; sweep++) {
        moved = false;
        for (let k = 0; k < n; k++) {
          if (goal[k] === 0) continue;
          const curve = weight * hessian[k * n + k]!;
          const wanted = roundHalfEven(own.codes[k]! - gradient[k]! / (curve * own.scale));
          const code = Math.min(high, Math.max(low, wanted));
          const by = (code - own.codes[k]!) * own.scale;
          // A tie changes nothing, and would never settle.
          if (by === 0 || 2 * gradient[k]! * by + curve * by * by >= -1e-12 * curve * own.scale * own.scale) continue;
          own.codes[k] = code;
          move(k, by);
          moved = true;
        }
      }
      refitScale(own, gradient, weight, hessian, { zeroPoint: parameters.zeroPoint, leastScale });
    }
    if (!(error < before * (1 - leastGain))) break;
    before = error;
  }
  return states.map(({ codes, scale }, c) => ({ codes, parameters: { ...channels[c]!.parameters, scale } }));
}

interface ChannelState {
  readonly codes: Int32Array;
  scale: number;
  readonly change: Float64Array;
  /** H·change. */
  readonly weighted: Float64Array;
}

/** The scale at which the error is least given the codes and the other channels. */
function refitScale(
  own: ChannelState,
  gradient: Float64Array,
  weight: number,
  hessian: Float64Array,
  { zeroPoint, leastScale }: { readonly zeroPoint: number; readonly leastScale: number },
): void {
  const steps = Float64Array.from(own.codes, (code) => code - zeroPoint);
  const weighted = product(hessian, steps);
  const curve = weight * dot(steps, weighted);
  const wanted = own.scale - dot(steps, gradient) / curve;
  if (!(curve > 0 && wanted > 0)) return;
  const scale = atLeast(Math.max(wanted, leastScale));
  const by = scale - own.scale;
  own.scale = scale;
  for (let k = 0; k < steps.length; k++) {
    own.change[k]! += by * steps[k]!;
    own.weighted[k]! += by * weighted[k]!;
  }
}
