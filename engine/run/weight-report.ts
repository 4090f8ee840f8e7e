import { channelLayout } from '../formats/affine.ts';
import { poll } from '../progress.ts';
import type { WeightReport } from '../report/report.ts';
import type { TensorData } from '../tensor.ts';
import { ratioInDecibels } from './metrics.ts';

export interface WeightsInCodes {
  /** Float values and what stands in their place, row-major over `dims`. */
  readonly values: Float32Array;
  readonly held: Float32Array;
  readonly dims: readonly number[];
  /** Axis of the output channels. */
  readonly axis: number;
  readonly codes: TensorData;
  /** How many codes there are to use. */
  readonly levels: number;
}

/** What became of a layer's weights, as a whole and channel by channel. */
export function weightReport({ values, held, dims, axis, codes, levels }: WeightsInCodes): WeightReport {
  const { channels, inner } = channelLayout(dims, axis);
  const signal = new Float64Array(channels);
  const noise = new Float64Array(channels);
  let [low, high, reachedLow, reachedHigh] = [0, 0, 0, 0];
  let [zerosBefore, zerosAfter] = [0, 0];
  for (let from = 0, channel = 0; from < values.length; from += inner) {
    if ((channel & 0xff) === 0) poll();
    const to = Math.min(from + inner, values.length);
    let ownSignal = signal[channel]!;
    let ownNoise = noise[channel]!;
    for (let i = from; i < to; i++) {
      const before = values[i]!;
      const after = held[i]!;
      const error = before - after;
      ownSignal += before * before;
      ownNoise += error * error;
      if (before === 0) zerosBefore++;
      if (after === 0) zerosAfter++;
      if (before < low) low = before;
      if (before > high) high = before;
      if (after < reachedLow) reachedLow = after;
      if (after > reachedHigh) reachedHigh = after;
    }
    signal[channel] = ownSignal;
    noise[channel] = ownNoise;
    channel = channel + 1 === channels ? 0 : channel + 1;
  }
  const count = Math.max(1, values.length);
  return {
    range: [low, high],
    reached: [reachedLow, reachedHigh],
    zeros: [zerosBefore / count, zerosAfter / count],
    levels: { used: distinct(codes), of: levels },
    channelSqnr: Array.from(signal, (own, channel) => ratioInDecibels(own, noise[channel]!)),
  };
}

function distinct(codes: TensorData): number {
  if (codes instanceof Int8Array || codes instanceof Uint8Array) {
    const used = new Uint8Array(256);
    for (let i = 0; i < codes.length; i++) used[codes[i]! & 0xff] = 1;
    return used.reduce((sum, own) => sum + own, 0);
  }
  const seen = new Set<number | bigint | string>();
  for (let i = 0; i < codes.length; i++) seen.add(codes[i]!);
  return seen.size;
}
