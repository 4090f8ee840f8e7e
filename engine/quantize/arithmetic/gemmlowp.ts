import { type ArithmeticKind, int32Accumulator } from './arithmetic.ts';
import {
  type FixedPoint,
  fixedPoint,
  roundingDivideByPowerOfTwo,
  roundingDoublingHighMul,
  saturateInt32,
} from './fixed-point.ts';
import { fixedPointAdd, fixedPointTerms } from './tflite.ts';

/** Fixed-point product rounded twice: doubling high product (half up), then division by a power of two (ties away). */
export function doubleRounding(x: number, { multiplier, shift }: FixedPoint): number {
  if (multiplier === 0) return 0;
  const left = saturateInt32(x * 2 ** Math.max(shift, 0));
  return roundingDivideByPowerOfTwo(roundingDoublingHighMul(left, multiplier), Math.max(-shift, 0));
}

/** METHODS B3, bit for bit. */
export const gemmlowp: ArithmeticKind = {
  name: 'gemmlowp',
  title: 'gemmlowp',
  description: 'Rescales by a 31-bit fixed-point multiplier with two roundings, as gemmlowp and older TensorFlow Lite.',
  accumulator: int32Accumulator,
  rescale: (a, b, c) => ({ ...fixedPoint((a * b) / c), preShift: 0 }),
  apply: doubleRounding,
  add: (scales) => fixedPointAdd(scales, doubleRounding),
  addTerms: (scales) => fixedPointTerms(scales, doubleRounding),
};
