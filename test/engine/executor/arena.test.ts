import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aligned, alignment, type Interval, lowerBound, placeIntervals } from '../../../engine/executor/arena.ts';

const intervalArbitrary: fc.Arbitrary<Interval> = fc
  .record({
    bytes: fc.integer({ min: 0, max: 4000 }),
    first: fc.integer({ min: 0, max: 30 }),
    length: fc.integer({ min: 0, max: 10 }),
  })
  .map(({ bytes, first, length }) => ({ bytes, first, last: first + length }));

describe('activation arena', () => {
  it('never lets two living buffers overlap', () => {
    fc.assert(
      fc.property(fc.array(intervalArbitrary, { maxLength: 40 }), (intervals) => {
        const { offsets, bytes } = placeIntervals(intervals);
        intervals.forEach((a, i) => {
          expect(offsets[i]! % alignment).toBe(0);
          expect(offsets[i]! + a.bytes).toBeLessThanOrEqual(bytes);
          intervals.forEach((b, j) => {
            if (i >= j || a.last < b.first || b.last < a.first || a.bytes === 0 || b.bytes === 0) return;
            const apart = offsets[i]! + a.bytes <= offsets[j]! || offsets[j]! + b.bytes <= offsets[i]!;
            expect(apart).toBe(true);
          });
        });
      }),
    );
  });

  it('of a chain needs no more than its two largest neighbours', () => {
    const sizes = [100_000, 400_000, 200_000, 50_000, 300_000, 10];
    const intervals = sizes.map((bytes, step) => ({ bytes, first: step, last: step + 1 }));
    expect(placeIntervals(intervals).bytes).toBe(aligned(400_000) + aligned(200_000));
    expect(lowerBound(intervals)).toBe(aligned(400_000) + aligned(200_000));
  });

  it('stays near the lower bound on random lifetimes', () => {
    fc.assert(
      fc.property(fc.array(intervalArbitrary, { minLength: 1, maxLength: 40 }), (intervals) => {
        expect(placeIntervals(intervals).bytes).toBeLessThanOrEqual(2 * lowerBound(intervals));
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});
