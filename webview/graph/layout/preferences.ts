import type { Order } from './order.ts';
import type { Rows } from './rows.ts';

/** Links along which a vertex would be straight above or below its neighbour, by position of that neighbour. */
export interface Preferences {
  readonly up: readonly Int32Array[];
  readonly down: readonly Int32Array[];
}

/**
 * Which neighbours each vertex lines up with. A node follows its main line, the longest chain of layers through it, and
 * lets skip edges bend around; branches of equal length keep it in their middle. A bend follows its trunk.
 */
export function preferences(graph: Rows, order: Order): Preferences {
  const above = chainLengths(graph, order, true);
  const below = chainLengths(graph, order, false);
  const real = (vertex: number) => vertex < graph.nodes;
  const value = (link: number, up: boolean): number => {
    const upper = graph.upper[link]!;
    const lower = graph.lower[link]!;
    if (real(upper) && real(lower)) return above[upper]! + below[lower]! + 1;
    // Among the ways on from a bend, the trunk is before the branches that leave it.
    if (!up && !real(upper)) return real(lower) ? -1 : 0;
    return -1;
  };
  const best = (up: boolean): Uint8Array => {
    const { start, items } = up ? graph.ups : graph.downs;
    const chosen = new Uint8Array(graph.upper.length);
    for (let vertex = 0; vertex < graph.vertices; vertex++) {
      const links = items.subarray(start[vertex]!, start[vertex + 1]!);
      const most = links.reduce((max, link) => Math.max(max, value(link, up)), Number.NEGATIVE_INFINITY);
      for (const link of links) if (value(link, up) === most) chosen[link] = 1;
    }
    return chosen;
  };
  // Both ends must want it: a skip edge would otherwise take the place of the main line below its source.
  const fromBelow = best(true);
  const fromAbove = best(false);
  const pick = (vertex: number, up: boolean): Int32Array => {
    const { start, items } = up ? graph.ups : graph.downs;
    const ends = up ? graph.upper : graph.lower;
    return items
      .subarray(start[vertex]!, start[vertex + 1]!)
      .filter((link) => fromBelow[link] === 1 && fromAbove[link] === 1)
      .sort((a, b) => order.position[ends[a]!]! - order.position[ends[b]!]! || a - b);
  };
  const all = Array.from({ length: graph.vertices }, (_, vertex) => vertex);
  return { up: all.map((vertex) => pick(vertex, true)), down: all.map((vertex) => pick(vertex, false)) };
}

/** For every node the number of links in the longest chain of neighbouring nodes that ends in it from above, or below. */
function chainLengths(graph: Rows, order: Order, above: boolean): Int32Array {
  const length = new Int32Array(graph.vertices);
  const { start, items } = above ? graph.ups : graph.downs;
  const ends = above ? graph.upper : graph.lower;
  for (let i = 0; i < order.rows.length; i++) {
    for (const vertex of order.rows[above ? i : order.rows.length - 1 - i]!) {
      if (vertex >= graph.nodes) continue;
      for (let k = start[vertex]!; k < start[vertex + 1]!; k++) {
        const neighbour = ends[items[k]!]!;
        if (neighbour < graph.nodes) length[vertex] = Math.max(length[vertex]!, length[neighbour]! + 1);
      }
    }
  }
  return length;
}

/**
 * Marks with 1 the links that cross a trunk's straight part (between two bends): the trunk stays straight and they give
 * way. After Brandes and Köpf, "Fast and simple horizontal coordinate assignment" (2001), type 1 conflicts.
 */
export function yieldingLinks(graph: Rows, order: Order): Uint8Array {
  const yields = new Uint8Array(graph.upper.length);
  const isBend = (vertex: number) => vertex >= graph.nodes;
  const { position, rows } = order;
  for (let rank = 1; rank < rows.length; rank++) {
    const row = rows[rank]!;
    const width = rows[rank - 1]!.length;
    let left = 0;
    let done = 0;
    for (let i = 0; i < row.length; i++) {
      const inner = isBend(row[i]!) ? trunkAbove(graph, row[i]!) : -1;
      if (inner < 0 && i < row.length - 1) continue;
      const right = inner < 0 ? width - 1 : position[inner]!;
      for (; done <= i; done++) {
        const vertex = row[done]!;
        for (let k = graph.ups.start[vertex]!; k < graph.ups.start[vertex + 1]!; k++) {
          const link = graph.ups.items[k]!;
          const end = graph.upper[link]!;
          if (isBend(end) && isBend(vertex)) continue;
          if (position[end]! < left || position[end]! > right) yields[link] = 1;
        }
      }
      left = right;
    }
  }
  return yields;
}

function trunkAbove(graph: Rows, bend: number): number {
  const above = graph.upper[graph.ups.items[graph.ups.start[bend]!]!]!;
  return above >= graph.nodes ? above : -1;
}
