import { valuesRead } from '../graph/captures.ts';
import type { Graph } from '../graph/graph.ts';

/**
 * Throws if a graph breaks the invariants of `Graph`: topological order, one producer a value, unique names. A pass that
 * does so is our fault, never the model's, so this is a plain error.
 */
export function verifyGraph(graph: Graph, after: string): void {
  const complain = (what: string): never => {
    throw new Error(`After ${after}: ${what}.`);
  };
  const known = new Set<string>([...graph.inputs, ...graph.initializers.keys()]);
  const names = new Set<string>();
  for (const node of graph.nodes) {
    if (node.name === '' || names.has(node.name)) complain(`node name "${node.name}" is empty or borne twice`);
    names.add(node.name);
    for (const value of node.inputs)
      if (value !== '' && !known.has(value)) complain(`${node.name} reads "${value}" before it is computed`);
    for (const value of node.outputs) {
      if (value === '') continue;
      if (known.has(value)) complain(`value "${value}" has two producers`);
      known.add(value);
    }
  }
  for (const output of graph.outputs) if (!known.has(output)) complain(`output "${output}" is not computed`);
  for (const node of graph.nodes) {
    for (const value of valuesRead(node)) if (value === '') complain(`${node.name} captures a value without a name`);
  }
}
