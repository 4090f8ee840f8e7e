import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Granularity } from '../../../engine/formats/granularity.ts';
import { hqq } from '../../../engine/methods/hqq.ts';
import type { WeightMethod, WeightProblem } from '../../../engine/methods/method.ts';
import { omse } from '../../../engine/methods/omse.ts';
import { roundToNearest } from '../../../engine/methods/round-to-nearest.ts';
import { normalSample } from '../observers/gaussian.ts';
import { noise } from '../quantize/small.ts';
import { cutProblem, decoded, decodedBy, problemOf } from './problems.ts';

const sample = (count: number) => [...normalSample(count)];
const squared = (values: ArrayLike<number>) => Array.from(values).reduce((sum, x) => sum + x * x, 0);
const weights = fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: 2, maxLength: 40 });

describe('omse', () => {
  // The table of least squared errors of a Gaussian, 2^b − 1 levels around zero.
  it.each([
    { format: 'int2', step: 1.224, decibels: 7.208 },
    { format: 'int3', step: 0.6508, decibels: 13.292 },
    { format: 'int4', step: 0.3534, decibels: 18.898 },
    { format: 'int5', step: 0.1932, decibels: 24.326 },
  ])('fits a Gaussian in $format at step $step, $decibels dB', ({ format, step, decibels }) => {
    const problem = problemOf([sample(10_000)], format);
    const own = omse.quantize(problem, {});
    const noise = decoded(problem, own).map((value, k) => value - problem.values[k]!);
    expect(own.scale[0]! / step).toBeCloseTo(1, 2);
    expect(Math.abs(10 * Math.log10(squared(problem.values) / squared(noise)) - decibels)).toBeLessThan(0.05);
  });

  it('never has more squared error than rounding over the whole range', () => {
    fc.assert(
      fc.property(weights, (drawn) => {
        const problem = problemOf([drawn]);
        const errorOf = (method: typeof omse) =>
          squared(decoded(problem, method.quantize(problem, {})).map((value, k) => value - problem.values[k]!));
        expect(errorOf(omse)).toBeLessThanOrEqual(errorOf(roundToNearest) * (1 + 1e-6) + 1e-12);
      }),
    );
  });

  it('has scales of the kind that is asked for', () => {
    const problem = { ...problemOf([sample(200)]), scale: 'power-of-two-scale' };
    const [scale] = omse.quantize(problem, {}).scale;
    expect(Number.isInteger(Math.log2(scale!))).toBe(true);
  });

  it('leaves an error that has nothing of the codes in it: ⟨w − αq, q⟩ = 0', () => {
    const problem = problemOf([sample(2000)]);
    const own = omse.quantize(problem, {});
    const codes = own.codes as Int8Array;
    const cross = problem.values.reduce((sum, w, k) => sum + (w - own.scale[0]! * codes[k]!) * codes[k]!, 0);
    expect(Math.abs(cross) / squared(codes)).toBeLessThan(1e-6);
  });
});

/** Σ|w − ŵ|ᵖ. */
function normError(method: WeightMethod, problem: WeightProblem, p = 0.7): number {
  const values = decodedBy(method, problem, { p });
  return values.reduce((sum, value, k) => sum + Math.abs(value - problem.values[k]!) ** p, 0);
}

/** Of Student’s t distribution with two degrees of freedom: its quantile function on uniform draws. */
function heavyTailed(rows: number, length: number): number[][] {
  const next = noise(3);
  const drawn = () => {
    const u = next();
    return u * Math.sqrt(2 / (1 - u * u));
  };
  return Array.from({ length: rows }, () => Array.from({ length }, drawn));
}

/**
 * Σ|w − ŵ|ᵖ by the paper's own update at the settings of its authors, in uint4: the scale is that of the extremes, the zero point
 * moves to the mean of q − (w − e)/s, e being the errors shrunk by sign(x)·max(0, |x| − |x|ᵖ⁻¹/β), while the error gets less.
 * @param whole whether zero points are rounded, as those of ONNX are
 */
