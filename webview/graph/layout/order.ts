import { groupBy } from './adjacency.ts';
import { totalCrossings } from './crossings.ts';
import type { Rows } from './rows.ts';

export interface Order {
  /** The vertices of each rank from left to right. */
  readonly rows: Int32Array[];
  /** Place of every vertex in its row. */
  readonly position: Int32Array;
}

/** Sweeps without an improvement after which the order is taken as found. */
const patience = 4;
const mostSweeps = 24;
/** Above this many vertices every sweep is dear and few are made. */
const manyVertices = 20_000;

/**
 * Orders every row so that few links cross: the barycentre heuristic of Sugiyama, sweeping down and up and keeping the
 * best order seen. Starts from a depth-first walk, which already keeps branches together.
 */
export function orderRows(graph: Rows): Order {
  const rows = initialRows(graph);
  const position = new Int32Array(graph.vertices);
  for (const row of rows) place(row, position);
  let best = totalCrossings(graph, rows, position);
  let bestRows = rows.map((row) => row.slice());
  const sweeps = graph.vertices > manyVertices ? 6 : mostSweeps;
  let idle = 0;
  for (let sweep = 0; sweep < sweeps && best > 0 && idle < patience; sweep++) {
    const down = sweep % 2 === 0;
    // Ties keep their order in half of the sweeps and swap it in the others, which leaves plateaus.
    const mirrored = sweep % 4 >= 2;
    for (let i = 1; i < rows.length; i++) {
      const row = rows[down ? i : rows.length - 1 - i]!;
      sortRow(graph, row, position, down, mirrored);
    }
    const crossings = totalCrossings(graph, rows, position);
    if (crossings < best) {
      best = crossings;
      bestRows = rows.map((row) => row.slice());
      idle = 0;
    } else idle++;
  }
  for (const row of bestRows) place(row, position);
  return { rows: bestRows, position };
}

function place(row: Int32Array, position: Int32Array): void {
  for (let i = 0; i < row.length; i++) position[row[i]!] = i;
}

function initialRows(graph: Rows): Int32Array[] {
  const counts = groupBy(graph.ranks, graph.rank);
  const rows = Array.from(
    { length: graph.ranks },
    (_, rank) => new Int32Array(counts.start[rank + 1]! - counts.start[rank]!),
  );
  const filled = new Int32Array(graph.ranks);
  const seen = new Uint8Array(graph.vertices);
  const stack: number[] = [];
  // Counting by rank visits sources from the top, in the order of the model.
  for (const root of counts.items) {
    if (graph.ups.start[root] !== graph.ups.start[root + 1]) continue;
    stack.push(root);
    while (stack.length > 0) {
      const vertex = stack.pop()!;
      if (seen[vertex] === 1) continue;
      seen[vertex] = 1;
      const rank = graph.rank[vertex]!;
      rows[rank]![filled[rank]!++] = vertex;
      for (let i = graph.downs.start[vertex + 1]! - 1; i >= graph.downs.start[vertex]!; i--) {
        stack.push(graph.lower[graph.downs.items[i]!]!);
      }
    }
  }
  return rows;
}

function sortRow(graph: Rows, row: Int32Array, position: Int32Array, down: boolean, mirrored: boolean): void {
  if (row.length < 2) return;
  const links = down ? graph.ups : graph.downs;
  const ends = down ? graph.upper : graph.lower;
  const weight = new Float64Array(row.length);
  for (let i = 0; i < row.length; i++) {
    const vertex = row[i]!;
    const first = links.start[vertex]!;
    const count = links.start[vertex + 1]! - first;
    let sum = 0;
    for (let k = 0; k < count; k++) sum += position[ends[links.items[first + k]!]!]!;
    weight[i] = count === 0 ? Number.NaN : sum / count;
  }
  // Vertices without a neighbour keep their place; the others are sorted into the places that are left.
  const free = Array.from(row.keys()).filter((i) => !Number.isNaN(weight[i]!));
  const sorted = free.toSorted((a, b) => weight[a]! - weight[b]! || (mirrored ? b - a : a - b));
  const before = row.slice();
  for (let i = 0; i < free.length; i++) row[free[i]!] = before[sorted[i]!]!;
  place(row, position);
}
