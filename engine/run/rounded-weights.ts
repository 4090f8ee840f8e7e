import { decodeTensor } from '../formats/held-tensor.ts';
import type { Graph } from '../graph/graph.ts';
import { derivedTensor } from '../lazy-tensor.ts';
import { hasCodes, type QuantizedModel } from '../quantize/assignment.ts';
import { codesOf } from '../quantize/codes.ts';
import { weightInputs } from '../quantize/integer-form.ts';
import type { Tensor } from '../tensor.ts';

/**
 * The rewritten float graph with every weight at the value that its codes stand for: what `export onnx float` writes.
 * It runs everywhere and shows what the weights' formats alone do to accuracy.
 */
export function roundedWeights({ graph, assignment }: QuantizedModel): Graph {
  const initializers = new Map<string, Tensor>(graph.initializers);
  const codes = codesOf(graph, assignment);
  const nodes = graph.nodes.map((node) => {
    const inputs = [...node.inputs];
    for (const { role, input } of weightInputs(node, graph)) {
      const entry = codes.held(node, input);
      const weight = graph.initializers.get(inputs[input] ?? '');
      if (!hasCodes(entry) || weight === undefined) continue;
      const { dims } = weight;
      // Under a name of its own: a weight that two layers share may be rounded in two ways.
      const rounded = `${inputs[input]}_rounded_${node.name}${role === 'weight' ? '' : `_${role}`}`;
      const values = () => decodeTensor(entry.codes, dims, entry);
      initializers.set(rounded, derivedTensor([weight], 'float32', dims, values));
      inputs[input] = rounded;
    }
    return { ...node, inputs };
  });
  const used = new Set([...nodes.flatMap((node) => node.inputs), ...graph.inputs, ...graph.outputs]);
  for (const name of initializers.keys())
    if (graph.initializers.has(name) && !used.has(name)) initializers.delete(name);
  const types = new Map(graph.types);
  for (const [name, tensor] of initializers) types.set(name, { dtype: tensor.dtype, dims: tensor.dims });
  return { ...graph, nodes, initializers, types };
}
