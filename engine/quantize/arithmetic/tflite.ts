import { type AddScales, type AddTerms, type ArithmeticKind, int32Accumulator } from './arithmetic.ts';
import { type FixedPoint, fixedPoint, roundedProduct } from './fixed-point.ts';

/** Fixed-point product with a single rounding, half up: the default of TensorFlow Lite's and CMSIS-NN's kernels. */
export function singleRounding(x: number, { multiplier, shift }: FixedPoint): number {
  return multiplier === 0 ? 0 : roundedProduct(x, multiplier, 31 - shift);
}

/**
 * Addition as TensorFlow Lite defines it: both operands are shifted left by 20, brought to twice the larger input
 * scale, summed, and rescaled once more.
 */
export function fixedPointTerms(scales: AddScales, multiply: (x: number, by: FixedPoint) => number): AddTerms {
  const shiftLeft = 2 ** 20;
  const twice = 2 * Math.max(scales.a, scales.b);
  const byA = fixedPoint(scales.a / twice);
  const byB = fixedPoint(scales.b / twice);
  return {
    a: (code) => multiply(code * shiftLeft, byA),
    b: (code) => multiply(code * shiftLeft, byB),
    rescale: { ...fixedPoint(twice / (shiftLeft * scales.output)), preShift: 0 },
  };
}

export function fixedPointAdd(
  scales: AddScales,
  multiply: (x: number, by: FixedPoint) => number,
): (a: number, b: number) => number {
  const terms = fixedPointTerms(scales, multiply);
  return (a, b) => multiply(terms.a(a) + terms.b(b), terms.rescale);
}

export const tflite: ArithmeticKind = {
  name: 'tflite',
  title: 'TensorFlow Lite',
  description: 'Rescales by a 31-bit fixed-point multiplier with a single rounding, half up (TFLite Micro, CMSIS-NN).',
  accumulator: int32Accumulator,
  rescale: (a, b, c) => ({ ...fixedPoint((a * b) / c), preShift: 0 }),
  apply: singleRounding,
  add: (scales) => fixedPointAdd(scales, singleRounding),
  addTerms: (scales) => fixedPointTerms(scales, singleRounding),
};
