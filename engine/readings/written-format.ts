import { type Container, contained } from '../formats/carrier.ts';
import type { NumberFormat } from '../formats/format.ts';
import { formatNamed } from '../formats/registry.ts';
import { hasCodes, type QuantizedTensor } from '../quantize/assignment.ts';

/**
 * The format of a tensor with the type that the file has for it. Layers with blocks run in float: bytes serve them no better than a
 * narrower type, which keeps its place.
 */
export function writtenFormat(entry: QuantizedTensor, container: Container | undefined): NumberFormat {
  const own = formatNamed(entry.format);
  if (entry.blocks && (own.storageBits < 8 || own.sum !== undefined)) return own;
  return contained(own, container, hasCodes(entry) ? 'weights' : 'activations');
}
