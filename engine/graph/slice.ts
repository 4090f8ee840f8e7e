import { valuesRead } from './captures.ts';
import type { Graph, GraphNode } from './graph.ts';

/** Nodes that `wanted` is computed by where the values of `given` are at hand, in the graph's order. */
export function nodesBetween(graph: Graph, given: ReadonlySet<string>, wanted: Iterable<string>): GraphNode[] {
  const needed = new Set<string>();
  for (const value of wanted) if (!given.has(value)) needed.add(value);
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((value) => needed.has(value))) continue;
    nodes.push(node);
    for (const value of valuesRead(node)) if (!given.has(value)) needed.add(value);
  }
  return nodes.reverse();
}

/** The part of a graph that leads from the values of `given` to `wanted`; its inputs are those of `given` that it reads. */
export function slice(graph: Graph, given: ReadonlySet<string>, wanted: readonly string[]): Graph {
  const nodes = nodesBetween(graph, given, wanted);
  const read = new Set([...nodes.flatMap(valuesRead), ...wanted]);
  return {
    ...graph,
    nodes,
    inputs: [...given].filter((value) => read.has(value)),
    outputs: wanted,
    initializers: new Map([...graph.initializers].filter(([name]) => read.has(name))),
  };
}
