import { roundHalfEven } from '../../formats/rounding.ts';
import type { AddScales, AddTerms, ArithmeticKind, Rescale } from './arithmetic.ts';

/** Limits of xDNN v3 with 8-bit data: no shift before the product, a 16-bit multiplier, up to 32 bits after it. */
const mostPreShift = 0;
const mostPostShift = 32;
const largestMultiplier = 2 ** 15;

/** Pre-shift, 16-bit multiplier and post-shift for a factor: METHODS A1, step 6. */
export function shiftedMultiplier(factor: number): Rescale {
  if (!(factor > 0)) return { multiplier: 0, shift: 0, preShift: 0 };
  const exponent = Math.ceil(Math.log2(factor));
  const left = Math.max(0, exponent);
  let right = Math.max(0, -exponent);
  const preShift = Math.min(right, mostPreShift);
  right -= preShift;
  let shift = Math.min(right, mostPostShift);
  right -= shift;
  const scaled = Math.min((factor / 2 ** exponent) * 2 ** (left - right), largestMultiplier);
  const spare = Math.min(Math.floor(Math.log2(largestMultiplier / scaled)), mostPostShift - shift);
  const multiplier = roundHalfEven(scaled * 2 ** spare);
  shift += spare;
  // The hardware halves once after the last shift, so at least one bit must be left to shift.
  return shift >= 1 ? { multiplier, shift, preShift } : { multiplier: multiplier * 2, shift: 1, preShift };
}

function apply(accumulator: number, { multiplier, shift, preShift }: Rescale): number {
  if (multiplier === 0) return 0;
  const before = Math.floor(accumulator / 2 ** preShift) * multiplier;
  return Math.floor((Math.floor(before / 2 ** (shift - 1)) + 1) / 2);
}

/** Shifts and a 16-bit multiplier, rounded half up: after Settle et al. (METHODS A1). */
export const settle: ArithmeticKind = {
  name: 'settle',
  title: 'Settle et al.',
  description:
    'Rescales by a 16-bit multiplier between two shifts, rounding half up (Xilinx xDNN, after Settle et al.).',
  // METHODS A1, step 5: for 8-bit data; a bias is clipped to what is left.
  accumulator: { bits: 24, products: 2 ** 23 - 1 },
  rescale: (a, b, c) => shiftedMultiplier((a * b) / c),
  apply,
  add(scales) {
    const { a, b, rescale } = terms(scales);
    return (left, right) => apply(a(left) + b(right), rescale);
  },
  addTerms: terms,
};

/** Each operand is rescaled with its fraction bits kept, so that the sum is rounded once. */
function terms(scales: AddScales): AddTerms {
  const widest = Math.max(scales.a, scales.b) / scales.output;
  // As many as the 16-bit multiplier leaves room for, 12 at most.
  const bits = Math.min(12, Math.max(0, 14 - Math.ceil(Math.log2(widest))));
  const byA = shiftedMultiplier((scales.a * 2 ** bits) / scales.output);
  const byB = shiftedMultiplier((scales.b * 2 ** bits) / scales.output);
  return {
    a: (code) => apply(code, byA),
    b: (code) => apply(code, byB),
    // The sum over 2^bits, half up.
    rescale: bits === 0 ? { multiplier: 2, shift: 1, preShift: 0 } : { multiplier: 1, shift: bits, preShift: 0 },
  };
}