function paperError(rows: readonly (readonly number[])[], group: number, whole: boolean, p = 0.7): number {
  let sum = 0;
  for (const row of rows) {
    for (let at = 0; at < row.length; at += group) {
      const weights = row.slice(at, at + group);
      const [least, most] = [Math.min(...weights), Math.max(...weights)];
      const step = (most - least) / 15;
      const codesAt = (zero: number) => weights.map((w) => Math.min(15, Math.max(0, Math.round(w / step + zero))));
      const errorsAt = (zero: number) => codesAt(zero).map((code, k) => weights[k]! - step * (code - zero));
      const normAt = (zero: number) => errorsAt(zero).reduce((norm, error) => norm + Math.abs(error) ** p, 0);
      let best = Math.round(-least / step);
      let penalty = 10;
      for (let turn = 0; turn < 20; turn++, penalty *= 1.01) {
        const shrunk = errorsAt(best).map((x) =>
          x === 0 ? 0 : Math.sign(x) * Math.max(0, Math.abs(x) - Math.abs(x) ** (p - 1) / penalty),
        );
        const targets = codesAt(best).map((code, k) => code - (weights[k]! - shrunk[k]!) / step);
        const mean = targets.reduce((a, b) => a + b, 0) / targets.length;
        const next = whole ? Math.round(mean) : mean;
        if (!(normAt(next) < normAt(best))) break;
        best = next;
      }
      sum += normAt(best);
    }
  }
  return sum;
}

describe('hqq beside the update of the paper, which holds the scale and moves the zero point', () => {
  const next = noise(7);
  const bell = () => Array.from({ length: 512 }, () => 0.02 * (next() + next() + next() + next()));
  const weights = {
    'bell-shaped': Array.from({ length: 8 }, bell),
    'heavy-tailed': heavyTailed(8, 512).map((row) => row.map((weight) => 0.02 * weight)),
  };

  it.each(Object.entries(weights))('%s: whole zero points alone do not move', (_, own) => {
    const nearest = normError(roundToNearest, cutProblem(own, 'uint4', 'per-group(64)'));
    expect(paperError(own, 64, true) / nearest).toBeCloseTo(1, 2);
  });

  it.each(Object.entries(weights))('%s: gains as much in groups of 64 as the paper with real zero points', (_, own) => {
    expect(normError(hqq, cutProblem(own, 'uint4', 'per-group(64)'))).toBeLessThan(1.02 * paperError(own, 64, false));
  });

  it.each(Object.entries(weights))('%s: gains more per channel', (_, own) => {
    expect(normError(hqq, cutProblem(own, 'uint4', 'per-channel'))).toBeLessThan(paperError(own, 512, false));
  });
});

