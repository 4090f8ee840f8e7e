import { type GraphModel, isLayer } from './model.ts';

/** What is selected in the graph, and the node that was taken last: the one that Shift reaches from. */
export interface Selection {
  readonly nodes: ReadonlySet<number>;
  readonly last: number | null;
}

/** What choosing a node does: it alone, it more or less, or all on the way to it. */
export type ChoiceKind = 'alone' | 'toggle' | 'reach';

export const nothing: Selection = { nodes: new Set(), last: null };

export function only(node: number | null): Selection {
  return node === null ? nothing : { nodes: new Set([node]), last: node };
}

export function chosen(selection: Selection, node: number, kind: ChoiceKind, model: GraphModel): Selection {
  if (kind === 'alone') return only(node);
  if (kind === 'reach')
    return { nodes: new Set([...selection.nodes, ...wayTo(selection.last, node, model)]), last: node };
  const nodes = new Set(selection.nodes);
  if (!nodes.delete(node)) return { nodes: nodes.add(node), last: node };
  // Of what is left the one that came last before counts.
  return { nodes, last: selection.last === node ? ([...nodes].at(-1) ?? null) : selection.last };
}

export function withAll(selection: Selection, more: Iterable<number>): Selection {
  const nodes = new Set(selection.nodes);
  for (const node of more) nodes.add(node);
  return { nodes, last: [...nodes].at(-1) ?? null };
}

/** All layers with the operators of these nodes, and those operators. */
export function alike(
  nodes: ReadonlySet<number>,
  model: GraphModel,
): { readonly layers: readonly number[]; readonly operators: ReadonlySet<string> } {
  const operators = new Set<string>();
  for (const node of nodes) {
    const about = model.nodes[node];
    if (isLayer(about)) operators.add(about.layer.op);
  }
  const layers = model.nodes.flatMap((node, i) => (isLayer(node) && operators.has(node.layer.op) ? [i] : []));
  return { layers, operators };
}

/** Both ends and every node on a path between them, as `from … to …` of a spec selects; the far end alone where there is none. */
function wayTo(from: number | null, to: number, model: GraphModel): Iterable<number> {
  if (from === null) return [to];
  for (const [start, end] of [
    [from, to],
    [to, from],
  ] as const) {
    const below = reached(start, model.outgoing, (edge) => model.edges[edge]!.to);
    if (!below.has(end)) continue;
    const above = reached(end, model.incoming, (edge) => model.edges[edge]!.from);
    return [...below].filter((node) => above.has(node));
  }
  return [to];
}

function reached(start: number, edges: GraphModel['outgoing'], other: (edge: number) => number): Set<number> {
  const found = new Set([start]);
  // A set is walked in the order in which it grows.
  for (const node of found) for (const edge of edges[node]!) found.add(other(edge));
  return found;
}
