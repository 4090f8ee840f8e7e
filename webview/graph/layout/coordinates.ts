import { groupBy } from './adjacency.ts';
import type { Order } from './order.ts';
import { preferences, yieldingLinks } from './preferences.ts';
import type { Rows } from './rows.ts';

export interface Spacing {
  /** Between the edges of two neighbouring cards. */
  readonly cards: number;
  /** Between an edge that passes and whatever is beside it. */
  readonly edges: number;
}

/**
 * Horizontal centre of every vertex. Vertices are lined up in straight blocks, in four ways (from above or below, to the
 * left or right), each packed as tightly as the order allows; the result is the mean of the two middle ones of the four,
 * which keeps every distance. After Brandes and Köpf (2001); the packing is by longest paths over the blocks.
 */
export function horizontalCoordinates(graph: Rows, order: Order, widths: Float64Array, spacing: Spacing): Float64Array {
  const preferred = preferences(graph, order);
  const yields = yieldingLinks(graph, order);
  const isBend = (vertex: number) => vertex >= graph.nodes;
  const distance = (a: number, b: number) =>
    (widths[a]! + widths[b]!) / 2 + (isBend(a) || isBend(b) ? spacing.edges : spacing.cards);

  const layouts: Float64Array[] = [];
  for (const fromAbove of [true, false]) {
    for (const mirrored of [false, true]) {
      const root = lineUp(graph, order, fromAbove ? preferred.up : preferred.down, yields, fromAbove, mirrored);
      layouts.push(pack(order, root, distance, mirrored));
    }
  }
  return combine(layouts, widths);
}

/** The first vertex of the straight block that each vertex belongs to. */
function lineUp(
  graph: Rows,
  order: Order,
  preferred: readonly Int32Array[],
  yields: Uint8Array,
  fromAbove: boolean,
  mirrored: boolean,
): Int32Array {
  const root = Int32Array.from({ length: graph.vertices }, (_, vertex) => vertex);
  const taken = new Uint8Array(graph.vertices);
  const ends = fromAbove ? graph.upper : graph.lower;
  const { rows, position } = order;
  const sign = mirrored ? -1 : 1;
  for (let r = 1; r < rows.length; r++) {
    const row = rows[fromAbove ? r : rows.length - 1 - r]!;
    // No block may cross one that was lined up before it in this row.
    let limit = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < row.length; i++) {
      const vertex = row[mirrored ? row.length - 1 - i : i]!;
      const links = preferred[vertex]!;
      if (links.length === 0) continue;
      const low = (links.length - 1) >> 1;
      const high = links.length >> 1;
      for (const middle of mirrored ? [high, low] : [low, high]) {
        const link = links[middle]!;
        const neighbour = ends[link]!;
        const at = sign * position[neighbour]!;
        if (yields[link] === 1 || taken[neighbour] === 1 || at <= limit) continue;
        root[vertex] = root[neighbour]!;
        taken[neighbour] = 1;
        limit = at;
        break;
      }
    }
  }
  return root;
}

/**
 * Coordinates of the blocks: every block as far to the left as its left neighbours let it, then back to the right as far
 * as its right neighbours let it, so that a block stays close to what it belongs to. Mirrored: the other way round.
 */
function pack(
  order: Order,
  root: Int32Array,
  distance: (a: number, b: number) => number,
  mirrored: boolean,
): Float64Array {
  const from: number[] = [];
  const to: number[] = [];
  const gap: number[] = [];
  for (const row of order.rows) {
    for (let i = 1; i < row.length; i++) {
      from.push(root[mirrored ? row[i]! : row[i - 1]!]!);
      to.push(root[mirrored ? row[i - 1]! : row[i]!]!);
      gap.push(distance(row[i - 1]!, row[i]!));
    }
  }
  const count = root.length;
  const after = groupBy(count, from);
  const waiting = new Int32Array(count);
  for (const block of to) waiting[block]!++;
  const sequence = new Int32Array(count);
  let filled = 0;
  for (let block = 0; block < count; block++) if (waiting[block] === 0) sequence[filled++] = block;
  const x = new Float64Array(count);
  for (let read = 0; read < filled; read++) {
    const block = sequence[read]!;
    for (let i = after.start[block]!; i < after.start[block + 1]!; i++) {
      const pair = after.items[i]!;
      const next = to[pair]!;
      x[next] = Math.max(x[next]!, x[block]! + gap[pair]!);
      if (--waiting[next]! === 0) sequence[filled++] = next;
    }
  }
  for (let read = filled - 1; read >= 0; read--) {
    const block = sequence[read]!;
    let room = Number.POSITIVE_INFINITY;
    for (let i = after.start[block]!; i < after.start[block + 1]!; i++) {
      const pair = after.items[i]!;
      room = Math.min(room, x[to[pair]!]! - gap[pair]!);
    }
    if (room !== Number.POSITIVE_INFINITY) x[block] = Math.max(x[block]!, room);
  }
  return Float64Array.from(root, (block) => (mirrored ? -x[block]! : x[block]!));
}

/** Moves the four layouts over each other, by the sides to which they were packed, and takes the middle. */
function combine(layouts: readonly Float64Array[], widths: Float64Array): Float64Array {
  const bounds = layouts.map((layout) => {
    let left = Number.POSITIVE_INFINITY;
    let right = Number.NEGATIVE_INFINITY;
    layout.forEach((x, vertex) => {
      left = Math.min(left, x - widths[vertex]! / 2);
      right = Math.max(right, x + widths[vertex]! / 2);
    });
    return { left, right };
  });
  const narrowest = bounds.reduce((a, b) => (b.right - b.left < a.right - a.left ? b : a));
  const shift = bounds.map(({ left, right }, i) => (i % 2 === 0 ? narrowest.left - left : narrowest.right - right));
  const four = [0, 0, 0, 0];
  return layouts[0]!.map((_, vertex) => {
    for (let i = 0; i < 4; i++) four[i] = layouts[i]![vertex]! + shift[i]!;
    four.sort((a, b) => a - b);
    return (four[1]! + four[2]!) / 2;
  });
}
