import { channelLayout, forEachRun } from '../formats/affine.ts';
import { type Blocks, gatherBlocks } from '../formats/blocks.ts';
import { poll } from '../progress.ts';

/** A tensor's elements cut by output channel, or otherwise in blocks, in the order in which they lie in the tensor. */
interface Cut {
  readonly values: Float32Array;
  readonly dims: readonly number[];
  /** Absent: the whole tensor is one channel. */
  readonly axis?: number;
  readonly blocks?: Blocks;
}

/** The elements of each channel or block, gathered. */
export function channelsOf({ values, dims, axis, blocks }: Cut): Float32Array[] {
  if (blocks !== undefined) return gatherBlocks(values, blocks);
  if (axis === undefined) return [values];
  const { channels, inner } = channelLayout(dims, axis);
  const all = new Float32Array(values.length);
  const length = values.length / channels;
  const gathered = Array.from({ length: channels }, (_, i) => all.subarray(i * length, (i + 1) * length));
  // Element by element: along the last axis neighbours are of different channels, and a copy of one costs a call.
  for (let at = 0, filled = 0; at < values.length; filled += inner) {
    for (let channel = 0; channel < channels; channel++) {
      if ((channel & 0xff) === 0) poll();
      const own = gathered[channel]!;
      for (let i = 0; i < inner; i++) own[filled + i] = values[at++]!;
    }
  }
  return gathered;
}

/** Puts gathered channels back in their places. */
export function scatterChannels(
  into: { [index: number]: number; readonly length: number },
  dims: readonly number[],
  axis: number,
  channels: readonly ArrayLike<number>[],
): void {
  const { inner } = channelLayout(dims, axis);
  const taken = new Uint32Array(channels.length);
  forEachRun(into.length, channels.length, inner, (channel, from, to) => {
    for (let i = from; i < to; i++) into[i] = channels[channel]![taken[channel]!++]!;
  });
}

/** Which output channel a weight belongs to, by its place in the tensor, and which element of the input vector it meets. */
export interface WeightEnds {
  output(at: number): number;
  input(at: number): number;
}

/** @param axis of the output channels: the first, or the second of a matrix */
export function endsOf(dims: readonly number[], axis: number): WeightEnds {
  if (axis === 0) {
    const length = dims.slice(1).reduce((product, dim) => product * dim, 1);
    return { output: (at) => Math.floor(at / length), input: (at) => at % length };
  }
  const columns = dims[1]!;
  return { output: (at) => at % columns, input: (at) => Math.floor(at / columns) };
}
