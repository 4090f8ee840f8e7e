import { describe, expect, it } from 'vitest';
import { bootstrapRatio, measure, quantile } from '../../../engine/executor/benchmark.ts';

describe('alternating measurement', () => {
  /** A clock that only the contenders move. */
  function clocked(...costs: number[]) {
    let time = 0;
    const order: string[] = [];
    const contenders = costs.map((cost, index) => ({
      name: `c${index}`,
      run: () => {
        time += cost;
        order.push(`c${index}`);
      },
    }));
    return { contenders, order, now: () => time };
  }

  it('reports each contender’s time and how many times slower the others are', async () => {
    const { contenders, now } = clocked(2, 5);
    const { timings, ratios } = await measure(contenders, { now, rounds: 5 });
    expect(timings.map(({ medianMs, p5Ms, p95Ms }) => [medianMs, p5Ms, p95Ms])).toEqual([
      [2, 2, 2],
      [5, 5, 5],
    ]);
    expect(timings[0]!.inferencesPerSecond).toBe(500);
    expect(ratios).toEqual([{ ratio: 2.5, low: 2.5, high: 2.5 }]);
  });

  it('alternates, and flips the order every round', async () => {
    const { contenders, order, now } = clocked(1, 1);
    await measure(contenders, { now, rounds: 2, roundMilliseconds: 0, minimumRuns: 1, warmupMilliseconds: 0 });
    // warm-up, then per round and contender one uncounted and one counted run
    expect(order.join(' ')).toBe('c0 c1 c0 c0 c1 c1 c1 c1 c0 c0');
  });

  it('gives the same interval for the same seed, and one that widens with the noise', () => {
    const quiet = bootstrapRatio([1, 1, 1, 1, 1], [2, 2.01, 1.99, 2, 2], 1);
    const noisy = bootstrapRatio([1, 1, 1, 1, 1], [2, 4, 1, 3, 2], 1);
    expect(bootstrapRatio([1, 1, 1, 1, 1], [2, 4, 1, 3, 2], 1)).toEqual(noisy);
    expect(noisy.high - noisy.low).toBeGreaterThan(quiet.high - quiet.low);
  });

  it('interpolates quantiles', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([7], 0.95)).toBe(7);
  });
});
