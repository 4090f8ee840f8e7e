import { valuesRead } from '../graph/captures.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';

/** Layers whose codes are chosen together: those between two values that all before and all behind them passes through. */
export interface Stretch {
  readonly input: string;
  /** Where it may end: behind its last layer, or behind what only follows that; the furthest first. */
  readonly outputs: readonly string[];
  readonly nodes: readonly GraphNode[];
}

/**
 * The stretches of a graph that hold layers of `wanted`: residual blocks and the like whole, and layers in a row together until
 * there are `most` of them.
 * @param passes whether the work can go through a node; a stretch ends before one that it cannot
 */
export function stretchesOf(
  graph: Graph,
  wanted: ReadonlySet<string>,
  most: number,
  passes: (node: GraphNode) => boolean,
): Stretch[] {
  const stretches: Stretch[] = [];
  let open: { input: string; outputs: string[]; nodes: GraphNode[]; layers: number } | undefined;
  const close = () => {
    if (open !== undefined) stretches.push({ ...open, outputs: open.outputs.reverse() });
    open = undefined;
  };
  for (const { input, output, nodes } of segmentsOf(graph)) {
    const layers = nodes.filter(({ name }) => wanted.has(name)).length;
    const through = nodes.every(passes);
    if (!through || (layers > 0 && open !== undefined && open.layers + layers > most)) close();
    if (!through) continue;
    if (layers > 0) {
      open ??= { input, outputs: [], nodes: [], layers: 0 };
      open.layers += layers;
      open.outputs = [output];
    } else open?.outputs.push(output);
    open?.nodes.push(...nodes);
  }
  close();
  return stretches;
}

/** The nodes between every two values that alone lead on from one part of the graph to the next. */
function segmentsOf(graph: Graph): { readonly input: string; readonly output: string; readonly nodes: GraphNode[] }[] {
  const lastReader = new Map<string, number>();
  for (const [at, node] of graph.nodes.entries()) for (const value of valuesRead(node)) lastReader.set(value, at);
  const segments: { input: string; output: string; nodes: GraphNode[] }[] = [];
  const alive = new Set(graph.inputs.filter((value) => lastReader.has(value)));
  let from = alive.size === 1 ? [...alive][0] : undefined;
  let nodes: GraphNode[] = [];
  for (const [at, node] of graph.nodes.entries()) {
    nodes.push(node);
    for (const value of valuesRead(node)) if (lastReader.get(value) === at) alive.delete(value);
    for (const value of node.outputs) if (lastReader.has(value) || graph.outputs.includes(value)) alive.add(value);
    if (alive.size !== 1) continue;
    const [output] = alive as unknown as Iterable<string>;
    if (from !== undefined) segments.push({ input: from, output: output!, nodes });
    [from, nodes] = [output, []];
  }
  return segments;
}
