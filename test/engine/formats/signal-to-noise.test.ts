import { describe, expect, it } from 'vitest';
import { refined, signs } from '../../../engine/formats/basis-sums.ts';
import { byTurns } from '../../../engine/formats/dual.ts';
import type { NumberFormat, Parameters } from '../../../engine/formats/format.ts';
import { formatNamed } from '../../../engine/formats/registry.ts';
import { SortedValues } from '../../../engine/formats/sorted-values.ts';
import { mse } from '../../../engine/observers/mse.ts';
import { normalQuantile, normalSample } from '../observers/gaussian.ts';

const normal = normalSample(100_000);
/** Where a search tries a hundred scales, the quantiles of a smaller sample do. */
const sampled = (values: Float32Array) => values.filter((_, i) => i % 5 === 0);
/** Half-normal: what a rectifier leaves of a Gaussian's magnitude. */
const halfNormal = Float32Array.from({ length: 50_000 }, (_, i) => normalQuantile(0.5 + (i + 0.5) / 100_000));
const laplace = unitVariance(Array.from({ length: 50_000 }, (_, i) => laplaceQuantile((i + 0.5) / 50_000)));

const student = unitVariance(Array.from({ length: 50_000 }, (_, i) => studentQuantile((i + 0.5) / 50_000)));

/** Of Student's t with 3 degrees of freedom, by bisection of its distribution function. */
function studentQuantile(p: number): number {
  let [low, high] = [-1e3, 1e3];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    const x = middle / Math.sqrt(3);
    if (0.5 + (x / (1 + x * x) + Math.atan(x)) / Math.PI < p) low = middle;
    else high = middle;
  }
  return low;
}

function laplaceQuantile(p: number): number {
  return p < 0.5 ? Math.log(2 * p) : -Math.log(2 - 2 * p);
}

function unitVariance(values: readonly number[]): Float32Array {
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
  return Float32Array.from(values, (x) => x / deviation);
}

function decibels(format: NumberFormat, parameters: Parameters, values: Float32Array): number {
  const { encode, decode } = format.coder(parameters, [format.low, format.high]);
  let [signal, error] = [0, 0];
  for (const x of values) {
    signal += x * x;
    error += (x - decode(encode(x))) ** 2;
  }
  return 10 * Math.log10(signal / error);
}

/** With the format's own fit, or the scale of least error. */
function best(name: string, values: Float32Array): number {
  const format = formatNamed(name);
  const parameters =
    format.fit?.(values) ?? mse.direct!(sampled(values), format, 'symmetric', [format.low, format.high], {});
  return decibels(format, parameters, values);
}

/** METHODS 0.2: scale of least error on N(0, 1). */
describe('floats on a Gaussian', () => {
  it.each([
    ['float(e1m4)', 29.71],
    ['e2m3', 30.81],
    ['e3m2', 25.58],
    ['e4m1', 19.73],
    ['float(e1m2)', 18.9],
    ['float(e3m0)', 14.23],
    ['float(e2m5)', 42.67],
    ['float(e3m4)', 37.56],
    ['float(e4m3)', 31.56],
    ['float(e5m2)', 25.58],
    ['e2m1', 18.97],
    ['pot(3)', 13.23],
    ['pot(4)', 14.23],
    ['pot(5)', 14.23],
  ])('%s has %d dB', (name, wanted) => {
    expect(Math.abs(best(name, normal) - wanted)).toBeLessThan(0.13);
  });
});

/** METHODS A4. */
describe('six bits on heavy tails', () => {
  it.each([
    ['float(e1m4)', 25.29],
    ['e2m3', 28.6],
    ['e3m2', 25.56],
  ])('Laplace: %s has %d dB', (name, wanted) => {
    expect(Math.abs(best(name, laplace) - wanted)).toBeLessThan(0.13);
  });

  it('Student’s t with 3 degrees of freedom: the wide split is decibels ahead', () => {
    expect(best('e3m2', student) - best('e2m3', student)).toBeGreaterThan(6);
  });
});