describe('hqq', () => {
  const formats = fc.constantFrom('int2', 'int3', 'int4', 'int8', 'uint2', 'uint4');
  const granularities = fc.constantFrom<Granularity>('per-tensor', 'per-channel', 'per-group(5)', 'per-block(2x3)');
  const scales = fc.constantFrom(undefined, 'power-of-two-scale', 'bfloat16-scale', 'float8-scale');
  const matrices = fc.integer({ min: 1, max: 16 }).chain((length) =>
    fc.array(fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: length, maxLength: length }), {
      minLength: 1,
      maxLength: 3,
    }),
  );

  it('never has a larger norm of the error than rounding to nearest, in any granularity and with any scales', () => {
    const powers = fc.constantFrom(0.3, 0.7, 1);
    fc.assert(
      fc.property(matrices, formats, granularities, scales, powers, (rows, format, granularity, scale, p) => {
        const problem = cutProblem(rows, format, granularity, scale);
        expect(normError(hqq, problem, p)).toBeLessThanOrEqual(normError(roundToNearest, problem, p) * (1 + 1e-9));
      }),
    );
  });

  it.each([
    { format: 'int4', granularity: 'per-channel', part: 0.94 },
    { format: 'int4', granularity: 'per-group(32)', part: 0.995 },
    { format: 'int3', granularity: 'per-group(32)', part: 0.985 },
    { format: 'uint4', granularity: 'per-channel', part: 0.95 },
    { format: 'uint4', granularity: 'per-group(32)', part: 0.98 },
    { format: 'uint2', granularity: 'per-group(32)', part: 0.92 },
  ] as const)('has less than $part of the error of heavy-tailed weights in $format $granularity', (row) => {
    const problem = cutProblem(heavyTailed(8, 256), row.format, row.granularity);
    expect(normError(hqq, problem) / normError(roundToNearest, problem)).toBeLessThan(row.part);
  });

  it.each([
    { format: 'int4', from: -7 },
    { format: 'uint4', from: -5 },
  ])('leaves weights that lie on the grid of $format as they are', ({ format, from }) => {
    const length = format === 'int4' ? 15 : 16;
    const rows = [0.25, 0.0625, 3].map((step) => Array.from({ length }, (_, k) => step * (from + k)));
    const problem = cutProblem(rows, format, 'per-channel');
    expect([...decodedBy(hqq, problem)]).toEqual(rows.flat());
  });

  it.each([
    { format: 'int4', from: -7, count: 15, low: -1.68, high: 1.68 },
    { format: 'uint4', from: -5, count: 16, low: -1.2, high: 2.4 },
  ])('finds the grid of $format from a range that is a little off, whatever an outlier says', (row) => {
    const onGrid = Array.from({ length: 8 * row.count }, (_, k) => 0.25 * (row.from + (k % row.count)));
    const problem = {
      ...cutProblem([[...onGrid, 5]], row.format, 'per-channel'),
      observer: { name: 'fixed', arguments: { low: row.low, high: row.high } },
    };
    const off = ({ scale }: { readonly scale: Float32Array }) => Math.abs(scale[0]! / 0.25 - 1);
    expect(off(roundToNearest.quantize(problem, {}))).toBeGreaterThan(0.03);
    expect(off(hqq.quantize(problem, {}))).toBeLessThan(2e-3);
  });

  it('gives the same codes times a number for weights times it', () => {
    const rows = heavyTailed(2, 64);
    const [own, larger] = [1, 1024].map((unit) =>
      hqq.quantize(problemOf(rows.map((row) => row.map((weight) => unit * weight))), {}),
    );
    expect(larger!.codes).toEqual(own!.codes);
    expect([...larger!.scale]).toEqual(Array.from(own!.scale, (scale) => 1024 * scale));
  });

  it('gives the same twice, and each group what it has alone', () => {
    const [row] = heavyTailed(1, 96);
    const whole = hqq.quantize(cutProblem([row!], 'uint4', 'per-group(32)'), {});
    expect(hqq.quantize(cutProblem([row!], 'uint4', 'per-group(32)'), {})).toEqual(whole);
    const alone = [0, 32, 64].map((at) =>
      hqq.quantize(cutProblem([row!.slice(at, at + 32)], 'uint4', 'per-tensor'), {}),
    );
    expect([...whole.scale]).toEqual(alone.map(({ scale }) => scale[0]));
    expect([...whole.zeroPoint]).toEqual(alone.map(({ zeroPoint }) => zeroPoint[0]));
  });

  it('keeps scales above what the bias needs, and zeros zero', () => {
    const [row] = heavyTailed(1, 64);
    const pruned = row!.map((weight, k) => (k % 3 === 0 ? 0 : weight));
    const problem = { ...cutProblem([pruned], 'uint4', 'per-channel'), leastScale: () => 0.7 };
    expect(hqq.quantize(problem, {}).scale[0]).toBeGreaterThanOrEqual(0.7);
    const values = decodedBy(hqq, { ...problem, leastScale: () => 0 });
    expect(pruned.every((weight, k) => weight !== 0 || values[k] === 0)).toBe(true);
  });
});
