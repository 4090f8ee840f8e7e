import type { CodeOutput, Requantization } from '../api.ts';
import { clampNumber, f32, roundHalfToEven } from './float.ts';

/** gemmlowp's SaturatingRoundingDoublingHighMul (METHODS B3): (a · b + nudge) / 2³¹, truncated toward zero. */
export function saturatingRoundingDoublingHighMul(a: number, b: number): number {
  if (a === -(2 ** 31) && b === -(2 ** 31)) return 2 ** 31 - 1;
  const product = BigInt(a) * BigInt(b);
  const nudge = product >= 0n ? 2n ** 30n : 1n - 2n ** 30n;
  return Number((product + nudge) / 2n ** 31n);
}

/** gemmlowp's RoundingDivideByPOT: ties away from zero. */
export function roundingDivideByPowerOfTwo(x: number, exponent: number): number {
  const mask = 2 ** exponent - 1;
  const quotient = Math.floor(x / 2 ** exponent);
  const rest = x - quotient * 2 ** exponent;
  const threshold = Math.floor(mask / 2) + (x < 0 ? 1 : 0);
  return quotient + (rest > threshold ? 1 : 0);
}

/** Code of an int32 accumulator by the constants at `index` (or the only ones). */
export function requantizeCode(
  accumulator: number,
  requantization: Requantization,
  index: number,
  { zeroPoint, low, high }: CodeOutput,
): number {
  const at = <T>(values: ArrayLike<T>): T => values[values.length === 1 ? 0 : index]!;
  if (requantization.arithmetic === 'ort') {
    const v = f32(f32(accumulator) * at(requantization.scale));
    return roundHalfToEven(clampNumber(v, low - zeroPoint, high - zeroPoint)) + zeroPoint;
  }
  const multiplier = at(requantization.multiplier);
  const shift = at(requantization.shift);
  const v = rescaleFixed(accumulator, requantization.arithmetic, multiplier, shift) + zeroPoint;
  return Math.min(Math.max(v, low), high);
}

export function rescaleFixed(
  accumulator: number,
  arithmetic: 'tflite' | 'gemmlowp' | 'settle',
  multiplier: number,
  shift: number,
): number {
  if (multiplier === 0) return 0;
  const product = BigInt(accumulator) * BigInt(multiplier);
  if (arithmetic === 'tflite') return Number((product + (1n << BigInt(30 - shift))) >> BigInt(31 - shift));
  if (arithmetic === 'settle') return Number(((product >> BigInt(shift - 1)) + 1n) >> 1n);
  const left = clampNumber(accumulator * 2 ** Math.max(shift, 0), -(2 ** 31), 2 ** 31 - 1);
  return roundingDivideByPowerOfTwo(saturatingRoundingDoublingHighMul(left, multiplier), Math.max(-shift, 0));
}