/** Of the splits of METHODS A4 each distribution has its own. */
describe('the best split of six bits', () => {
  it.each([
    ['a Gaussian', 'e2m3', normal],
    ['Laplace', 'e2m3', laplace],
    ['Student’s t', 'e3m2', student],
  ] as const)('%s: that of %s, with its noise', (_name, split, values) => {
    const format = formatNamed('best-split(6)');
    const parameters = format.fit!(values);
    expect([...parameters.basis!]).toEqual([Number(split[1])]);
    expect(decibels(format, parameters, values)).toBeGreaterThan(best(split, values) - 0.02);
  });
  it('of four levels evenly spaced is the one that is an integer', () => {
    expect([...formatNamed('best-split(4)').fit!(Float32Array.of(-7, -3, 1, 5, 7)).basis!]).toEqual([1]);
  });
});

/** METHODS B6: the distribution aligner alone, without a search. */
describe('ESB on a Gaussian', () => {
  it.each([
    ['esb(3, 1)', 13.23],
    ['esb(4, 2)', 18.97],
    ['esb(4, 1)', 14.23],
    ['esb(5, 3)', 24.87],
    ['esb(6, 4)', 30.81],
    ['esb(6, 3)', 25.58],
    ['esb(7, 5)', 36.75],
    ['esb(8, 6)', 42.67],
    ['esb(8, 5)', 37.56],
    // Linear: the mid-rise column of METHODS 0.1.
    ['esb(2, 2)', 9.25],
    ['esb(3, 3)', 14.267],
    ['esb(4, 4)', 19.377],
    ['esb(8, 8)', 40.571],
    // Four exponent bits: significant bits alone decide.
    ['esb(6, 1)', 19.73],
    ['esb(8, 3)', 31.56],
  ])('%s has %d dB', (name, wanted) => {
    expect(Math.abs(best(name, normal) - wanted)).toBeLessThan(0.13);
  });
});

/** METHODS B8 and B12. */
describe('binary bases', () => {
  const basisOf = (name: string, values: Float32Array) =>
    [...formatNamed(name).fit!(values).basis!].sort((a, b) => b - a);

  it.each([
    ['bcq(1, rounds = 0)', 4.396],
    ['bcq(2, rounds = 0)', 8.846],
    ['bcq(3, rounds = 0)', 12.337],
    ['bcq(4, rounds = 0)', 14.829],
    ['bcq(1)', 4.396],
    ['bcq(2)', 9.3],
    ['bcq(3)', 14.318],
    ['bcq(4)', 19.2],
    ['bcq(3, rounds = 300)', 14.325],
    ['bcq(4, rounds = 300)', 19.42],
    ['lq(1)', 4.396],
    ['lq(2)', 9.3],
  ])('%s has %d dB on a Gaussian', (name, wanted) => {
    expect(Math.abs(best(name, normal) - wanted)).toBeLessThan(0.05);
  });

  it.each([
    ['lq(1, signs = 0)', [1.224], 7.21],
    ['lq(2, signs = 0)', [1.3, 0.652], 13.29],
    ['lq(3, signs = 0)', [1.4184, 0.7036, 0.3525], 18.9],
  ])('%s learns %j of a half-normal', (name, basis, wanted) => {
    const own = basisOf(name, halfNormal);
    for (const [i, value] of basis.entries()) expect(Math.abs(own[i]! - value)).toBeLessThan(0.01);
    expect(Math.abs(best(name, halfNormal) - wanted)).toBeLessThan(0.05);
  });

  it('of two has the Lloyd–Max levels', () => {
    expect(basisOf('lq(2)', normal).map((value) => value.toFixed(2))).toEqual(['0.98', '0.53']);
    expect(basisOf('bcq(2)', normal).map((value) => value.toFixed(2))).toEqual(['0.98', '0.53']);
  });

  it('lose error with every round', () => {
    const sorted = new SortedValues(normal);
    let basis: Float64Array = Float64Array.of(0.2, 0.3, 1.1);
    let error = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 50; round++) {
      basis = refined(basis, sorted, signs);
      const format = formatNamed('lq(3)');
      const own = -decibels(format, { scale: 1, zeroPoint: 0, basis: Float32Array.from(basis) }, normal);
      expect(own).toBeLessThanOrEqual(error + 1e-5);
      error = own;
    }
  });
});

