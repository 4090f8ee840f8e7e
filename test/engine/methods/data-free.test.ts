import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { omse } from '../../../engine/methods/omse.ts';
import { roundToNearest } from '../../../engine/methods/round-to-nearest.ts';
import { decoded, problemOf } from './problems.ts';

/** Quantiles of the standard normal distribution: a sample without chance (Acklam's rational approximation). */
function normalQuantiles(count: number): number[] {
  return Array.from({ length: count }, (_, i) => quantile((i + 0.5) / count));
}

function quantile(p: number): number {
  if (p > 0.5) return -quantile(1 - p);
  const polynomial = (x: number, ...c: readonly number[]) => c.reduce((sum, a) => sum * x + a, 0);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return (
      polynomial(
        q,
        -0.007784894002430293,
        -0.3223964580411365,
        -2.400758277161838,
        -2.549732539343734,
        4.374664141464968,
        2.938163982698783,
      ) / polynomial(q, 0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1)
    );
  }
  const q = p - 0.5;
  const r = q * q;
  return (
    (q *
      polynomial(
        r,
        -39.69683028665376,
        220.9460984245205,
        -275.9285104469687,
        138.357751867269,
        -30.66479806614716,
        2.506628277459239,
      )) /
    polynomial(r, -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1)
  );
}

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
    const problem = problemOf([normalQuantiles(10_000)], format);
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

  it('leaves an error that has nothing of the codes in it: ⟨w − αq, q⟩ = 0', () => {
    const problem = problemOf([normalQuantiles(2000)]);
    const own = omse.quantize(problem, {});
    const codes = own.codes as Int8Array;
    const cross = problem.values.reduce((sum, w, k) => sum + (w - own.scale[0]! * codes[k]!) * codes[k]!, 0);
    expect(Math.abs(cross) / squared(codes)).toBeLessThan(1e-6);
  });
});
