import type { Graph, GraphNode } from '../graph/graph.ts';

const transparent = new Set([
  'Identity',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Dropout',
  'Cast',
  'QuantizeLinear',
  'DequantizeLinear',
]);

export interface Scores {
  /** Value compared: the input of the last Softmax or ArgMax, or the output itself. */
  readonly value: string;
  readonly kind: 'logits' | 'outputs';
  /** Of logits: what makes of them probabilities, or the class. */
  readonly decider?: GraphNode;
}

/**
 * Where the scores of a model are read: before the Softmax that its first output, or another one, comes from, as probabilities of nearly
 * one and nearly nothing hide what compression did to them, and before an ArgMax, whose classes are no quantities at all.
 * The order of the classes is the same.
 */
export function scoresOf(graph: Graph, output = graph.outputs[0]): Scores {
  if (output === undefined) throw new Error('a graph without outputs');
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((value) => [value, node] as const)));
  let value = output;
  let decided: GraphNode | undefined;
  for (;;) {
    const node = producers.get(value);
    const input = node?.inputs[0];
    if (node?.op === 'Softmax' || node?.op === 'LogSoftmax') return { value: input!, kind: 'logits', decider: node };
    if (node?.op === 'ArgMax') decided = node;
    else if (node === undefined || !input || !transparent.has(node.op))
      return decided === undefined
        ? { value: output, kind: 'outputs' }
        : { value: decided.inputs[0]!, kind: 'logits', decider: decided };
    value = input!;
  }
}

/** The graph with `value` among its outputs. */
export function withOutput(graph: Graph, value: string): Graph {
  return graph.outputs.includes(value) ? graph : { ...graph, outputs: [...graph.outputs, value] };
}