/** METHODS A2. */
describe('dual tensors', () => {
  const decibelsOf = (error: number, values: Float32Array) =>
    10 * Math.log10(values.reduce((sum, x) => sum + x * x, 0) / error);

  it.each([
    [2, 14.6],
    [3, 24.4],
    [4, 30.9],
  ])('of %i bits have %d dB on a Gaussian where each tensor is rounded in turn', (bits, wanted) => {
    const { errors } = byTurns(normal, 2 ** (bits - 1) - 1);
    expect(Math.abs(decibelsOf(errors.at(-1)!, normal) - wanted)).toBeLessThan(0.3);
  });

  it.each(
    [normal, laplace, halfNormal].map((values, i) => [['Gaussian', 'Laplace', 'half-normal'][i]!, values] as const),
  )('%s: no turn raises the error, and the nearest sums are at least as close', (_, values) => {
    for (const bits of [2, 3, 4]) {
      const { errors } = byTurns(values, 2 ** (bits - 1) - 1);
      for (const [turn, error] of errors.entries())
        expect(error).toBeLessThanOrEqual((errors[turn - 1] ?? Number.POSITIVE_INFINITY) * (1 + 1e-9));
      expect(best(`dual(int${bits})`, values)).toBeGreaterThanOrEqual(decibelsOf(errors.at(-1)!, values) - 1e-6);
    }
  });

  it.each([
    [2, 7.208, 15.3],
    [3, 13.292, 28.5],
    [4, 18.898, 40],
    [5, 24.326, 51.5],
  ])(
    'of %i bits have 5 dB more than the %d dB of one tensor, with nearest sums more than %d',
    (bits, single, least) => {
      const own = best(`dual(int${bits})`, normal);
      expect(own).toBeGreaterThan(single + 5);
      expect(own).toBeGreaterThan(least);
    },
  );

  it('leave a rest that is orthogonal to both tensors', () => {
    const format = formatNamed('dual(int3)');
    const parameters = format.fit!(normal);
    const { encode, decode } = format.coder(parameters, [format.low, format.high]);
    for (const i of [0, 1]) {
      let [across, along] = [0, 0];
      for (const x of normal) {
        const term = format.sum!.codeOf(encode(x), i) * parameters.basis![i]!;
        across += (x - decode(encode(x))) * term;
        along += term * term;
      }
      expect(Math.abs(across / along)).toBeLessThan(1e-3);
    }
  });

  it.each([[[0, 0, 0]], [[0.5]], [[1, 1, -1, -1]], [[3, -1e-6, 0]]])('hold %j, with positive scales', (values) => {
    const format = formatNamed('dual(int2)');
    const parameters = format.fit!(Float32Array.from(values));
    const { encode, decode } = format.coder(parameters, [format.low, format.high]);
    expect(parameters.basis!.every((scale) => scale > 0)).toBe(true);
    for (const x of values) expect(Math.abs(decode(encode(x)) - x)).toBeLessThan(2e-6);
  });
});

/** METHODS 0.1. */
describe('codebooks on a Gaussian', () => {
  it.each([
    ['kmeans(1)', 4.396],
    ['kmeans(2)', 9.3],
    ['kmeans(3)', 14.616],
    ['kmeans(4)', 20.222],
  ])('%s has the %d dB of Lloyd and Max', (name, wanted) => {
    expect(Math.abs(best(name, normal) - wanted)).toBeLessThan(0.05);
  });
  it('have the Lloyd–Max levels', () => {
    const levels = [...formatNamed('kmeans(3)').fit!(normal).basis!].slice(4);
    for (const [i, level] of [0.2451, 0.756, 1.3439, 2.1519].entries())
      expect(Math.abs(levels[i]! - level)).toBeLessThan(0.01);
  });
});

