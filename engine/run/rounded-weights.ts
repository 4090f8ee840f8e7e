import { dequantizeTensor } from '../formats/affine.ts';
import type { Graph } from '../graph/graph.ts';
import { edgeKey, type QuantizedModel } from '../quantize/assignment.ts';
import { float32Tensor, type Tensor } from '../tensor.ts';

/**
 * The rewritten float graph with every weight at the value that its codes stand for: what `export onnx float` writes.
 * It runs everywhere and shows what the weights' formats alone do to accuracy.
 */
export function roundedWeights({ graph, assignment }: QuantizedModel): Graph {
  const initializers = new Map<string, Tensor>(graph.initializers);
  const nodes = graph.nodes.map((node) => {
    const entry = assignment.entries.get(edgeKey(node.name, 'weight'));
    if (entry?.codes === undefined) return node;
    const name = node.inputs.find((input) => {
      const tensor = graph.initializers.get(input);
      return tensor?.dtype === 'float32' && tensor.data.length === entry.codes!.length;
    });
    if (name === undefined) return node;
    const { dims } = graph.initializers.get(name)!;
    // Under a name of its own: a weight that two layers share may be rounded in two ways.
    const rounded = `${name}_rounded_${node.name}`;
    initializers.set(rounded, float32Tensor(dims, dequantizeTensor(entry.codes as Int8Array, dims, entry)));
    return { ...node, inputs: node.inputs.map((input) => (input === name ? rounded : input)) };
  });
  const used = new Set([...nodes.flatMap((node) => node.inputs), ...graph.inputs, ...graph.outputs]);
  for (const name of initializers.keys())
    if (graph.initializers.has(name) && !used.has(name)) initializers.delete(name);
  const types = new Map(graph.types);
  for (const [name, tensor] of initializers) types.set(name, { dtype: tensor.dtype, dims: tensor.dims });
  return { ...graph, nodes, initializers, types };
}
