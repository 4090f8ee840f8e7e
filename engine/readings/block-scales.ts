import { type Blocks, blockCounts } from '../formats/blocks.ts';
import { elementCount } from '../tensor.ts';

/** How DequantizeLinear is told of blocks: along one axis of the view, with an entry for every index of the others. */
export interface BlockScales {
  readonly axis: number;
  /** Absent: one scale for each index of the axis. */
  readonly blockSize?: number;
  /** Dims of the scale. */
  readonly dims: readonly number[];
  /** Block that each entry of the scale belongs to. */
  readonly blocks: Uint32Array;
}

/** Axes of a view along which there is more than one block. */
function cutAxes({ dims, block }: Blocks): number[] {
  return dims.flatMap((dim, axis) => (block[axis]! < dim ? [axis] : []));
}

/** Whether blocks are the indices of one axis of the view, or all of it: what every DequantizeLinear with an axis takes. */
export function arePerAxis(blocks: Blocks): boolean {
  const [axis, ...others] = cutAxes(blocks);
  return others.length === 0 && (axis === undefined || blocks.block[axis] === 1);
}

/**
 * Scales of blocks in the form of ONNX. Blocks that are one index long on one axis and whole on all others are scales per axis;
 * otherwise the axis with the longest blocks is blocked, and scales are repeated along the others. Views have two axes or more.
 */
export function blockScales(blocks: Blocks): BlockScales {
  const { dims, block } = blocks;
  if (arePerAxis(blocks)) {
    const [cut] = cutAxes(blocks);
    const axis = cut ?? 0;
    const count = cut === undefined ? 1 : dims[axis]!;
    return { axis, dims: cut === undefined ? [] : [count], blocks: Uint32Array.from({ length: count }, (_, i) => i) };
  }
  // Whole axes count too: repeated along them, every entry would be there as often as the axis is long.
  const axis = dims.reduce((best, _, own) => (block[own]! > block[best]! ? own : best), 0);
  const counts = blockCounts(blocks);
  const scaleDims = dims.map((dim, own) => (own === axis ? counts[own]! : dim));
  const entries = new Uint32Array(elementCount(scaleDims));
  for (let i = 0; i < entries.length; i++) {
    let rest = i;
    let stride = 1;
    let at = 0;
    for (let own = dims.length - 1; own >= 0; own--) {
      const index = rest % scaleDims[own]!;
      rest = Math.floor(rest / scaleDims[own]!);
      at += stride * (own === axis ? index : Math.floor(index / block[own]!));
      stride *= counts[own]!;
    }
    entries[i] = at;
  }
  return { axis, blockSize: block[axis]!, dims: scaleDims, blocks: entries };
}
