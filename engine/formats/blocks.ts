import { elementCount } from '../tensor.ts';
import { channelLayout } from './affine.ts';

/**
 * Elements that share parameters, as blocks of a row-major view of the tensor: `block` elements along each axis of `dims`, the
 * last block of an axis as long as what is left. Blocks are numbered row-major. Every granularity is one of these.
 */
export interface Blocks {
  /** Dims of the view; as many elements as the tensor has. */
  readonly dims: readonly number[];
  readonly block: readonly number[];
}

/** Blocks along each axis. */
export function blockCounts({ dims, block }: Blocks): number[] {
  return dims.map((dim, axis) => Math.ceil(dim / block[axis]!));
}

export function blockCount(blocks: Blocks): number {
  return elementCount(blockCounts(blocks));
}

/** One set of parameters for the whole tensor, or one for each index of an axis, as blocks. */
export function axisBlocks(dims: readonly number[], axis: number | undefined): Blocks {
  const count = elementCount(dims);
  if (axis === undefined) return { dims: [count], block: [Math.max(count, 1)] };
  const { channels, inner } = channelLayout(dims, axis);
  const outer = count / Math.max(channels * inner, 1);
  return { dims: [outer, channels, inner], block: [Math.max(outer, 1), 1, Math.max(inner, 1)] };
}

/** Visits runs of neighbouring elements of one block, in the order in which they lie. */
export function forEachBlockRun(blocks: Blocks, visit: (block: number, from: number, to: number) => void): void {
  const { dims, block } = blocks;
  const counts = blockCounts(blocks);
  const last = dims.length - 1;
  const [length, size] = [dims[last]!, block[last]!];
  const rows = elementCount(dims.slice(0, last));
  const index = new Array<number>(last).fill(0);
  for (let row = 0, at = 0; row < rows; row++) {
    let first = 0;
    for (let axis = 0; axis < last; axis++) first = first * counts[axis]! + Math.floor(index[axis]! / block[axis]!);
    first *= counts[last]!;
    for (let from = 0; from < length; from += size, first++)
      visit(first, at + from, at + Math.min(from + size, length));
    at += length;
    for (let axis = last - 1; axis >= 0 && ++index[axis]! === dims[axis]; axis--) index[axis] = 0;
  }
}

/** The elements of each block, gathered in the order in which they lie: parts of one array, for there may be very many. */
export function gatherBlocks(values: Float32Array, blocks: Blocks): Float32Array[] {
  const lengths = new Uint32Array(blockCount(blocks));
  forEachBlockRun(blocks, (block, from, to) => {
    lengths[block]! += to - from;
  });
  const gathered = new Float32Array(values.length);
  // Where the next element of each block goes; in the end, where the block ends.
  const ends = new Uint32Array(lengths.length);
  for (let block = 1; block < ends.length; block++) ends[block] = ends[block - 1]! + lengths[block - 1]!;
  forEachBlockRun(blocks, (block, from, to) => {
    let at = ends[block]!;
    for (let i = from; i < to; i++) gathered[at++] = values[i]!;
    ends[block] = at;
  });
  return Array.from(ends, (end, block) => gathered.subarray(end - lengths[block]!, end));
}
