import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fixedPoint,
  roundedProduct,
  roundingDivideByPowerOfTwo,
  roundingDoublingHighMul,
} from '../../../engine/quantize/arithmetic/fixed-point.ts';
import { doubleRounding } from '../../../engine/quantize/arithmetic/gemmlowp.ts';
import { arithmetics } from '../../../engine/quantize/arithmetic/registry.ts';
import { settle, shiftedMultiplier } from '../../../engine/quantize/arithmetic/settle.ts';
import { singleRounding } from '../../../engine/quantize/arithmetic/tflite.ts';

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const factor = fc.double({ min: 2 ** -31, max: 4, noNaN: true });

describe('gemmlowp, bit for bit (METHODS B3)', () => {
  it.each([
    [-5, -3],
    [-3, -2],
    [-1, -1],
    [1, 1],
    [3, 2],
    [5, 3],
  ])('RoundingDivideByPOT(%d, 1) = %d: ties away from zero', (x, expected) => {
    expect(roundingDivideByPowerOfTwo(x, 1)).toBe(expected);
  });

  it.each([
    [0.25, 2 ** 30, 1],
    [0.3, 1288490189, 1],
    [1 / 3, 1431655765, 1],
    [0.007247427341846, 1992157658, 7],
  ])('M = %d is %d · 2^(−31 − %d)', (m, multiplier, n) => {
    expect(fixedPoint(m)).toEqual({ multiplier, shift: -n });
  });

  it.each([
    [0.25, 12345, 3087],
    [0.25, -12345, -3086],
    [0.3, 1000, 300],
    [0.3, 12345, 3704],
    [0.3, -12345, -3704],
    [1 / 3, 1000, 334],
    [1 / 3, -1000, -334],
    [0.007247427341846, 1000, 7],
    [0.007247427341846, 12345, 89],
  ])('M = %d: accumulator %d → %d', (m, accumulator, expected) => {
    expect(doubleRounding(accumulator, fixedPoint(m))).toBe(expected);
  });

  it('saturates the one product that overflows', () => {
    expect(roundingDoublingHighMul(-(2 ** 31), -(2 ** 31))).toBe(2 ** 31 - 1);
  });

  it('rounds the doubled product half up and divides half away from zero, as the definition in integers says', () => {
    const truncate = (x: bigint, y: bigint) => x / y;
    fc.assert(
      fc.property(int32, fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 }), fc.integer({ min: 0, max: 31 }), (a, b, n) => {
        const product = BigInt(a) * BigInt(b);
        const nudge = product >= 0n ? 2n ** 30n : 1n - 2n ** 30n;
        const high = Number(truncate(product + nudge, 2n ** 31n));
        expect(roundingDoublingHighMul(a, b) + 0).toBe(high + 0);
        const mask = 2n ** BigInt(n) - 1n;
        const remainder = BigInt(high) & mask;
        const threshold = (mask >> 1n) + (high < 0 ? 1n : 0n);
        const expected = Number((BigInt(high) >> BigInt(n)) + (remainder > threshold ? 1n : 0n));
        expect(roundingDivideByPowerOfTwo(high, n) + 0).toBe(expected + 0);
      }),
    );
  });
});

