import { type AffineParameters, affineParameters, type CodeRange, symmetricParameters } from '../formats/affine.ts';
import type { NumberFormat } from '../formats/format.ts';
import type { Scheme } from './observer.ts';

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
