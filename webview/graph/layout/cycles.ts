import { groupBy } from './adjacency.ts';

const unseen = 0;
const open = 1;
const done = 2;

/**
 * Marks with 1 every edge that closes a cycle; without them the graph is acyclic. A well-formed model has none, but a
 * malformed one must be drawn too. Depth first in the order of the nodes, without recursion.
 */
export function backEdges(nodes: number, from: Int32Array, to: Int32Array): Uint8Array {
  const back = new Uint8Array(from.length);
  if (from.every((source, edge) => source < to[edge]!)) return back;
  const outgoing = groupBy(nodes, from);
  const state = new Uint8Array(nodes);
  const next = outgoing.start.slice(0, nodes);
  const stack: number[] = [];
  for (let root = 0; root < nodes; root++) {
    if (state[root] !== unseen) continue;
    state[root] = open;
    stack.push(root);
    while (stack.length > 0) {
      const node = stack.at(-1)!;
      if (next[node]! === outgoing.start[node + 1]!) {
        state[node] = done;
        stack.pop();
        continue;
      }
      const edge = outgoing.items[next[node]!++]!;
      const target = to[edge]!;
      if (state[target] === open) back[edge] = 1;
      else if (state[target] === unseen) {
        state[target] = open;
        stack.push(target);
      }
    }
  }
  return back;
}
