import { valuesRead } from './captures.ts';
import type { Graph } from './graph.ts';

/**
 * Largest sum of the sizes of the values that are alive at once when the nodes run in order: a value lives from its
 * producer to its last reader, model inputs from the start, model outputs to the end.
 */
export function peakBytes(graph: Graph, bytesOf: (value: string) => number): number {
  const lastReader = new Map<string, number>();
  graph.nodes.forEach((node, index) => {
    for (const name of valuesRead(node)) lastReader.set(name, index);
  });
  for (const name of graph.outputs) lastReader.set(name, graph.nodes.length);
  const dying: string[][] = graph.nodes.map(() => []);
  for (const [name, index] of lastReader) dying[index]?.push(name);
  const alive = new Set(graph.inputs);
  let live = graph.inputs.reduce((sum, name) => sum + bytesOf(name), 0);
  let peak = live;
  graph.nodes.forEach((node, index) => {
    for (const name of node.outputs) {
      if (name === '' || alive.has(name)) continue;
      alive.add(name);
      live += bytesOf(name);
    }
    peak = Math.max(peak, live);
    for (const name of [...dying[index]!, ...node.outputs.filter((output) => !lastReader.has(output))]) {
      if (alive.delete(name)) live -= bytesOf(name);
    }
  });
  return peak;
}
