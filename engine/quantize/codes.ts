import type { Graph, GraphNode } from '../graph/graph.ts';
import { type Assignment, edgeKey, type QuantizedTensor } from './assignment.ts';
import { biasInput, weightInputs } from './integer-form.ts';

/** Asking an Assignment about a graph: in which codes a value lies, and in which a node reads it. */
export interface Codes {
  /** Codes in which a value was written; undefined for float values. */
  written(value: string): QuantizedTensor | undefined;
  /** Codes in which a node takes input `index` where they differ from those written (or the value is float or constant). */
  edge(node: GraphNode, index: number): QuantizedTensor | undefined;
  /** Codes that reach a node's input. */
  read(node: GraphNode, index: number): QuantizedTensor | undefined;
  weight(node: GraphNode): QuantizedTensor | undefined;
  bias(node: GraphNode): QuantizedTensor | undefined;
  /** Codes in which a node holds input `index` itself: a weight, the bias, a constant operand, an edge as `edge` says. */
  held(node: GraphNode, index: number): QuantizedTensor | undefined;
  /** An activation whose producer already clamps its codes: on codes it does nothing. */
  fused(node: GraphNode): boolean;
  /** The node computes on codes: its first output lies in codes. */
  quantized(node: GraphNode): boolean;
}

export function codesOf(graph: Graph, assignment: Assignment): Codes {
  const written = new Map(assignment.inputs);
  for (const node of graph.nodes) {
    node.outputs.forEach((value, index) => {
      const entry = assignment.entries.get(edgeKey(node.name, `output[${index}]`));
      if (entry !== undefined) written.set(value, entry);
    });
  }
  const entry = (node: GraphNode, role: string) => assignment.entries.get(edgeKey(node.name, role));
  const roleOf = (node: GraphNode, index: number) => {
    const weight = weightInputs(node, graph).find(({ input }) => input === index);
    return weight?.role ?? (biasInput(node, graph) === index ? 'bias' : `input[${index}]`);
  };
  return {
    written: (value) => written.get(value),
    edge: (node, index) => entry(node, `input[${index}]`),
    read: (node, index) => entry(node, `input[${index}]`) ?? written.get(node.inputs[index] ?? ''),
    weight: (node) => entry(node, 'weight'),
    bias: (node) => entry(node, 'bias'),
    held: (node, index) => entry(node, roleOf(node, index)),
    fused(node) {
      if (node.op !== 'Relu' && node.op !== 'Clip') return false;
      const own = entry(node, 'output[0]');
      const before = written.get(node.inputs[0] ?? '');
      return (
        own?.group !== undefined &&
        own.group === before?.group &&
        own.range.every((code, i) => code === before.range[i])
      );
    },
    quantized: (node) => entry(node, 'output[0]') !== undefined,
  };
}
