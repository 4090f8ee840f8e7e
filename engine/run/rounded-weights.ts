import { decodeTensor } from '../formats/held-tensor.ts';
import type { Graph } from '../graph/graph.ts';
import { derivedTensor } from '../lazy-tensor.ts';
import { edgeKey, hasCodes, type QuantizedModel } from '../quantize/assignment.ts';
import { elementCount, type Tensor } from '../tensor.ts';

/**
 * The rewritten float graph with every weight at the value that its codes stand for: what `export onnx float` writes.
 * It runs everywhere and shows what the weights' formats alone do to accuracy.
 */
export function roundedWeights({ graph, assignment }: QuantizedModel): Graph {
  const initializers = new Map<string, Tensor>(graph.initializers);
  const nodes = graph.nodes.map((node) => {
    const entry = assignment.entries.get(edgeKey(node.name, 'weight'));
    if (!hasCodes(entry)) return node;
    const count = entry.codes.length;
    const name = node.inputs.find((input) => {
      const tensor = graph.initializers.get(input);
      return tensor?.dtype === 'float32' && elementCount(tensor.dims) === count;
    });
    if (name === undefined) return node;
    const weight = graph.initializers.get(name)!;
    const { dims } = weight;
    // Under a name of its own: a weight that two layers share may be rounded in two ways.
    const rounded = `${name}_rounded_${node.name}`;
    const values = () => decodeTensor(entry.codes!, dims, entry);
    initializers.set(rounded, derivedTensor([weight], 'float32', dims, values));
    return { ...node, inputs: node.inputs.map((input) => (input === name ? rounded : input)) };
  });
  const used = new Set([...nodes.flatMap((node) => node.inputs), ...graph.inputs, ...graph.outputs]);
  for (const name of initializers.keys())
    if (graph.initializers.has(name) && !used.has(name)) initializers.delete(name);
  const types = new Map(graph.types);
  for (const [name, tensor] of initializers) types.set(name, { dtype: tensor.dtype, dims: tensor.dims });
  return { ...graph, nodes, initializers, types };
}
