import { groupBy } from './adjacency.ts';

/**
 * Rank (row) of every node of an acyclic graph, 0 at the top: the longest path from a source. Then nodes whose edges get
 * shorter by it sink towards their consumers: a second input is drawn beside its reader, not at the top of the model.
 */
export function assignRanks(nodes: number, from: Int32Array, to: Int32Array): Int32Array {
  const outgoing = groupBy(nodes, from);
  const indegree = new Int32Array(nodes);
  for (const target of to) indegree[target]!++;
  const waiting = indegree.slice();
  const order = new Int32Array(nodes);
  let filled = 0;
  for (let node = 0; node < nodes; node++) if (waiting[node] === 0) order[filled++] = node;
  const rank = new Int32Array(nodes);
  for (let read = 0; read < filled; read++) {
    const node = order[read]!;
    for (let i = outgoing.start[node]!; i < outgoing.start[node + 1]!; i++) {
      const target = to[outgoing.items[i]!]!;
      rank[target] = Math.max(rank[target]!, rank[node]! + 1);
      if (--waiting[target]! === 0) order[filled++] = target;
    }
  }
  for (let read = filled - 1; read >= 0; read--) {
    const node = order[read]!;
    const readers = outgoing.start[node + 1]! - outgoing.start[node]!;
    if (readers <= indegree[node]!) continue;
    let nearest = Number.POSITIVE_INFINITY;
    for (let i = outgoing.start[node]!; i < outgoing.start[node + 1]!; i++) {
      nearest = Math.min(nearest, rank[to[outgoing.items[i]!]!]!);
    }
    rank[node] = nearest - 1;
  }
  return rank;
}
