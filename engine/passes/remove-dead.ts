import { valuesRead } from '../graph/captures.ts';
import type { Pass } from './pass.ts';
import { unchanged } from './pass.ts';

/** Removes nodes and constants that no output of the graph depends on. */
export const removeDead: Pass = {
  name: 'remove-dead',
  summary: 'Removes nodes and constants that no output depends on.',
  run(graph) {
    const needed = new Set(graph.outputs);
    const nodes = [];
    for (const node of graph.nodes.toReversed()) {
      if (!node.outputs.some((output) => needed.has(output))) continue;
      for (const value of valuesRead(node)) needed.add(value);
      nodes.push(node);
    }
    const initializers = new Map([...graph.initializers].filter(([name]) => needed.has(name)));
    if (nodes.length === graph.nodes.length && initializers.size === graph.initializers.size) return unchanged(graph);
    nodes.reverse();
    const alive = new Set([...graph.inputs, ...initializers.keys(), ...nodes.flatMap((node) => node.outputs)]);
    const types = new Map([...graph.types].filter(([name]) => alive.has(name)));
    return { ...unchanged(graph), graph: { ...graph, nodes, initializers, types } };
  },
};
