import { describe, expect, it } from 'vitest';
import type { Requantization } from '../../kernels/api.ts';
import {
  rescaleFixed,
  roundingDivideByPowerOfTwo,
  saturatingRoundingDoublingHighMul,
} from '../../kernels/reference/requantize.ts';
import { kernelsFor } from './harness.ts';

// Vectors of METHODS B3.
describe('gemmlowp arithmetic', () => {
  it('divides by a power of two with ties away from zero', () => {
    const pairs = [
      [-5, -3],
      [-3, -2],
      [-1, -1],
      [1, 1],
      [3, 2],
      [5, 3],
    ] as const;
    for (const [x, y] of pairs) expect(roundingDivideByPowerOfTwo(x, 1), `${x} / 2`).toBe(y);
  });

  it('saturates the one product that does not fit', () => {
    expect(saturatingRoundingDoublingHighMul(-(2 ** 31), -(2 ** 31))).toBe(2 ** 31 - 1);
  });

  const vectors = [
    {
      multiplier: 2 ** 30,
      shift: -1,
      pairs: [
        [12345, 3087],
        [-12345, -3086],
      ],
    },
    {
      multiplier: 1288490189,
      shift: -1,
      pairs: [
        [1000, 300],
        [12345, 3704],
        [-12345, -3704],
      ],
    },
    {
      multiplier: 1431655765,
      shift: -1,
      pairs: [
        [1000, 334],
        [-1000, -334],
      ],
    },
    {
      multiplier: 1992157658,
      shift: -7,
      pairs: [
        [1000, 7],
        [12345, 89],
      ],
    },
  ] as const;

  it('rounds twice', () => {
    for (const { multiplier, shift, pairs } of vectors)
      for (const [x, y] of pairs) expect(rescaleFixed(x, 'gemmlowp', multiplier, shift), `${x}`).toBe(y);
  });

  it('rounds twice in the kernels, too', async () => {
    for (const { multiplier, shift, pairs } of vectors)
      for (const [x, y] of pairs) {
        const requantization = { arithmetic: 'gemmlowp', multiplier: [multiplier], shift: [shift] } as const;
        // A code holds a byte: the zero point brings each result into it, from both sides.
        for (const zeroPoint of [-y, 100 - y].filter((zero) => Math.abs(zero) < 128))
          expect(await requantizeInKernel(x, requantization, zeroPoint)).toBe(y + zeroPoint);
      }
  });
});

describe('the other arithmetics', () => {
  it('tflite rounds once, half up', () => {
    expect(rescaleFixed(12345, 'tflite', 2 ** 30, -1)).toBe(3086);
    expect(rescaleFixed(6, 'tflite', 2 ** 30, -1)).toBe(2);
    expect(rescaleFixed(-6, 'tflite', 2 ** 30, -1)).toBe(-1);
    expect(rescaleFixed(1000, 'tflite', 1431655765, -1)).toBe(333);
  });

  it('settle rounds half up after a 16-bit product', () => {
    expect(rescaleFixed(5, 'settle', 2 ** 14, 15)).toBe(3);
    expect(rescaleFixed(-5, 'settle', 2 ** 14, 15)).toBe(-2);
  });

  it('a multiplier of zero gives zero', () => {
    for (const arithmetic of ['tflite', 'gemmlowp', 'settle'] as const)
      expect(rescaleFixed(2 ** 31 - 1, arithmetic, 0, 0)).toBe(0);
  });
});

/** One accumulator through the integer product: its bias. */
async function requantizeInKernel(
  accumulator: number,
  {
    arithmetic,
    multiplier,
    shift,
  }: { arithmetic: 'gemmlowp'; multiplier: readonly number[]; shift: readonly number[] },
  zeroPoint: number,
): Promise<number> {
  const kernels = await kernelsFor('strict');
  const ws = kernels.workspace();
  const requantization: Requantization = {
    arithmetic,
    multiplier: Int32Array.from(multiplier),
    shift: Int32Array.from(shift),
  };
  const b = ws.packQMatrix({
    k: 1,
    n: 1,
    weights: new Int8Array(1),
    bias: Int32Array.of(accumulator),
    input: { type: 's8', zeroPoint: 0 },
    output: { type: 's8', zeroPoint, low: -128, high: 127 },
    requantization,
  });
  const [a, output] = [ws.alloc(1), ws.alloc(1)];
  kernels.run(ws.qgemm({ m: 1, a, b, output }));
  const code = kernels.s8(output, 1)[0]!;
  ws.dispose();
  return code;
}
