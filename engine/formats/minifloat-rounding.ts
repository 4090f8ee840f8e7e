import { magnitudeOfNumber, numberOfMagnitude } from '../numbers.ts';

/** A binary floating-point format of sign, exponent and mantissa bits. */
export interface MinifloatLayout {
  readonly exponentBits: number;
  readonly mantissaBits: number;
  readonly bias: number;
  /**
   * Codes that are no numbers: `none`; `nan`, the one with all bits set (float8e4m3fn); `ieee`, all with the largest
   * exponent (infinities and NaNs). Rounding saturates and never gives one of them.
   */
  readonly reserved: 'none' | 'nan' | 'ieee';
  /** False: a smallest exponent is an exponent as any other, and the code of all zeros is zero (SFP). */
  readonly subnormals: boolean;
}

/** Code, without sign, of the largest number. */
export function largestMagnitude({ exponentBits, mantissaBits, reserved }: MinifloatLayout): number {
  const all = 2 ** (exponentBits + mantissaBits) - 1;
  return reserved === 'none' ? all : reserved === 'nan' ? all - 1 : all - 2 ** mantissaBits;
}

/** The largest number. */
export function reachOf(layout: MinifloatLayout): number {
  return minifloatRounding(layout).level(largestMagnitude(layout));
}

/**
 * Rounding to the nearest number of the layout, half to even, saturating (METHODS A4, A6, A7). Codes are the bit patterns:
 * sign, exponent, mantissa. Zero has the code 0; the pattern of negative zero is read and never written.
 */
export function minifloatRounding(layout: MinifloatLayout) {
  const { exponentBits, mantissaBits, bias, reserved, subnormals } = layout;
  const sign = 2 ** (exponentBits + mantissaBits);
  const largest = largestMagnitude(layout);
  // Without subnormals the exponent 0 is a normal one: the same patterns one exponent further up.
  const smallestExponent = subnormals ? 1 - bias : -bias;
  const skipped = subnormals ? 0 : 2 ** mantissaBits;
  const magnitudeLevel = (magnitude: number) =>
    magnitude === 0 ? 0 : numberOfMagnitude(magnitude + skipped, mantissaBits, smallestExponent);
  const smallest = magnitudeLevel(1);
  const magnitudeOf = (absolute: number): number => {
    if (!subnormals && absolute < smallest) return absolute * 2 > smallest ? 1 : 0;
    if (absolute === Number.POSITIVE_INFINITY) return largest;
    return Math.min(magnitudeOfNumber(absolute, mantissaBits, smallestExponent) - skipped, largest);
  };
  return {
    nearest(x: number): number {
      const magnitude = magnitudeOf(Math.abs(x));
      return x < 0 && magnitude > 0 ? sign + magnitude : magnitude;
    },
    level(code: number): number {
      const magnitude = code % sign;
      const infinity = reserved === 'ieee' && magnitude === largest + 1;
      const level = infinity ? Number.POSITIVE_INFINITY : magnitude > largest ? Number.NaN : magnitudeLevel(magnitude);
      return code >= sign ? 0 - level : level;
    },
  };
}
