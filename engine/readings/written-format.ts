import { type Container, contained, containerBeside, isPacked } from '../formats/carrier.ts';
import type { NumberFormat } from '../formats/format.ts';
import { formatNamed } from '../formats/registry.ts';
import type { Graph } from '../graph/graph.ts';
import { hasCodes, type QuantizedModel, type QuantizedTensor } from '../quantize/assignment.ts';
import { type Codes, codesOf } from '../quantize/codes.ts';
import { weightInputs } from '../quantize/integer-form.ts';
import { elementCount } from '../tensor.ts';

/**
 * Most weights that a file has packed: ONNX Runtime computes all of them before it frees anything of the way to them, up to 34 bytes a weight as
 * measured with onnxruntime-web 1.30, whose memory ends at 4 GiB.
 */
const mostPacked = 2 ** 25;

/** How many weights would be packed where that is more than a file may have; undefined where it is not. */
export function tooManyToPack(
  { graph, assignment }: QuantizedModel,
  container: Container | undefined,
): number | undefined {
  const codes = codesOf(graph, assignment);
  let count = 0;
  for (const node of graph.nodes) {
    for (const { input } of weightInputs(node, graph)) {
      const held = codes.held(node, input);
      const weight = graph.initializers.get(node.inputs[input] ?? '');
      if (held === undefined || weight === undefined) continue;
      const { dtype, storageBits, sum } = writtenFormat(held, container);
      if (isPacked(sum?.format ?? { dtype, storageBits })) count += (sum?.count ?? 1) * elementCount(weight.dims);
    }
  }
  return count > mostPacked ? count : undefined;
}

/** How the weights are written of layers whose activations have a say in it. */
export function weightContainers(
  graph: Graph,
  codes: Codes,
  container: Container | undefined,
): ReadonlyMap<QuantizedTensor, Container> {
  const own = new Map<QuantizedTensor, Container>();
  for (const node of graph.nodes) {
    const [weight, read] = [codes.weight(node), codes.read(node, 0)];
    const beside = read && containerBeside(formatNamed(read.format), container);
    if (weight && beside) own.set(weight, beside);
  }
  return own;
}

/**
 * The format of a tensor with the type that the file has for it. Layers with blocks run in float: bytes serve them no better than a
 * narrower type, which keeps its place.
 */
export function writtenFormat(entry: QuantizedTensor, container: Container | undefined): NumberFormat {
  const own = formatNamed(entry.format);
  if (entry.blocks && (own.storageBits < 8 || own.sum !== undefined)) return own;
  return contained(own, container, hasCodes(entry) ? 'weights' : 'activations');
}
