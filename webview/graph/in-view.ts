import type { Box } from './camera.ts';
import { type Layout, piece, stride } from './layout/layout.ts';

/** Ranks that reach into the box, as the first and the one after the last. */
export function ranksIn(layout: Layout, box: Box): { first: number; end: number } {
  const { top, bottom } = layout.bands;
  return { first: lowerBound(bottom, box.top), end: upperBound(top, box.bottom) };
}

/** Calls `visit` for every node whose card reaches into the box: found by rank, then along the row. */
export function nodesIn(
  layout: Layout,
  sizes: readonly { readonly width: number }[],
  box: Box,
  visit: (node: number) => void,
): void {
  const { first, end } = ranksIn(layout, box);
  for (let rank = first; rank < end; rank++) {
    const row = layout.rows[rank]!;
    let low = 0;
    let high = row.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const node = row[middle]!;
      if (layout.x[node]! + sizes[node]!.width / 2 < box.left) low = middle + 1;
      else high = middle;
    }
    for (; low < row.length; low++) {
      const node = row[low]!;
      if (layout.x[node]! - sizes[node]!.width / 2 > box.right) break;
      visit(node);
    }
  }
}

/** Calls `visit` for every piece of an edge whose surrounding rectangle reaches into the box. */
export function piecesIn(layout: Layout, box: Box, visit: (index: number) => void): void {
  const { first, end } = ranksIn(layout, box);
  const ranks = layout.rows.length;
  const scan = (from: number, to: number) => {
    for (let index = from; index < to; index++) {
      const at = index * stride;
      const x1 = layout.pieces[at + piece.x1]!;
      const x2 = layout.pieces[at + piece.x2]!;
      if (Math.max(x1, x2) < box.left || Math.min(x1, x2) > box.right) continue;
      if (layout.pieces[at + piece.bottom]! < box.top || layout.pieces[at + piece.top]! > box.bottom) continue;
      visit(index);
    }
  };
  scan(layout.piecesBelow[Math.max(0, first - 1)]!, layout.piecesBelow[Math.min(end, ranks)]!);
  scan(layout.direct, layout.pieces.length / stride);
}

/** Index of the first number that is not below `value`, in an ascending list. */
function lowerBound(list: Float64Array, value: number): number {
  return partition(list, (number) => number < value);
}

/** Index of the first number above `value`, in an ascending list. */
function upperBound(list: Float64Array, value: number): number {
  return partition(list, (number) => number <= value);
}

/** How many numbers at the beginning of the list are `before`. */
function partition(list: Float64Array, before: (number: number) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(list[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
