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
  const range: [number, number] = [0, 0];
  const reached: [number, number] = [0, 0];
  let [zerosBefore, zerosAfter] = [0, 0];
  for (let from = 0, channel = 0; from < values.length; from += inner) {
    if ((channel & 0xff) === 0) poll();
    const to = Math.min(from + inner, values.length);
    for (let i = from; i < to; i++) {
      const before = values[i]!;
      const after = held[i]!;
      signal[channel]! += before * before;
      noise[channel]! += (before - after) ** 2;
      if (before === 0) zerosBefore++;
      if (after === 0) zerosAfter++;
      if (before < range[0]) range[0] = before;
      if (before > range[1]) range[1] = before;
      if (after < reached[0]) reached[0] = after;
      if (after > reached[1]) reached[1] = after;
    }
    channel = channel + 1 === channels ? 0 : channel + 1;
  }
  const count = Math.max(1, values.length);
  return {
    range,
    reached,
    zeros: [zerosBefore / count, zerosAfter / count],
    levels: { used: distinct(codes), of: levels },
    channelSqnr: Array.from(signal, (own, channel) => ratioInDecibels(own, noise[channel]!)),
  };
}

function distinct(codes: TensorData): number {
  const seen = new Set<number | bigint | string>();
  for (let i = 0; i < codes.length; i++) seen.add(codes[i]!);
  return seen.size;
}
