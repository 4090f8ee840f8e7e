import type { CodeRange } from '../formats/affine.ts';
import type { NumberFormat, Parameters } from '../formats/format.ts';
import type { Scheme } from './observer.ts';

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
