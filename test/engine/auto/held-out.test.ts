import { describe, expect, it } from 'vitest';
import { type Fold, holdOut } from '../../../engine/auto/held-out.ts';
import type { Dataset } from '../../../engine/data/dataset.ts';

/** Samples that know their index, sorted by class. */
function numbered(length: number, classes: number): Dataset {
  return {
    ...{ name: 'own', length, hash: 'own', findings: [] },
    labels: Int32Array.from({ length }, (_, i) => Math.floor((i * classes) / length)),
    nameOf: (index) => `x[${index}]`,
    sample: async (index) => new Map([['x', { dtype: 'float32', dims: [1], data: Float32Array.of(index) }]]),
  };
}

const namesOf = (dataset: Dataset) => Array.from({ length: dataset.length }, (_, i) => dataset.nameOf(i));

describe('samples held out of what choices are fitted to', () => {
  it('are a quarter of a hundred, in none of the others, of every class alike', async () => {
    const [{ fitted, judged }, ...more] = holdOut(numbered(100, 4)) as [Fold, ...Fold[]];
    expect(more).toEqual([]);
    expect([fitted.length, judged.length]).toEqual([75, 25]);
    expect(new Set([...namesOf(fitted), ...namesOf(judged)]).size).toBe(100);
    const counts = [0, 1, 2, 3].map((label) => judged.labels!.filter((own) => own === label).length);
    expect(counts.toSorted()).toEqual([6, 6, 6, 7]);
    const sample = await judged.sample(3);
    expect(judged.nameOf(3)).toBe(`x[${sample.get('x')!.data[0]}]`);
  });

  it('are more quarters of fewer samples, no sample in two of them', () => {
    const folds = holdOut(numbered(40, 2));
    expect(folds.map(({ fitted, judged }) => [fitted.length, judged.length])).toEqual([
      [30, 10],
      [30, 10],
      [30, 10],
    ]);
    expect(new Set(folds.flatMap(({ judged }) => namesOf(judged))).size).toBe(30);
  });

  it('are some, however many samples there are, and leave some to be fitted to', () => {
    for (let length = 1; length <= 110; length++) {
      const folds = holdOut(numbered(length, 1));
      expect(folds.length).toBeGreaterThan(0);
      for (const { fitted, judged } of folds) {
        expect(judged.length).toBeGreaterThan(0);
        expect(fitted.length).toBeGreaterThan(0);
      }
    }
  });

  it('are known by another hash each, so that no statistics are taken for theirs', () => {
    const hashes = holdOut(numbered(60, 4)).flatMap(({ fitted, judged }) => [fitted.hash, judged.hash]);
    expect(new Set(['own', ...hashes]).size).toBe(5);
  });

  it('are the same as all others where there are few', () => {
    const few = numbered(5, 1);
    expect(holdOut(few)).toEqual([{ fitted: few, judged: few }]);
  });
});
