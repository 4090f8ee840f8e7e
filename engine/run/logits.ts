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

/**
 * Quantities that a model's answers are compared by: its float outputs, and of others what decides. What a NonMaxSuppression selects
 * is as many values as it finds; the boxes and scores that it selects from stand for all that follows from it.
 */
export function answersOf(graph: Graph): readonly string[] {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((value) => [value, node] as const)));
  const selected = new Map<string, GraphNode>();
  for (const node of graph.nodes) {
    const from = node.op === 'NonMaxSuppression' ? node : node.inputs.map((value) => selected.get(value)).find(Boolean);
    if (from !== undefined) for (const value of node.outputs) selected.set(value, from);
  }
  const answers = graph.outputs.flatMap((output): readonly string[] => {
    const selection = selected.get(output);
    if (selection !== undefined) return selection.inputs.slice(0, 2).filter((value) => producers.has(value));
    if (graph.types.get(output)?.dtype === 'float32') return [output];
    const { value, kind } = scoresOf(graph, output);
    return kind === 'logits' ? [value] : [];
  });
  return answers.length === 0 ? graph.outputs : [...new Set(answers)];
}

/** The graph with `value` among its outputs. */
export function withOutput(graph: Graph, value: string): Graph {
  return graph.outputs.includes(value) ? graph : { ...graph, outputs: [...graph.outputs, value] };
}