describe('fixed-point products', () => {
  it('are exact for 63-bit products', () => {
    fc.assert(
      fc.property(int32, fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.integer({ min: 17, max: 62 }), (a, b, bits) => {
        const exact = (BigInt(a) * BigInt(b) + 2n ** BigInt(bits - 1)) >> BigInt(bits);
        expect(roundedProduct(a, b, bits) + 0).toBe(Number(exact) + 0);
      }),
    );
  });

  it('keep 31 significant bits of a factor', () => {
    fc.assert(
      fc.property(factor, (m) => {
        const { multiplier, shift } = fixedPoint(m);
        expect(multiplier).toBeGreaterThanOrEqual(2 ** 30);
        expect(multiplier).toBeLessThan(2 ** 31);
        expect(Math.abs((multiplier * 2 ** (shift - 31)) / m - 1)).toBeLessThanOrEqual(2 ** -30);
      }),
    );
  });

  it('normalise powers of two and their neighbours', () => {
    for (let e = -30; e < 10; e++) {
      expect(fixedPoint(2 ** e)).toEqual({ multiplier: 2 ** 30, shift: e + 1 });
      // The nearest double below rounds up to the power of two.
      expect(fixedPoint(2 ** e * (1 - 2 ** -52))).toEqual({ multiplier: 2 ** 30, shift: e + 1 });
    }
    expect(fixedPoint(0)).toEqual({ multiplier: 0, shift: 0 });
    expect(fixedPoint(2 ** -40)).toEqual({ multiplier: 0, shift: 0 });
  });

  it('of TensorFlow Lite round once, half up', () => {
    expect(singleRounding(1000, fixedPoint(1 / 3))).toBe(333);
    expect(singleRounding(6, fixedPoint(0.25))).toBe(2);
    expect(singleRounding(-6, fixedPoint(0.25))).toBe(-1);
    expect(singleRounding(2, fixedPoint(3))).toBe(6);
  });
});

describe('Settle’s shifts and 16-bit multiplier (METHODS A1)', () => {
  it('come within 2⁻¹⁵ of the factor, with a multiplier in (2¹⁴, 2¹⁵]', () => {
    fc.assert(
      fc.property(fc.double({ min: 2 ** -16, max: 1, noNaN: true }), (m) => {
        const { multiplier, shift, preShift } = shiftedMultiplier(m);
        expect(Math.abs((multiplier * 2 ** (-shift - preShift)) / m - 1)).toBeLessThanOrEqual(2 ** -15);
        expect(multiplier).toBeGreaterThan(2 ** 14 - 1);
        expect(multiplier).toBeLessThanOrEqual(2 ** 15);
        expect(shift).toBeGreaterThanOrEqual(1);
      }),
    );
  });
  it('round half up', () => {
    const quarter = settle.rescale(1, 0.25, 1);
    expect([6, -6, 5, -5, 7].map((x) => settle.apply(x, quarter))).toEqual([2, -1, 1, -1, 2]);
  });
  it('give 0 for a factor of 0', () => {
    expect(settle.apply(1e6, shiftedMultiplier(0))).toBe(0);
  });
});

describe.each(arithmetics.map((kind) => [kind.name, kind] as const))('arithmetic %s', (name, kind) => {
  const slack = name === 'settle' ? 2 ** -14 : 2 ** -22;
  it('rescales to within one code of the real product', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 24), max: 2 ** 24 }),
        fc.double({ min: 2 ** -20, max: 2 ** -4, noNaN: true }),
        (accumulator, m) => {
          const [a, c] = [Math.fround(m), Math.fround(1)];
          const exact = accumulator * a;
          const code = kind.apply(accumulator, kind.rescale(a, 1, c));
          expect(Number.isInteger(code)).toBe(true);
          expect(Math.abs(code - exact)).toBeLessThanOrEqual(1 + slack * Math.abs(exact));
        },
      ),
    );
  });
  it('adds two codes to within one code of the real sum', () => {
    const scale = fc.float({ min: Math.fround(1e-4), max: 10, noNaN: true });
    const code = fc.integer({ min: -255, max: 255 });
    fc.assert(
      fc.property(scale, scale, scale, code, code, (a, b, output, x, y) => {
        const exact = (x * a + y * b) / output;
        fc.pre(Math.abs(exact) < 1000);
        // 32-bit intermediates: a runtime's own limit on how far the scales may lie apart.
        fc.pre(Math.max(a, b) / output < 512);
        const sum = kind.add({ a, b, output })(x, y);
        expect(Number.isInteger(sum)).toBe(true);
        expect(Math.abs(sum - exact)).toBeLessThanOrEqual(
          1 + (4 * slack * (Math.abs(x) * a + Math.abs(y) * b)) / output,
        );
      }),
    );
  });
  it('leaves zero where it is', () => {
    expect(kind.apply(0, kind.rescale(0.5, 0.25, 3)) + 0).toBe(0);
    expect(kind.add({ a: 0.5, b: 2, output: 0.1 })(0, 0) + 0).toBe(0);
  });
});
