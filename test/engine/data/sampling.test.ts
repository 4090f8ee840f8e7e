import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../engine/data/random.ts';
import { drawSample, selectSamples } from '../../../engine/data/sampling.ts';
import { counting } from './support/sources.ts';

describe('random numbers', () => {
  it('are the same on every machine, for ever', () => {
    const random = new Random(1);
    expect(Array.from({ length: 4 }, () => random.next())).toEqual([2582401460, 616915199, 3411198223, 3235292851]);
  });

  it('differ by seed and by stream', () => {
    const first = (seed: number, stream?: number) => new Random(seed, stream).next();
    expect(new Set([first(0), first(1), first(2), first(0, 1), first(0, 2), first(1, 1)]).size).toBe(6);
  });

  it('fall evenly into their range', () => {
    const random = new Random(7);
    const hits = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const value = random.below(10);
      hits[value] = hits[value]! + 1;
    }
    for (const count of hits) expect(count).toBeGreaterThan(880);
  });
});

describe('drawing a sample', () => {
  const sortedByClass = (perClass: readonly number[]) =>
    perClass.flatMap((count, label) => Array<number>(count).fill(label));
  const countsOf = (labels: readonly number[], drawn: readonly number[], classes: number) =>
    counting(classes).map((label) => drawn.filter((index) => labels[index] === label).length);

  it('takes from every class in proportion, from data sorted by class', () => {
    const labels = sortedByClass([500, 300, 200]);
    const drawn = drawSample(counting(1000), 100, 1, (i) => labels[i]!);
    expect(countsOf(labels, drawn, 3)).toEqual([50, 30, 20]);
  });

  it('gives what is left over to the largest remainders', () => {
    // Quotas 4.2, 3.5, 2.3: one seat is left, and 0.5 is the largest remainder.
    const labels = sortedByClass([42, 35, 23]);
    const drawn = drawSample(counting(100), 10, 1, (i) => labels[i]!);
    expect(countsOf(labels, drawn, 3)).toEqual([4, 4, 2]);
  });

  it('draws among classes of one sample each, not the first ones', () => {
    const drawn = drawSample(counting(500), 100, 1, (i) => i);
    expect(drawn).toHaveLength(100);
    expect(drawn.some((index) => index < 100)).toBe(true);
    expect(drawn.some((index) => index >= 400)).toBe(true);
  });

  it('is the same for the same seed and another for another', () => {
    const draw = (seed: number) => drawSample(counting(200), 20, seed, (i) => i % 7);
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
  });

  it('does not depend on the order of the candidates', () => {
    const candidates = counting(50);
    expect(drawSample(candidates.toReversed(), 9, 2, (i) => i % 4)).toEqual(drawSample(candidates, 9, 2, (i) => i % 4));
  });

  it('always gives as many as asked for, each once, ascending, each class within one of its share', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 120 }),
        fc.nat({ max: 130 }),
        fc.nat({ max: 1000 }),
        (labels, count, seed) => {
          const drawn = drawSample(counting(labels.length), count, seed, (i) => labels[i]!);
          expect(drawn).toHaveLength(Math.min(count, labels.length));
          expect(drawn).toEqual([...new Set(drawn)].sort((a, b) => a - b));
          for (const label of new Set(labels)) {
            const size = labels.filter((other) => other === label).length;
            const share = (Math.min(count, labels.length) * size) / labels.length;
            const got = drawn.filter((index) => labels[index] === label).length;
            expect(Math.abs(got - share)).toBeLessThan(1);
          }
        },
      ),
    );
  });

  it('take and skip of the same number and seed are disjoint and complete', () => {
    const labels = sortedByClass([30, 60, 10]);
    const classOf = (i: number) => labels[i]!;
    const taken = selectSamples(counting(100), { take: 20, seed: 5 }, classOf);
    const rest = selectSamples(counting(100), { skip: 20, seed: 5 }, classOf);
    expect([...taken, ...rest].sort((a, b) => a - b)).toEqual(counting(100));
    expect(countsOf(labels, selectSamples(counting(100), { skip: 20, take: 40, seed: 5 }, classOf), 3)).toEqual(
      [15, 30, 5].map((n) => n * (40 / 50)),
    );
  });
});
