import { horizontalCoordinates, type Spacing } from './coordinates.ts';
import { backEdges } from './cycles.ts';
import { orderRows } from './order.ts';
import { assignRanks } from './ranks.ts';
import { choosePorts, piece, routePieces, stride } from './route.ts';
import { cutEdges, type Rows } from './rows.ts';

export interface LayoutEdge {
  readonly from: number;
  readonly to: number;
  /** Edges of one node and bundle carry the same value and share their way. */
  readonly bundle: number;
}

export interface LayoutInput {
  readonly sizes: readonly { readonly width: number; readonly height: number }[];
  readonly edges: readonly LayoutEdge[];
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Centre of every node; the whole begins at (0, 0). */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly rank: Int32Array;
  /** The nodes of each rank from left to right. */
  readonly rows: readonly Int32Array[];
  /** Top and bottom of each rank. */
  readonly bands: { readonly top: Float64Array; readonly bottom: Float64Array };
  /** Pieces of edges, `stride` numbers each (see `route.ts`), by their upper rank; see `piecesBelow`. */
  readonly pieces: Float64Array;
  /** Pieces of rank `r` are `piecesBelow[r]` to `piecesBelow[r + 1]` - 1; those from `direct` on span many ranks. */
  readonly piecesBelow: Int32Array;
  readonly direct: number;
  /** 0: goes on, 1: ends in an arrow at its bottom, 2: at its top (an edge that closes a cycle). */
  readonly arrows: Uint8Array;
  /** The pieces of an edge, from its lower end to its upper one. Empty: an edge from a node to itself. */
  readonly way: (edge: number) => number[];
}

const spacing: Spacing = { cards: 28, edges: 18 };
const gap = { least: 34, most: 120, perWidth: 0.09 };

/**
 * Lays a graph out in rows from top to bottom, after Sugiyama: break cycles, assign ranks, order the rows, choose
 * coordinates, route edges. The same graph always gives the same picture. Nothing here recurses, and time and memory
 * are near linear in nodes and edges.
 */
export function layOut({ sizes, edges }: LayoutInput): Layout {
  const count = sizes.length;
  const kept = edges.map((_, edge) => edge).filter((edge) => edges[edge]!.from !== edges[edge]!.to);
  const from = Int32Array.from(kept, (edge) => edges[edge]!.from);
  const to = Int32Array.from(kept, (edge) => edges[edge]!.to);
  const back = backEdges(count, from, to);
  // An edge that closes a cycle is laid out upside down, on a way of its own.
  const bundle = Int32Array.from(kept, (edge, i) => (back[i] === 1 ? -1 - i : edges[edge]!.bundle));
  for (let i = 0; i < kept.length; i++) if (back[i] === 1) [from[i], to[i]] = [to[i]!, from[i]!];

  const graph = cutEdges(assignRanks(count, from, to), { from, to, bundle });
  const order = orderRows(graph);
  const widths = new Float64Array(graph.vertices);
  const heights = new Float64Array(graph.vertices);
  sizes.forEach(({ width, height }, node) => {
    widths[node] = width;
    heights[node] = height;
  });
  const x = horizontalCoordinates(graph, order, widths, spacing);
  const extent = moveToOrigin(x, widths);
  const bands = stack(graph, x, heights);
  const y = Float64Array.from(heights, (_, v) => (bands.top[graph.rank[v]!]! + bands.bottom[graph.rank[v]!]!) / 2);
  const ports = choosePorts(graph, x, widths);
  const routed = routePieces(graph, x, y, heights, bands, ports);

  const sorted = sortPieces(graph, routed);
  const edgeToKept = new Int32Array(edges.length).fill(-1);
  kept.forEach((edge, i) => {
    edgeToKept[edge] = i;
  });
  const arrows = new Uint8Array(graph.upper.length);
  graph.last.forEach((link, i) => {
    if (back[i] === 0) arrows[sorted.place[link]!] = 1;
  });
  const way = (edge: number): number[] => {
    const own = edgeToKept[edge] ?? -1;
    if (own < 0) return [];
    const links = [graph.last[own]!];
    for (let upper = graph.upper[links[0]!]!; upper >= graph.nodes; upper = graph.upper[links.at(-1)!]!) {
      links.push(graph.ups.items[graph.ups.start[upper]!]!);
    }
    return links.map((link) => sorted.place[link]!);
  };
  back.forEach((isBack, i) => {
    if (isBack === 1) arrows[way(kept[i]!).at(-1)!] = 2;
  });

  return {
    width: extent,
    height: bands.bottom.at(-1) ?? 0,
    x: x.slice(0, count),
    y: y.slice(0, count),
    rank: graph.rank.slice(0, count),
    rows: order.rows.map((row) => row.filter((vertex) => vertex < count)),
    bands,
    pieces: sorted.pieces,
    piecesBelow: sorted.below,
    direct: graph.direct,
    arrows,
    way,
  };
}

function moveToOrigin(x: Float64Array, widths: Float64Array): number {
  let left = Number.POSITIVE_INFINITY;
  let right = Number.NEGATIVE_INFINITY;
  x.forEach((at, vertex) => {
    left = Math.min(left, at - widths[vertex]! / 2);
    right = Math.max(right, at + widths[vertex]! / 2);
  });
  if (x.length === 0) return 0;
  for (let vertex = 0; vertex < x.length; vertex++) x[vertex]! -= left;
  return right - left;
}

/** Heights of the rows; the further an edge has to go sideways between two rows, the more room they leave. */
function stack(graph: Rows, x: Float64Array, heights: Float64Array): Layout['bands'] {
  const tall = new Float64Array(graph.ranks);
  const sideways = new Float64Array(graph.ranks);
  for (let node = 0; node < graph.nodes; node++) {
    tall[graph.rank[node]!] = Math.max(tall[graph.rank[node]!]!, heights[node]!);
  }
  for (let link = 0; link < graph.direct; link++) {
    const rank = graph.rank[graph.upper[link]!]!;
    sideways[rank] = Math.max(sideways[rank]!, Math.abs(x[graph.upper[link]!]! - x[graph.lower[link]!]!));
  }
  const top = new Float64Array(graph.ranks);
  const bottom = new Float64Array(graph.ranks);
  let y = 0;
  for (let rank = 0; rank < graph.ranks; rank++) {
    top[rank] = y;
    bottom[rank] = y + tall[rank]!;
    y = bottom[rank]! + Math.min(gap.most, gap.least + gap.perWidth * sideways[rank]!);
  }
  return { top, bottom };
}

/** Sorts the pieces by their upper rank, so that those in view are found at once. */
function sortPieces(graph: Rows, routed: Float64Array): { pieces: Float64Array; below: Int32Array; place: Int32Array } {
  const links = graph.upper.length;
  const key = (link: number) => (link < graph.direct ? graph.rank[graph.upper[link]!]! : graph.ranks);
  const below = new Int32Array(graph.ranks + 2);
  for (let link = 0; link < links; link++) below[key(link) + 1]!++;
  for (let rank = 0; rank <= graph.ranks; rank++) below[rank + 1]! += below[rank]!;
  const next = below.slice();
  const place = new Int32Array(links);
  const pieces = new Float64Array(routed.length);
  for (let link = 0; link < links; link++) {
    const at = next[key(link)]!++;
    place[link] = at;
    pieces.set(routed.subarray(link * stride, (link + 1) * stride), at * stride);
  }
  return { pieces, below, place };
}

export { piece, stride };
