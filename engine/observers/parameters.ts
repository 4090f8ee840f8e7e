import type { CodeRange } from '../formats/affine.ts';
import type { NumberFormat, Parameters } from '../formats/format.ts';
import type { Scheme, Seen } from './observer.ts';

/** Parameters that cover `[min, max]` in the given scheme. */
export function covering(
  min: number,
  max: number,
  format: NumberFormat,
  scheme: Scheme,
  range: CodeRange = [format.low, format.high],
): Parameters {
  return format.covering(min, max, scheme, range);
}

/** Parameters for what calibration saw, clipped at `clip` on either side; a side that it did not see is not widened to it. */
export function clipped(
  { min, max }: Seen,
  clip: number,
  format: NumberFormat,
  scheme: Scheme,
  range?: CodeRange,
): Parameters {
  return covering(Math.max(min, -clip), Math.min(max, clip), format, scheme, range);
}

/**
 * Codes that magnitudes can have: all of the range where nothing is negative and the zero point lies at its end, half otherwise.
 * Of formats that are no integers half of their codes, as if their levels lay evenly.
 */
export function levelsOfMagnitude(min: number, format: NumberFormat, scheme: Scheme, [low, high]: CodeRange): number {
  const half = Math.ceil((high - low + 1) / 2);
  if (format.kind !== 'integer') return format.signed ? half : high - low + 1;
  if (scheme === 'symmetric' && format.signed) return high + 1;
  return min >= 0 ? high - low + 1 : half;
}
