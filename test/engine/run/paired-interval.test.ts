import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pairedInterval, pairedScore } from '../../../engine/run/paired-interval.ts';

describe('the paired interval of a difference of accuracies', () => {
  test('gives the interval published for the airway example of Fagerland, Lydersen and Laake (2014)', () => {
    // 21 children, positive before only: 1, after only: 7.
    const { low, high } = pairedInterval(1, 7, 21);
    expect(low).toBeCloseTo(-0.517, 3);
    expect(high).toBeCloseTo(-0.026, 3);
  });

  test('has the score at its bounds, found by searching the likelihood instead of solving it', () => {
    const [lost, won, samples] = [9, 4, 400];
    const { low, high } = pairedInterval(lost, won, samples);
    expect(scoreBySearch(lost, won, samples, low)).toBeCloseTo(1.96, 2);
    expect(scoreBySearch(lost, won, samples, high)).toBeCloseTo(-1.96, 2);
    expect(pairedScore(lost, won, samples, 0.02)).toBeCloseTo(scoreBySearch(lost, won, samples, 0.02), 4);
  });

  test('comes close to the textbook interval when many samples differ', () => {
    const [lost, won, samples] = [300, 240, 10_000];
    const { low, high } = pairedInterval(lost, won, samples);
    const difference = (lost - won) / samples;
    const error = Math.sqrt((lost + won) / samples - difference ** 2) / Math.sqrt(samples);
    expect(low).toBeCloseTo(difference - 1.96 * error, 4);
    expect(high).toBeCloseTo(difference + 1.96 * error, 4);
  });

  test('is wider than nothing where no prediction changed', () => {
    const { low, high } = pairedInterval(0, 0, 400);
    expect(high).toBeGreaterThan(0.005);
    expect(high).toBeLessThan(0.012);
    expect(low).toBeCloseTo(-high, 6);
  });

  test('holds the difference, stays in [-1, 1] and mirrors when lost and won change places', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.integer({ min: 0, max: 900 }), (lost, won, same) => {
        const samples = Math.max(1, lost + won + same);
        const { low, high } = pairedInterval(lost, won, samples);
        const mirrored = pairedInterval(won, lost, samples);
        expect(low).toBeGreaterThanOrEqual(-1);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual((lost - won) / samples + 1e-9);
        expect(high).toBeGreaterThanOrEqual((lost - won) / samples - 1e-9);
        expect(mirrored.low).toBeCloseTo(-high, 9);
        expect(mirrored.high).toBeCloseTo(-low, 9);
      }),
    );
  });
});

/** The score with the nuisance probability found by a golden-section search of the multinomial likelihood. */
function scoreBySearch(lost: number, won: number, samples: number, delta: number): number {
  const likelihood = (q: number) => {
    const p = q + delta;
    const rest = 1 - p - q;
    const term = (count: number, probability: number) => (count === 0 ? 0 : count * Math.log(probability));
    if (p < 0 || q < 0 || rest < 0) return Number.NEGATIVE_INFINITY;
    return term(lost, p) + term(won, q) + term(samples - lost - won, rest);
  };
  let low = Math.max(0, -delta);
  let high = (1 - delta) / 2;
  const golden = (Math.sqrt(5) - 1) / 2;
  for (let i = 0; i < 200; i++) {
    const a = high - golden * (high - low);
    const b = low + golden * (high - low);
    if (likelihood(a) > likelihood(b)) high = b;
    else low = a;
  }
  const q = (low + high) / 2;
  return (lost - won - samples * delta) / Math.sqrt(samples * (2 * q + delta - delta * delta));
}
