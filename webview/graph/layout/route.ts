import { groupBy } from './adjacency.ts';
import type { Rows } from './rows.ts';

/**
 * A piece of an edge from one rank to the next: straight down from `top` to `bend`, over to the other side, straight down
 * from `land` to `bottom`. It turns only between the rows, so it never touches a card. Flat, `stride` numbers each.
 */
export const piece = { x1: 0, top: 1, bend: 2, x2: 3, land: 4, bottom: 5 } as const;
export const stride = 6;

/** Room between a card's corner and the nearest edge that ends in it, and between two such edges at most. */
const corner = 14;
const widest = 16;

/** Where each link leaves its upper vertex and enters its lower one, relative to their centres. */
export interface Ports {
  readonly leave: Float64Array;
  readonly enter: Float64Array;
}

/**
 * Spreads the edges along the cards that they end in, in the order of where they come from, so that they stay apart.
 * Edges of one value leave together. One that comes from straight above stays straight.
 */
export function choosePorts(graph: Rows, x: Float64Array, widths: Float64Array): Ports {
  const leave = new Float64Array(graph.upper.length);
  const enter = new Float64Array(graph.upper.length);
  const incoming = groupBy(graph.vertices, graph.lower);
  const outgoing = groupBy(graph.vertices, graph.upper);
  for (let node = 0; node < graph.nodes; node++) {
    const out = outgoing.items.subarray(outgoing.start[node]!, outgoing.start[node + 1]!);
    const trunks = new Map<number, { sum: number; count: number; links: number[] }>();
    for (const link of out) {
      const trunk = trunks.get(graph.trunk[link]!) ?? { sum: 0, count: 0, links: [] };
      trunks.set(graph.trunk[link]!, trunk);
      trunk.sum += x[graph.lower[link]!]!;
      trunk.count++;
      trunk.links.push(link);
    }
    const values = [...trunks.values()].map(({ sum, count, links }) => ({ at: sum / count, links }));
    spread(values, x[node]!, widths[node]!, (links, offset) => {
      for (const link of links) leave[link] = offset;
    });
    const into = Array.from(incoming.items.subarray(incoming.start[node]!, incoming.start[node + 1]!), (link) => ({
      at: x[graph.upper[link]!]! + leave[link]!,
      links: [link],
    }));
    spread(into, x[node]!, widths[node]!, (links, offset) => {
      for (const link of links) enter[link] = offset;
    });
  }
  return { leave, enter };
}

function spread(
  ends: { at: number; links: readonly number[] }[],
  centre: number,
  width: number,
  set: (links: readonly number[], offset: number) => void,
): void {
  if (ends.length < 2) return;
  ends.sort((a, b) => a.at - b.at || a.links[0]! - b.links[0]!);
  const half = Math.max(0, width / 2 - corner);
  const straight = ends.findIndex(({ at }) => Math.abs(at - centre) < 1);
  const middle = straight < 0 ? (ends.length - 1) / 2 : straight;
  const step = Math.min(widest, half / Math.max(middle, ends.length - 1 - middle, 1));
  ends.forEach(({ links }, i) => {
    set(links, (i - middle) * step);
  });
}

export function routePieces(
  graph: Rows,
  x: Float64Array,
  y: Float64Array,
  heights: Float64Array,
  bands: { readonly top: Float64Array; readonly bottom: Float64Array },
  ports: Ports,
): Float64Array {
  const pieces = new Float64Array(graph.upper.length * stride);
  for (let link = 0; link < graph.upper.length; link++) {
    const upper = graph.upper[link]!;
    const lower = graph.lower[link]!;
    const at = link * stride;
    const bend = bands.bottom[graph.rank[upper]!]!;
    const land = bands.top[graph.rank[lower]!]!;
    pieces[at + piece.x1] = x[upper]! + ports.leave[link]!;
    pieces[at + piece.top] = upper < graph.nodes ? y[upper]! + heights[upper]! / 2 : bend;
    pieces[at + piece.bend] = bend;
    pieces[at + piece.x2] = x[lower]! + ports.enter[link]!;
    pieces[at + piece.land] = land;
    pieces[at + piece.bottom] =
      lower < graph.nodes ? y[lower]! - heights[lower]! / 2 : bands.bottom[graph.rank[lower]!]!;
  }
  return pieces;
}
