import { formatNamed } from '../formats/registry.ts';
import type { Choice } from '../plan.ts';
import type { QuantizedTensor } from './assignment.ts';

/**
 * Which layers multiply integers: those whose input is integer codes and whose weights are carried by integers with one scale
 * for each output channel, which leaves the sum. All others multiply what the codes stand for, in float.
 */

/** Whether elements of a weight format are integers times a scale, in the 8 bits that kernels take or in more. */
function isIntegerElement(format: string): boolean {
  return formatNamed(format).dtype.includes('int');
}

export function planProducts(weight: Pick<Choice, 'format' | 'granularity'>, input: Pick<Choice, 'format'>): boolean {
  const plain = weight.granularity === 'per-tensor' || weight.granularity === 'per-channel';
  return plain && isIntegerElement(weight.format) && !hasBlocks(weight.format) && isInteger(input.format);
}

/** The same of codes that were chosen. */
export function multipliesIntegers(weight: QuantizedTensor, input: QuantizedTensor): boolean {
  return weight.blocks === undefined && isIntegerElement(weight.format) && isInteger(input.format);
}

function hasBlocks(format: string): boolean {
  return formatNamed(format).block !== undefined;
}

function isInteger(format: string): boolean {
  return formatNamed(format).kind === 'integer';
}
