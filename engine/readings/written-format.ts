import { type Container, contained } from '../formats/carrier.ts';
import type { NumberFormat } from '../formats/format.ts';
import { formatNamed } from '../formats/registry.ts';
import type { QuantizedTensor } from '../quantize/assignment.ts';

/** The format of a tensor with the type that the file has for it. Layers with blocks run in float: no container serves them. */
export function writtenFormat({ format, blocks }: QuantizedTensor, container: Container | undefined): NumberFormat {
  return contained(formatNamed(format), blocks ? undefined : container);
}
