import { roundHalfEven } from '../../formats/rounding.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { codeRange, inferQuantizer, inQonnxDomains, parameter } from './quantizer.ts';
import { roundingOf } from './rounding.ts';

/**
 * Takes bits off the low end of codes. Inputs: x, scale, zero point, width before, scale after, width after. The scales'
 * ratio is rounded to a power of two; zero point and codes are divided by it, clamped to the new width and rounded.
 */
export const trunc = inQonnxDomains(
  {
    op: 'Trunc',
    infer: inferQuantizer,
    evaluate(node, [x, scale, zeroPoint, _before, outScale, outBits]) {
      const values = numbersOf(x!);
      const [scaleAt, zeroAt, outScaleAt, bitsAt] = [scale, zeroPoint, outScale, outBits].map((tensor) =>
        parameter(tensor!, x!.dims),
      ) as [Read, Read, Read, Read];
      const rounding = roundingOf(node, 'FLOOR');
      const out = Float64Array.from({ length: values.length }, (_, i) => {
        const code = roundHalfEven(values[i]! / scaleAt(i) + zeroAt(i));
        const divisor = 2 ** roundHalfEven(Math.log2(outScaleAt(i) / scaleAt(i)));
        const [low, high] = codeRange(node, bitsAt(i), { narrow: 0 });
        const kept = rounding.apply(Math.min(high, Math.max(low, code / divisor)));
        return (kept - zeroAt(i) / divisor) * outScaleAt(i);
      });
      return [tensorOf(x!.dtype, x!.dims, out)];
    },
  },
  [2, newestOpset],
);

/**
 * The first version. Inputs: x, scale, zero point, width before, width after. The scale stays: what is cut off is the
 * difference of the widths, and the result is that many bits smaller.
 */
export const truncVersion1 = inQonnxDomains(
  {
    op: 'Trunc',
    infer: inferQuantizer,
    evaluate(node, [x, scale, zeroPoint, before, after]) {
      const values = numbersOf(x!);
      const [scaleAt, zeroAt, beforeAt, afterAt] = [scale, zeroPoint, before, after].map((tensor) =>
        parameter(tensor!, x!.dims),
      ) as [Read, Read, Read, Read];
      const rounding = roundingOf(node, 'FLOOR');
      const out = Float64Array.from({ length: values.length }, (_, i) => {
        const code = roundHalfEven(values[i]! / scaleAt(i) + zeroAt(i));
        const kept = rounding.apply(code / 2 ** (beforeAt(i) - afterAt(i)));
        return (kept - zeroAt(i)) * scaleAt(i);
      });
      return [tensorOf(x!.dtype, x!.dims, out)];
    },
  },
  [1, 1],
);

type Read = (index: number) => number;
