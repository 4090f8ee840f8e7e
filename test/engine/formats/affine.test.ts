import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  affineParameters,
  type CodeRange,
  dequantizeTensor,
  dequantizeValue,
  quantizeTensor,
  quantizeValue,
  symmetricParameters,
} from '../../../engine/formats/affine.ts';
import type { NumberFormat } from '../../../engine/formats/format.ts';
import { integerFormats } from '../../../engine/formats/integers.ts';
import { formatNamed } from '../../../engine/formats/registry.ts';
import { roundHalfEven } from '../../../engine/formats/rounding.ts';

const whole = (format: NumberFormat): CodeRange => [format.low, format.high];
const float = fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-1e6), max: Math.fround(1e6) });

describe('round half even', () => {
  it.each([
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [-0.5, -0],
    [-1.5, -2],
    [-2.5, -2],
    [3.49999, 3],
    [3.50001, 4],
    [2 ** 51 + 1, 2 ** 51 + 1],
    [-(2 ** 60), -(2 ** 60)],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ])('%d → %d', (x, rounded) => {
    expect(roundHalfEven(x) + 0).toBe(rounded + 0);
  });
});

describe('the integer formats', () => {
  it('are those of 1 to 16 and 32 bits, signed and unsigned', () => {
    const names = [...Array.from({ length: 16 }, (_, i) => i + 1), 32].flatMap((bits) => [`int${bits}`, `uint${bits}`]);
    expect(new Set(integerFormats.map((format) => format.name))).toEqual(new Set(names));
  });
  it.each(integerFormats.map((format) => [format.name, format] as const))(
    '%s: range, bits and carrier agree',
    (_, format) => {
      expect(format.high - format.low + 1).toBe(2 ** format.bits);
      expect(format.low).toBe(format.signed ? -(2 ** (format.bits - 1)) : 0);
      expect(format.storageBits).toBeGreaterThanOrEqual(format.bits);
      expect(format.dtype).toBe(`${format.signed ? 'int' : 'uint'}${format.storageBits}`);
      expect(format.description).not.toBe('');
    },
  );
  it('names the formats there are when one is unknown', () => {
    expect(() => formatNamed('int17')).toThrow(/no number format `int17`.*uint8/);
  });
});

describe.each(['int8', 'uint8', 'int4', 'uint3', 'int16'])('affine parameters of %s', (name) => {
  const format = formatNamed(name);
  const range = whole(format);

  it('represent zero exactly, with a float32 scale and a zero point among the codes', () => {
    fc.assert(
      fc.property(float, float, (a, b) => {
        const own = affineParameters(Math.min(a, b), Math.max(a, b), range);
        expect(own.scale).toBe(Math.fround(own.scale));
        expect(own.scale).toBeGreaterThan(0);
        expect(own.zeroPoint).toBe(Math.round(own.zeroPoint));
        expect(own.zeroPoint).toBeGreaterThanOrEqual(format.low);
        expect(own.zeroPoint).toBeLessThanOrEqual(format.high);
        expect(dequantizeValue(quantizeValue(0, own, range), own)).toBe(0);
      }),
    );
  });

  it('round values inside the range by half a step at most, and half a step more at its ends', () => {
    fc.assert(
      fc.property(float, float, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, t) => {
        const [min, max] = [Math.min(a, b, 0), Math.max(a, b, 0)];
        const own = affineParameters(min, max, range);
        const x = Math.fround(min + t * (max - min));
        const back = dequantizeValue(quantizeValue(x, own, range), own);
        const slack = 1e-5 * Math.max(Math.abs(min), Math.abs(max));
        // The zero point is rounded to a code, which moves the grid by up to half a step.
        expect(Math.abs(back - x)).toBeLessThanOrEqual(own.scale + slack);
        const inside = x > min + own.scale && x < max - own.scale;
        if (inside) expect(Math.abs(back - x)).toBeLessThanOrEqual(own.scale / 2 + slack);
      }),
    );
  });

  it('are a fixed point: quantising a value of the grid gives its code again', () => {
    fc.assert(
      fc.property(float, float, fc.integer({ min: format.low, max: format.high }), (a, b, code) => {
        const own = affineParameters(Math.min(a, b), Math.max(a, b), range);
        expect(quantizeValue(dequantizeValue(code, own), own, range)).toBe(code);
      }),
    );
  });
});

describe('quantising', () => {
  const int8 = formatNamed('int8');
  it('saturates, and sends NaN to the zero point', () => {
    const own = { scale: 0.5, zeroPoint: 3 };
    const codes = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30, -1e30, Number.NaN].map((x) =>
      quantizeValue(x, own, [-128, 127]),
    );
    expect(codes).toEqual([127, -128, 127, -128, 3]);
  });
  it('divides in float32, as ONNX Runtime does', () => {
    // 0.15 / 0.1 in float32 is 1.5 exactly, a tie; in doubles of the same float32 numbers it is a little more.
    const [x, scale] = [Math.fround(0.15), Math.fround(0.1)];
    expect(x / scale).not.toBe(1.5);
    expect(quantizeValue(Math.fround(0.25), { scale, zeroPoint: 0 }, [-128, 127])).toBe(2);
    expect(Math.fround(Math.fround(0.25) / scale)).toBe(2.5);
  });
  it('uses a narrow range where it is given one', () => {
    expect(quantizeValue(-1, { scale: 1 / 128, zeroPoint: 0 }, [-127, 127])).toBe(-127);
  });
  it('takes parameters per index of an axis', () => {
    const parameters = {
      format: int8,
      scale: Float32Array.of(1, 0.5, 0.25),
      zeroPoint: Int32Array.of(0, 10, -10),
      range: [-128, 127] as CodeRange,
      axis: 1,
    };
    const values = Float32Array.of(1, 1, 1, 2, 2, 2);
    const codes = quantizeTensor(values, [2, 3], parameters);
    expect([...codes]).toEqual([1, 12, -6, 2, 14, -2]);
    expect([...dequantizeTensor(codes, [2, 3], parameters)]).toEqual([...values]);
  });
  it('gives a tensor of zeros a scale that divides', () => {
    expect(affineParameters(0, 0, [0, 255])).toEqual({ scale: 1, zeroPoint: 0 });
    expect(symmetricParameters(0, 0, int8)).toEqual({ scale: 1, zeroPoint: 0 });
  });
});

describe('symmetric parameters', () => {
  it('have zero point 0 for signed formats and reach the larger end', () => {
    const own = symmetricParameters(-3, 1, formatNamed('int8'));
    expect(own).toEqual({ scale: Math.fround(3 / 127), zeroPoint: 0 });
  });
  it('use the whole unsigned grid when nothing is negative, and its middle otherwise', () => {
    const uint8 = formatNamed('uint8');
    expect(symmetricParameters(0, 2.55, uint8)).toEqual({ scale: Math.fround(0.01), zeroPoint: 0 });
    expect(symmetricParameters(-1.27, 1, uint8)).toEqual({ scale: Math.fround(0.01), zeroPoint: 128 });
  });
});
