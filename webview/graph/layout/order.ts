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
/** Above this many vertices every sweep is dear: one start and few sweeps. */
const manyVertices = 20_000;

/**
 * Orders every row so that few links cross: the barycentre heuristic of Sugiyama, sweeping down and up and keeping the
 * best order seen. Starts from depth-first walks, which already keep branches together: one from the sources down and,
 * while that costs little, one from the sinks up.
 */
export function orderRows(graph: Rows): Order {
  const few = graph.vertices <= manyVertices;
  const starts = few ? [initialRows(graph, true), initialRows(graph, false)] : [initialRows(graph, true)];
  const position = new Int32Array(graph.vertices);
  let best: { rows: Int32Array[]; crossings: number } | null = null;
  for (const rows of starts) {
    const found = sweep(graph, rows, position, few ? mostSweeps : 6);
    if (best === null || found.crossings < best.crossings) best = found;
    if (best.crossings === 0) break;
  }
  for (const row of best!.rows) place(row, position);
  return { rows: best!.rows, position };
}

function sweep(
  graph: Rows,
  rows: Int32Array[],
  position: Int32Array,
  most: number,
): { rows: Int32Array[]; crossings: number } {
  for (const row of rows) place(row, position);
  let best = { rows: rows.map((row) => row.slice()), crossings: totalCrossings(graph, rows, position) };
  let idle = 0;
  for (let turn = 0; turn < most && best.crossings > 0 && idle < patience; turn++) {
    const down = turn % 2 === 0;
    // Ties keep their order in half of the sweeps and swap it in the others, which leaves plateaus.
    const mirrored = turn % 4 >= 2;
    for (let i = 1; i < rows.length; i++) {
      sortRow(graph, rows[down ? i : rows.length - 1 - i]!, position, down, mirrored);
    }
    const crossings = totalCrossings(graph, rows, position);
    if (crossings < best.crossings) {
      best = { rows: rows.map((row) => row.slice()), crossings };
      idle = 0;
    } else idle++;
  }
  return best;
}

function place(row: Int32Array, position: Int32Array): void {
  for (let i = 0; i < row.length; i++) position[row[i]!] = i;
}

function initialRows(graph: Rows, down: boolean): Int32Array[] {
  const [onward, backward] = down ? [graph.downs, graph.ups] : [graph.ups, graph.downs];
  const ends = down ? graph.lower : graph.upper;
  const byRank = groupBy(graph.ranks, graph.rank);
  const rows = Array.from(
    { length: graph.ranks },
    (_, rank) => new Int32Array(byRank.start[rank + 1]! - byRank.start[rank]!),
  );
  const filled = new Int32Array(graph.ranks);
  const seen = new Uint8Array(graph.vertices);
  const stack: number[] = [];
  // Rank by rank, within it in the order of the model.
  for (const root of down ? byRank.items : byRank.items.toReversed()) {
    if (backward.start[root] !== backward.start[root + 1]) continue;
    stack.push(root);
    while (stack.length > 0) {
      const vertex = stack.pop()!;
      if (seen[vertex] === 1) continue;
      seen[vertex] = 1;
      const rank = graph.rank[vertex]!;
      rows[rank]![filled[rank]!++] = vertex;
      for (let i = onward.start[vertex + 1]! - 1; i >= onward.start[vertex]!; i--) {
        stack.push(ends[onward.items[i]!]!);
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
