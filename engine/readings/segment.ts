import type { Graph, GraphNode } from '../graph/graph.ts';
import { inferTypes } from '../graph/infer.ts';
import type { QuantizedModel, QuantizedTensor } from '../quantize/assignment.ts';
import { codesOf } from '../quantize/codes.ts';
import { integerForm } from '../quantize/integer-form.ts';

/** One layer of a compressed model as a model of its own: what a runtime fuses into one integer operator. */
export interface Segment {
  readonly node: GraphNode;
  readonly model: QuantizedModel;
  /** Graph inputs of the segment with the codes they carry. */
  readonly inputs: ReadonlyMap<string, QuantizedTensor>;
  readonly output: string;
  readonly outputCodes: QuantizedTensor;
}

/**
 * Cuts a compressed model into its layers, each fed with the codes that reach it, so that the readings can be compared
 * layer by layer on the same inputs: errors do not pile up from one layer to the next.
 */
export function segmentsOf({ graph, assignment }: QuantizedModel): readonly Segment[] {
  const codes = codesOf(graph, assignment);
  return graph.nodes.flatMap((node) => {
    const form = integerForm(node, graph);
    if ('reason' in form || !codes.quantized(node) || codes.fused(node)) return [];
    const inputs = new Map<string, QuantizedTensor>();
    for (const index of form.data) {
      const value = node.inputs[index]!;
      if (!graph.initializers.has(value)) inputs.set(value, { ...codes.read(node, index)! });
    }
    const activation = graph.nodes.find((other) => codes.fused(other) && node.outputs.includes(other.inputs[0]!));
    const nodes = activation === undefined ? [node] : [node, activation];
    const output = nodes.at(-1)!.outputs[0]!;
    const outputCodes = codes.written(output)!;
    const entries = new Map(
      [...assignment.entries].filter(([key]) => {
        const [name, role] = key.split('\u0000') as [string, string];
        const own = nodes.some((member) => member.name === name);
        // Requantisation at an input is done by whoever feeds the segment; constants stay.
        const index = Number(/^input\[(\d+)\]$/.exec(role)?.[1] ?? -1);
        return own && (index < 0 || graph.initializers.has(node.inputs[index] ?? ''));
      }),
    );
    const model: QuantizedModel = {
      graph: subgraph(graph, nodes, [...inputs.keys()], output),
      assignment: { ...assignment, entries, inputs },
    };
    return [{ node, model, inputs, output, outputCodes }];
  });
}

function subgraph(graph: Graph, nodes: readonly GraphNode[], inputs: readonly string[], output: string): Graph {
  const read = new Set(nodes.flatMap((node) => node.inputs));
  const initializers = new Map([...graph.initializers].filter(([name]) => read.has(name)));
  const names = [...read, ...nodes.flatMap((node) => node.outputs)];
  const types = new Map([...graph.types].filter(([name]) => names.includes(name)));
  const { origin: _origin, ...rest } = graph;
  const cut: Graph = { ...rest, nodes, inputs, outputs: [output], initializers, types };
  return { ...cut, types: inferTypes(cut).types };
}
