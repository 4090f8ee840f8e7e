import { channelLayout, forEachRun } from '../formats/affine.ts';
import { poll } from '../progress.ts';

/** One element a weight: 1 where it goes. */
export type Mask = Uint8Array;

/** The `count` weights that matter least; of equals those that come first. */
export function leastScores(scores: Float32Array, count: number): Mask {
  const mask = new Uint8Array(scores.length);
  const wanted = Math.min(scores.length, Math.max(0, count));
  if (wanted === 0) return mask;
  const limit = scores.toSorted()[wanted - 1]!;
  let left = wanted;
  for (let i = 0; i < scores.length; i++) {
    if ((i & 0xffff) === 0) poll();
    if (scores[i]! < limit) {
      mask[i] = 1;
      left--;
    }
  }
  for (let i = 0; i < scores.length && left > 0; i++) {
    if (scores[i] === limit) {
      mask[i] = 1;
      left--;
    }
  }
  return mask;
}

/**
 * N:M: of every `of` weights side by side along the axis of the inputs the `kept` that matter most stay. Weights beyond the last
 * whole group all stay.
 */
export function patternMask(
  scores: Float32Array,
  dims: readonly number[],
  axis: number,
  { kept, of }: { readonly kept: number; readonly of: number },
): Mask {
  const mask = new Uint8Array(scores.length);
  const { channels: length, inner } = channelLayout(dims, axis);
  const group = new Float32Array(of);
  for (let start = 0; start < scores.length; start += length * inner) {
    poll();
    for (let offset = 0; offset < inner; offset++) {
      for (let from = 0; from + of <= length; from += of) {
        const at = (i: number) => start + (from + i) * inner + offset;
        for (let i = 0; i < of; i++) group[i] = scores[at(i)]!;
        const gone = leastScores(group, of - kept);
        for (let i = 0; i < of; i++) mask[at(i)] = gone[i]!;
      }
    }
  }
  return mask;
}

/** How much each channel matters: the sum of its weights' scores. */
export function channelScores(scores: Float32Array, dims: readonly number[], axis: number): Float64Array {
  const { channels, inner } = channelLayout(dims, axis);
  const sums = new Float64Array(channels);
  forEachRun(scores.length, channels, inner, (channel, from, to) => {
    for (let i = from; i < to; i++) sums[channel]! += scores[i]!;
  });
  return sums;
}
