import { describe, expect, it } from 'vitest';
import { type BitFloat, bitsOfNumber, bitsOfNumbers, numberOfBits, numbersOfBits } from '../../engine/numbers.ts';

interface Facts {
  readonly patterns: number;
  readonly largest: number;
  readonly smallestNormal: number;
  readonly smallest: number;
  readonly one: number;
  readonly nans: number;
  readonly infinities: number;
}

/** Tables of IEEE 754, arXiv 2209.05433, arXiv 2206.02915 and the OCP Microscaling specification. */
const facts: Readonly<Record<Exclude<BitFloat, 'float8e8m0'>, Facts>> = {
  float16: {
    patterns: 65536,
    largest: 65504,
    smallestNormal: 2 ** -14,
    smallest: 2 ** -24,
    one: 0x3c00,
    nans: 2046,
    infinities: 2,
  },
  bfloat16: {
    patterns: 65536,
    largest: (2 - 2 ** -7) * 2 ** 127,
    smallestNormal: 2 ** -126,
    smallest: 2 ** -133,
    one: 0x3f80,
    nans: 254,
    infinities: 2,
  },
  float8e4m3fn: {
    patterns: 256,
    largest: 448,
    smallestNormal: 2 ** -6,
    smallest: 2 ** -9,
    one: 0x38,
    nans: 2,
    infinities: 0,
  },
  float8e4m3fnuz: {
    patterns: 256,
    largest: 240,
    smallestNormal: 2 ** -7,
    smallest: 2 ** -10,
    one: 0x40,
    nans: 1,
    infinities: 0,
  },
  float8e5m2: {
    patterns: 256,
    largest: 57344,
    smallestNormal: 2 ** -14,
    smallest: 2 ** -16,
    one: 0x3c,
    nans: 6,
    infinities: 2,
  },
  float8e5m2fnuz: {
    patterns: 256,
    largest: 57344,
    smallestNormal: 2 ** -15,
    smallest: 2 ** -17,
    one: 0x40,
    nans: 1,
    infinities: 0,
  },
  float4e2m1: { patterns: 16, largest: 6, smallestNormal: 1, smallest: 0.5, one: 0x2, nans: 0, infinities: 0 },
};

describe.each(Object.entries(facts) as [Exclude<BitFloat, 'float8e8m0'>, Facts][])('%s', (dtype, fact) => {
  const numbers = Array.from({ length: fact.patterns }, (_, bits) => numberOfBits(dtype, bits));
  const finite = numbers.filter(Number.isFinite);

  it('has the numbers of its definition', () => {
    expect(Math.max(...finite)).toBe(fact.largest);
    expect(Math.min(...finite)).toBe(-fact.largest);
    expect(Math.min(...finite.filter((value) => value > 0))).toBe(fact.smallest);
    expect(numberOfBits(dtype, fact.one)).toBe(1);
    expect(numbers.filter(Number.isNaN).length).toBe(fact.nans);
    expect(numbers.filter((value) => Math.abs(value) === Number.POSITIVE_INFINITY).length).toBe(fact.infinities);
    expect(numbers).toContain(fact.smallestNormal);
  });

  it('every pattern comes back from its number', () => {
    numbers.forEach((value, bits) => {
      const back = bitsOfNumber(dtype, value, { saturate: false });
      if (Number.isNaN(value)) expect(numberOfBits(dtype, back)).toBeNaN();
      else if (back !== bits) expect.fail(`${bits} is ${value}, which becomes ${back}`);
    });
  });

  it('rounds to the nearest, ties to the even pattern, between every two neighbours', () => {
    const largestBits = bitsOfNumber(dtype, fact.largest);
    for (let bits = 0; bits < largestBits; bits++) {
      const low = numberOfBits(dtype, bits);
      const high = numberOfBits(dtype, bits + 1);
      const middle = (low + high) / 2;
      const even = bits % 2 === 0 ? bits : bits + 1;
      const found = [0.999999, 1, 1.000001].map((factor) => bitsOfNumber(dtype, middle * factor));
      if (found.join() !== [bits, even, bits + 1].join()) expect.fail(`between ${low} and ${high}: ${found}`);
    }
  });

  it('takes arrays', () => {
    const bits = dtype.endsWith('float16') ? Uint16Array.of(fact.one, 0) : Uint8Array.of(fact.one, 0);
    expect(numbersOfBits(dtype, bits)).toEqual(Float32Array.of(1, 0));
    expect(bitsOfNumbers(dtype, [1, 0])).toEqual(bits);
  });
});

describe('beyond the largest number', () => {
  const infinite = Number.POSITIVE_INFINITY;
  it.each([
    ['float16', 65519, { saturate: true }, 65504],
    ['float16', 65520, { saturate: true }, infinite],
    ['bfloat16', infinite, {}, infinite],
    ['float8e4m3fn', 464, { saturate: false }, 448],
    ['float8e4m3fn', 465, { saturate: false }, Number.NaN],
    ['float8e4m3fn', infinite, { saturate: false }, Number.NaN],
    ['float8e4m3fn', infinite, {}, 448],
    ['float8e4m3fnuz', 1e9, {}, 240],
    ['float8e4m3fnuz', 1e9, { saturate: false }, Number.NaN],
    ['float8e5m2', 1e9, {}, 57344],
    ['float8e5m2', 1e9, { saturate: false }, infinite],
    ['float8e5m2fnuz', -infinite, {}, -57344],
    ['float4e2m1', 1e9, { saturate: false }, 6],
  ] as const)('%s of %d %o is %d', (dtype, value, options, expected) => {
    expect(numberOfBits(dtype, bitsOfNumber(dtype, value, options))).toBe(expected);
  });

  it('negative zero keeps its sign where the type has one', () => {
    expect(numberOfBits('float8e4m3fn', bitsOfNumber('float8e4m3fn', -0))).toBe(-0);
    expect(numberOfBits('float8e4m3fnuz', bitsOfNumber('float8e4m3fnuz', -0))).toBe(0);
    expect(numberOfBits('float8e4m3fnuz', bitsOfNumber('float8e4m3fnuz', -1e-9))).toBe(0);
  });
});

describe('float8e8m0', () => {
  it('is the powers of two', () => {
    for (let bits = 0; bits < 255; bits++) {
      expect(numberOfBits('float8e8m0', bits)).toBe(2 ** (bits - 127));
      expect(bitsOfNumber('float8e8m0', 2 ** (bits - 127))).toBe(bits);
    }
    expect(numberOfBits('float8e8m0', 255)).toBeNaN();
    expect(numbersOfBits('float8e8m0', Uint8Array.of(0))).toEqual(Float32Array.of(2 ** -127));
  });

  it.each([
    ['up', 1.1, 2],
    ['up', 1, 1],
    ['down', 1.9, 1],
    ['nearest', 1.4, 1],
    ['nearest', 1.5, 2],
    ['up', 0, 2 ** -127],
    ['up', 1e300, 2 ** 127],
  ] as const)('rounded %s, %d is %d', (direction, value, expected) => {
    expect(numberOfBits('float8e8m0', bitsOfNumber('float8e8m0', value, { direction }))).toBe(expected);
  });

  it('a negative number has no scale', () => {
    expect(numberOfBits('float8e8m0', bitsOfNumber('float8e8m0', -1))).toBeNaN();
  });
});
