import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { inferQuantizer, inQonnxDomains, parameter } from './quantizer.ts';
import { roundingOf } from './rounding.ts';

/** Smallest normal float32: keeps the logarithm of 0 finite. */
const tiny = 2 ** -126;

/**
 * Inputs: x, scale, exponent bits, mantissa bits, exponent bias, largest value. Each x/scale is rounded to the spacing of
 * its binade (that of the smallest normal number below it), clamped to ± the largest value of the format or the one
 * given, and scaled back. What the attributes say of infinity, NaN and subnormals informs backends and changes nothing.
 */
export const floatQuant = inQonnxDomains({
  op: 'FloatQuant',
  infer: inferQuantizer,
  evaluate(node, [x, ...given]) {
    const values = numbersOf(x!);
    const [scaleAt, exponentAt, mantissaAt, biasAt, largestAt] = given.map(
      (tensor) => tensor && parameter(tensor, x!.dims),
    );
    const rounding = roundingOf(node, 'ROUND');
    const out = Float64Array.from({ length: values.length }, (_, i) => {
      const [exponentBits, mantissaBits] = [exponentAt!(i), mantissaAt!(i)];
      const bias = biasAt?.(i) ?? 2 ** (exponentBits - 1) - 1;
      const scaled = Math.fround(values[i]! / scaleAt!(i));
      const binade = Math.floor(Math.log2(Math.abs(scaled) + tiny));
      const spacing = 2 ** (Math.max(binade, 1 - bias) - mantissaBits);
      const largest = Math.min(
        2 ** (2 ** exponentBits - 1 - bias) * (2 - 2 ** -mantissaBits),
        largestAt?.(i) ?? Number.POSITIVE_INFINITY,
      );
      const rounded = spacing * rounding.apply(scaled / spacing);
      return Math.max(-largest, Math.min(largest, rounded)) * scaleAt!(i);
    });
    return [tensorOf(x!.dtype, x!.dims, out)];
  },
});
