import type { Graph, GraphNode } from './graph.ts';

/** Values that a node reads, those its subgraphs capture included (and, harmlessly, those they define themselves). */
export function valuesRead(node: GraphNode): string[] {
  const names = node.inputs.filter((name) => name !== '');
  for (const graph of subgraphsOf(node)) names.push(...valuesCaptured(graph));
  return names;
}

/** The bodies of If, Loop, Scan and SequenceMap. */
export function subgraphsOf(node: GraphNode): readonly Graph[] {
  return Object.values(node.attributes).flatMap((attribute) =>
    attribute.kind === 'graph' ? [attribute.value] : attribute.kind === 'graphs' ? attribute.value : [],
  );
}

/** Names that a subgraph takes from its enclosing scopes. */
export function valuesCaptured(graph: Graph): string[] {
  const defined = new Set<string>([...graph.inputs, ...graph.initializers.keys()]);
  const captured = new Set<string>();
  for (const node of graph.nodes) {
    for (const name of valuesRead(node)) if (!defined.has(name)) captured.add(name);
    for (const name of node.outputs) defined.add(name);
  }
  for (const name of graph.outputs) if (!defined.has(name)) captured.add(name);
  return [...captured];
}
