import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  extremes,
  type Grid,
  gridBins,
  HistogramPair,
  mostBins,
  plainBins,
} from '../../../engine/run/tensor-histogram.ts';

const gridFrom = (first: number, last: number, step: number): Grid => ({
  format: 'int8',
  step,
  first,
  last,
  scale: [step, step],
  zeroPoint: 0,
  channels: 1,
});

describe('bins over a grid', () => {
  const grids = fc.record({
    first: fc.integer({ min: -65_535, max: 0 }),
    more: fc.integer({ min: 0, max: 65_535 }),
    step: fc.double({ min: 1e-6, max: 1e3, noNaN: true }),
    min: fc.double({ min: -1e4, max: 0, noNaN: true }),
    max: fc.double({ min: 0, max: 1e4, noNaN: true }),
  });

  test('hold equally many levels each, or are an odd share of one, and are never more than 64', () => {
    fc.assert(
      fc.property(grids, ({ first, more, step, min, max }) => {
        const bins = gridBins({ step, first, last: first + more }, min, max);
        expect(bins.count).toBeLessThanOrEqual(mostBins);
        expect(bins.count).toBeGreaterThan(mostBins / 4);
        const levelsEach = bins.width / step;
        if (levelsEach > 0.99) expect(Math.abs(levelsEach - Math.round(levelsEach))).toBeLessThan(1e-6);
        else expect(Math.round(1 / levelsEach) % 2).toBe(1);
        // Every level lies inside.
        expect(bins.low).toBeLessThan(first * step);
        expect(bins.low + bins.width * bins.count).toBeGreaterThan((first + more) * step);
      }),
    );
  });

  test('uniform codes fill them evenly', () => {
    const grid = gridFrom(-128, 127, 0.1);
    const pair = new HistogramPair(gridBins(grid, -12.8, 12.7), grid);
    const values = Array.from({ length: 256 }, (_, i) => (i - 128) * 0.1);
    pair.add(values, values, 0, 256);
    expect(new Set(pair.finish().after)).toEqual(new Set([4]));
  });

  test('four levels stand in the middle of fifteen bins each', () => {
    const grid = gridFrom(-2, 1, 0.5);
    const pair = new HistogramPair(gridBins(grid, -1, 0.5), grid);
    pair.add([-2, -1, 0, 1, 2], [-2, -1, 0, 1, 2], 0, 4, 0.5);
    const { after } = pair.finish();
    expect(after.length).toBe(60);
    expect(after.flatMap((count, bin) => (count > 0 ? [bin] : []))).toEqual([7, 22, 37, 52]);
  });
});

describe('a histogram', () => {
  test('counts every finite value once on either side, those beyond the bins at the ends', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.double(), fc.double())), (values) => {
        const grid = gridFrom(-8, 7, 0.25);
        const pair = new HistogramPair(gridBins(grid, -3, 3), grid);
        for (const [before, after] of values) pair.add([before], [after], 0, 1);
        const { before, after, count } = pair.finish();
        const sum = (counts: readonly number[]) => counts.reduce((total, n) => total + n, 0);
        expect(sum(before)).toBe(values.filter(([x]) => Number.isFinite(x)).length);
        expect(count).toBe(sum(before));
        expect(sum(after)).toBe(values.filter(([, x]) => Number.isFinite(x)).length);
      }),
    );
  });

  test('calls clipped what lies more than half a step beyond the last level, and gives it bins', () => {
    const grid = gridFrom(0, 15, 1);
    const values = [0, 5, 15, 15.4, 15.6, 19.2, -0.4, -3];
    const pair = new HistogramPair(gridBins(grid, ...extremes(values)), grid);
    const held = values.map((value) => Math.min(15, Math.max(0, Math.round(value))));
    pair.add(values, held, 0, values.length);
    const { clipped, low, high, codes } = pair.finish();
    expect(clipped).toBe(3 / 8);
    expect([low, high]).toEqual([-3.5, 19.5]);
    expect(codes?.levels).toEqual([0, 15]);
  });

  test('of one value alone has a range', () => {
    for (const value of [0, 3, -1e-20]) {
      const bins = plainBins(value, value);
      expect(bins.width).toBeGreaterThan(0);
      expect(bins.low).toBeLessThan(value);
    }
    expect(extremes([Number.NaN, Number.POSITIVE_INFINITY])).toEqual([0, 0]);
  });
});
