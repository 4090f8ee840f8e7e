import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from '../../../engine/nearest.ts';

/** The definition, without any bound. */
function plainDistance(a: string, b: string): number {
  const d = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(d[i - 1]![j]! + 1, d[i]![j - 1]! + 1, d[i - 1]![j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, d[i - 2]![j - 2]! + 1);
      d[i]![j] = best;
    }
  }
  return d[a.length]![b.length]!;
}

describe('edit distance', () => {
  it('is the plain one up to its limit', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 9 });
    fc.assert(
      fc.property(text, text, fc.nat(9), (a, b, limit) => {
        expect(editDistance(a, b, limit)).toBe(Math.min(plainDistance(a, b), limit + 1));
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});

describe('the nearest name', () => {
  it.each([
    ['resiz', ['crop', 'resize'], 'resize'],
    ['Resize', ['crop', 'resize'], 'resize'],
    ['calibratoin', ['validation', 'calibration'], 'calibration'],
    ['x', ['y', 'z'], undefined],
    ['fundamental', ['crop', 'resize'], undefined],
    ['', ['crop'], undefined],
    ['same', ['same'], undefined],
  ])('to %j among %j is %j', (word, candidates, expected) => {
    expect(nearest(word, candidates)).toBe(expected);
  });

  it('is found among ten thousand long names', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `/model/layers.${i}/self_attention/query/MatMul`);
    expect(nearest('/model/layers.777/self_attentoin/query/MatMul', names)).toBe(names[777]);
  });
});
