import type { Container } from '../formats/carrier.ts';
import { formatNamed } from '../formats/registry.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import type { Codes } from '../quantize/codes.ts';
import { wire } from '../quantize/wiring.ts';
import { writtenFormat } from './written-format.ts';

/** An axis of a layer's input, and how long it is. */
export interface SpreadAxis {
  readonly axis: number;
  readonly length: number;
}

/** Operators whose weights ONNX Runtime's optimiser quantises where it finds them in floats. */
const quantizedByRuntime: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm']);

/**
 * Layers whose weights a file holds as floats between activations in codes. ONNX Runtime’s optimiser takes such a file for one whose weights
 * were forgotten, and gives them codes of 8 bits, one scale for all (`WeightBiasQuantization`, onnxruntime 1.30), though the formats of the
 * spec are others. It asks for an input with one scale: with the same scale stated for every index of an axis it leaves the layer as it is
 * written, and nothing is computed otherwise.
 *
 * @returns the axis along which the scale is to be stated, by layer; layers without one of more than one index are left out
 */
export function floatWeightLayers(
  graph: Graph,
  codes: Codes,
  container: Container | undefined,
): ReadonlyMap<GraphNode, SpreadAxis> {
  const wiring = wire(graph);
  const isRounded = (value: string): boolean => {
    if (codes.written(value) !== undefined) return true;
    return wiring.consumers(value).some(({ node, index }) => {
      if (index >= 0 && codes.edge(node, index) !== undefined) return true;
      return (node.op === 'Relu' || node.op === 'Clip') && isRounded(node.outputs[0]!);
    });
  };
  const holdsFloats = (node: GraphNode): boolean => {
    const held = codes.weight(node);
    if (held?.codes === undefined) return graph.initializers.get(node.inputs[1] ?? '')?.dtype === 'float32';
    const { dtype, sum } = writtenFormat(held, container);
    return sum === undefined && (dtype === 'float32' || dtype === 'float16' || dtype === 'bfloat16');
  };
  const found = new Map<GraphNode, SpreadAxis>();
  for (const node of graph.nodes) {
    if (node.domain !== '' || !quantizedByRuntime.has(node.op) || !holdsFloats(node)) continue;
    const read = codes.read(node, 0);
    if (read === undefined || formatNamed(read.format).kind !== 'integer' || !isRounded(node.outputs[0]!)) continue;
    const dims = graph.types.get(node.inputs[0]!)?.dims ?? [];
    const axis = dims.findIndex((length, at) => at > 0 && typeof length === 'number' && length > 1);
    if (axis > 0) found.set(node, { axis, length: dims[axis] as number });
  }
  return found;
}