/** METHODS B15: one scale, tuned for eight bits or for two. */
describe('nested codes on a Gaussian', () => {
  it.each([
    [0.0308, 8, 40.68],
    [0.0308, 6, 28.98],
    [0.0308, 4, 16.96],
    [0.0308, 3, 10.94],
    [0.0308, 2, 4.89],
    [0.0157, 2, 9.25],
    [0.0157, 8, 19.4],
  ])('scale %d, %i bits: %d dB', (scale, bits, wanted) => {
    expect(
      Math.abs(decibels(formatNamed(`nested(8, ${bits})`), { scale, zeroPoint: 0 }, normal) - wanted),
    ).toBeLessThan(0.15);
  });
  it('are cut from each other: a bit less is the code shifted right', () => {
    const [wide, narrow] = [formatNamed('nested(8, 6)'), formatNamed('nested(8, 5)')];
    const coder = (format: NumberFormat) => format.coder({ scale: 0.03, zeroPoint: 0 }, [format.low, format.high]);
    for (const x of normalSample(500)) expect(coder(narrow).encode(x)).toBe(coder(wide).encode(x) >> 1);
  });
});

describe('logarithmic codes', () => {
  it('of a Gaussian do not gain beyond four bits', () => {
    expect(Math.abs(best('log(4)', normal) - best('log(5)', normal))).toBeLessThan(0.1);
  });
  it('zero no weight that is not zero, where a linear grid over the range does', () => {
    const zeros = (name: string) => {
      const format = formatNamed(name);
      const parameters = format.fit?.(normal) ?? format.covering(-4.4, 4.4, 'symmetric', [format.low, format.high]);
      const { encode, decode } = format.coder(parameters, [format.low, format.high]);
      return normal.filter((x) => decode(encode(x)) === 0).length;
    };
    expect(zeros('log(4)')).toBe(0);
    expect(zeros('int4')).toBeGreaterThan(normal.length / 10);
  });
  it.each([
    [3, 4],
    [0.7, 0.5],
    [-5, -4],
  ])('round %d to %d, as AP2 does', (x, power) => {
    const { encode, decode } = formatNamed('log(4)').coder({ scale: 4, zeroPoint: 0 }, [0, 15]);
    expect(decode(encode(x))).toBe(power);
  });
});

describe('binary and ternary', () => {
  it('take mean magnitudes as scales', () => {
    const values = Float32Array.of(-1, 0.1, 0.5, -2);
    expect(formatNamed('binary').fit!(values).scale).toBe(Math.fround(0.9));
    // 0.7 · 0.9 = 0.63: the two large ones remain.
    const format = formatNamed('ternary');
    const parameters = format.fit!(values);
    const { encode } = format.coder(parameters, [-1, 1]);
    expect(parameters.scale).toBe(1.5);
    expect(Array.from(values, encode)).toEqual([-1, 0, 0, -1]);
  });
  it('have their known signal to noise on a Gaussian', () => {
    expect(Math.abs(best('binary', normal) - 4.396)).toBeLessThan(0.01);
    // The best ternary grid has 7.208; the fixed threshold is close to it.
    expect(best('ternary', normal)).toBeGreaterThan(7.1);
  });
});

describe('microscaling', () => {
  it('follows the rule of the specification: the largest exponents of data and element meet', () => {
    const scaleOf = (name: string, ...values: readonly number[]) =>
      formatNamed(name).fit!(Float32Array.from(values)).scale;
    expect(scaleOf('mxfp4', 5.9, -0.1)).toBe(1);
    expect(scaleOf('mxfp4', 0.9)).toBe(2 ** -3);
    expect(scaleOf('mxfp8-e4m3', 448)).toBe(1);
    expect(scaleOf('mxfp8-e5m2', 1)).toBe(2 ** -15);
    expect(scaleOf('mxfp6-e3m2', 28)).toBe(1);
    expect(scaleOf('mxint8', 1.99)).toBe(1);
    expect(scaleOf('mxint8', 0)).toBe(1);
  });
  it('saturates what lies between the largest element and the next power of two', () => {
    const format = formatNamed('mxfp4');
    const { encode, decode } = format.coder(format.fit!(Float32Array.of(7.9)), [0, 15]);
    expect(decode(encode(7.9))).toBe(6);
  });
});
