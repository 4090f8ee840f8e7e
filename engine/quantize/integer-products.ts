import { formatNamed } from '../formats/registry.ts';
import type { QuantizedTensor } from './assignment.ts';

/**
 * Which layers multiply integers: those whose input is integer codes and whose weights are carried by integers with one scale
 * for each output channel, which leaves the sum. All others multiply what the codes stand for, in float.
 */
export function multipliesIntegers(weight: QuantizedTensor, input: QuantizedTensor): boolean {
  return isIntegerFactor(weight) && hasIntegerCodes(input.format);
}

/** Whether a weight can be a factor of integer products. */
export function isIntegerFactor({ blocks, format }: Pick<QuantizedTensor, 'blocks' | 'format'>): boolean {
  return blocks === undefined && formatNamed(format).dtype.includes('int');
}

/** Whether the codes of an activation are what integer kernels read. */
export function hasIntegerCodes(format: string): boolean {
  return formatNamed(format).kind === 'integer';
}
