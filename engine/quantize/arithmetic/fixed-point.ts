/**
 * Fixed-point primitives of integer-only inference (METHODS B3; gemmlowp and TensorFlow Lite), exact for int32
 * accumulators. 63-bit products do not fit a double, so they are taken as two exact halves.
 */

/** A real factor as `multiplier · 2^(shift − 31)`, multiplier in [2³⁰, 2³¹); both 0 for a factor too small to matter. */
export interface FixedPoint {
  readonly multiplier: number;
  readonly shift: number;
}

/** Smallest shift kept: below it every int32 product rounds to zero. */
const smallestShift = -31;

/** Normalises a non-negative factor. METHODS B3: M = 2^(−n)·M0′, M0 = round(2³¹·M0′), with n = −shift. */
export function fixedPoint(factor: number): FixedPoint {
  if (!(factor > 0)) return { multiplier: 0, shift: 0 };
  let shift = Math.floor(Math.log2(factor)) + 1;
  // log2 may be off by one at a power of two.
  while (factor * 2 ** -shift >= 1) shift++;
  while (factor * 2 ** -shift < 0.5) shift--;
  let multiplier = Math.round(factor * 2 ** (31 - shift));
  if (multiplier === 2 ** 31) {
    multiplier = 2 ** 30;
    shift++;
  }
  return shift < smallestShift ? { multiplier: 0, shift: 0 } : { multiplier, shift };
}

/** ⌊(a·b + 2^(bits−1)) / 2^bits⌋ for int32 a, 0 ≤ b < 2³¹ and 17 ≤ bits ≤ 62: one rounding, half up. */
export function roundedProduct(a: number, b: number, bits: number): number {
  const upper = Math.floor(b / 65536);
  const lower = b - upper * 65536;
  // a·b + 2^(bits−1) = (a·upper + 2^(bits−17))·2¹⁶ + a·lower, every part exact in a double.
  const high = a * upper + 2 ** (bits - 17) + Math.floor((a * lower) / 65536);
  return Math.floor(high / 2 ** (bits - 16));
}

/** gemmlowp's SaturatingRoundingDoublingHighMul: (2·a·b + 2³¹) >> 32, min·min saturating. */
export function roundingDoublingHighMul(a: number, b: number): number {
  if (a === -2147483648 && b === -2147483648) return 2147483647;
  return b < 0 ? roundedProductSigned(a, b) : roundedProduct(a, b, 31);
}

/** Negative `b` only comes from direct callers; multipliers are never negative. */
function roundedProductSigned(a: number, b: number): number {
  return Number((BigInt(a) * BigInt(b) + 2n ** 30n) >> 31n);
}

/** gemmlowp's RoundingDivideByPOT: x / 2^n to nearest, ties away from zero. */
export function roundingDivideByPowerOfTwo(x: number, n: number): number {
  if (n === 0) return x;
  const divisor = 2 ** n;
  const quotient = Math.floor(x / divisor);
  const remainder = x - quotient * divisor;
  const threshold = divisor / 2 - 1 + (x < 0 ? 1 : 0);
  return quotient + (remainder > threshold ? 1 : 0);
}

export function saturateInt32(x: number): number {
  return Math.min(2147483647, Math.max(-2147483648, x));
}
