import type { Graph } from '../graph/graph.ts';

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
}

/**
 * Where the scores of a model are read: before the Softmax that its first output comes from, as probabilities of nearly
 * one and nearly nothing hide what compression did to them, and before an ArgMax, whose classes are no quantities at all.
 * The order of the classes is the same.
 */
export function scoresOf(graph: Graph): Scores {
  const output = graph.outputs[0];
  if (output === undefined) throw new Error('a graph without outputs');
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((value) => [value, node] as const)));
  let value = output;
  let decided: string | undefined;
  for (;;) {
    const node = producers.get(value);
    const input = node?.inputs[0];
    if (node?.op === 'Softmax' || node?.op === 'LogSoftmax') return { value: input!, kind: 'logits' };
    if (node?.op === 'ArgMax') decided = input;
    else if (node === undefined || !input || !transparent.has(node.op))
      return decided === undefined ? { value: output, kind: 'outputs' } : { value: decided, kind: 'logits' };
    value = input!;
  }
}

/** The graph with `value` among its outputs. */
export function withOutput(graph: Graph, value: string): Graph {
  return graph.outputs.includes(value) ? graph : { ...graph, outputs: [...graph.outputs, value] };
}
