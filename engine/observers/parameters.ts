import { type AffineParameters, affineParameters, type CodeRange, symmetricParameters } from '../formats/affine.ts';
import type { NumberFormat } from '../formats/format.ts';
import type { Scheme, Seen } from './observer.ts';

/** Parameters that cover `[min, max]` in the given scheme. */
export function covering(
  min: number,
  max: number,
  format: NumberFormat,
  scheme: Scheme,
  range: CodeRange = [format.low, format.high],
): AffineParameters {
  return scheme === 'affine' ? affineParameters(min, max, range) : symmetricParameters(min, max, format);
}

/** Parameters for what calibration saw, clipped at `clip` on either side; a side that it did not see is not widened to it. */
export function clipped(
  { min, max }: Seen,
  clip: number,
  format: NumberFormat,
  scheme: Scheme,
  range?: CodeRange,
): AffineParameters {
  return covering(Math.max(min, -clip), Math.min(max, clip), format, scheme, range);
}

/** Codes that magnitudes can have: all of the range where nothing is negative and the zero point lies at its end, half otherwise. */
export function levelsOfMagnitude(min: number, format: NumberFormat, scheme: Scheme, [low, high]: CodeRange): number {
  if (scheme === 'symmetric' && format.signed) return high + 1;
  return min >= 0 ? high - low + 1 : Math.ceil((high - low + 1) / 2);
}
