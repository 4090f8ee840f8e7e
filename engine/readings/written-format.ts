import { type Container, contained, containerBeside } from '../formats/carrier.ts';
import type { NumberFormat } from '../formats/format.ts';
import { formatNamed } from '../formats/registry.ts';
import type { Graph } from '../graph/graph.ts';
import { hasCodes, type QuantizedTensor } from '../quantize/assignment.ts';
import type { Codes } from '../quantize/codes.ts';

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
