import { contained, isPacked } from './carrier.ts';
import type { NumberFormat } from './format.ts';

/** What an export makes of a format. */
export interface Legality {
  /**
   * `exact`: the type itself; `wider`: a wider type without loss; `float`: the values as float32; `refused`. Of a sum of tensors
   * the type is that of each.
   */
  readonly kind: 'exact' | 'wider' | 'float' | 'refused';
  /** ONNX type, or the reason. */
  readonly text: string;
}

/** Whether QuantizeLinear rounds to the format: integers, and the 8-bit floats of ONNX up to their own largest number. */
export function hasQuantizeLinear(format: NumberFormat): boolean {
  const { kind, dtype, unit, bits, low, high } = format;
  if (kind === 'integer') return true;
  const largest = dtype === 'float8e4m3fn' ? 448 : dtype === 'float8e5m2' ? 57344 : undefined;
  const { encode, decode } = format.coder({ scale: 1, zeroPoint: 0 }, [low, high]);
  return unit === 1 && bits === 8 && decode(encode(Number.POSITIVE_INFINITY)) === largest;
}

/** Weights in ONNX QDQ. */
export function weightLegality(format: NumberFormat): Legality {
  return heldIn(contained(format, undefined, 'weights'));
}

function heldIn(held: NumberFormat): Legality {
  const { dtype, bits, storageBits, sum } = held;
  const kind = storageBits === bits ? 'exact' : 'wider';
  if (sum !== undefined) return { kind, text: `${sum.count} × ${heldIn(sum.format).text}, added in float` };
  if (dtype === 'float32') return { kind: 'float', text: 'float32' };
  return { kind, text: isPacked(held) ? `${dtype} packed in ${bits} bit${bits === 1 ? '' : 's'}` : dtype };
}

/** Activations in ONNX QDQ. */
export function activationLegality(format: NumberFormat): Legality {
  if (!format.activations) return { kind: 'refused', text: 'looks at the values' };
  if (!hasQuantizeLinear(format)) return { kind: 'refused', text: 'no QuantizeLinear' };
  return heldIn(format);
}

/** Whether layers with such weights, one scale a channel, multiply integers. */
export function multipliesAsInteger({ dtype, storageBits, block }: NumberFormat): boolean {
  return block === undefined && dtype.includes('int') && storageBits <= 8;
}
