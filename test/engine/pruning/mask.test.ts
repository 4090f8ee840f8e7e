import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { channelScores, leastScores, patternMask } from '../../../engine/pruning/mask.ts';
import { criteria, criterionNamed } from '../../../engine/pruning/registry.ts';

const scores = (values: readonly number[]) => Float32Array.from(values);
const anyScores = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 60 }).map(scores);

describe('masks', () => {
  it('take as many weights as asked, none of which matters more than one that stays; of equals the first', () => {
    expect([...leastScores(scores([3, 1, 2, 1, 1]), 2)]).toEqual([0, 1, 0, 1, 0]);
    fc.assert(
      fc.property(anyScores, fc.nat(70), (values, count) => {
        const mask = leastScores(values, count);
        expect(mask.reduce((sum, gone) => sum + gone, 0)).toBe(Math.min(count, values.length));
        const gone = values.filter((_, i) => mask[i]);
        const kept = values.filter((_, i) => !mask[i]);
        if (gone.length > 0 && kept.length > 0) expect(Math.max(...gone)).toBeLessThanOrEqual(Math.min(...kept));
      }),
    );
  });

  it('of a pattern keep N of every M along the inputs, and all that is beyond the last whole group', () => {
    // Two outputs with five inputs of one weight each.
    const rows = scores([...[5, 1, 4, 2, 0], ...[1, 2, 3, 4, 0]]);
    expect([...patternMask(rows, [2, 5], 1, { kept: 2, of: 4 })]).toEqual([...[0, 1, 0, 1, 0], ...[1, 1, 0, 0, 0]]);
    // The same weights with the inputs along the first axis.
    const columns = scores([5, 1, 1, 2, 4, 3, 2, 4, 0, 0]);
    expect([...patternMask(columns, [5, 2], 0, { kept: 2, of: 4 })]).toEqual([0, 1, 1, 1, 0, 0, 1, 0, 0, 0]);
  });

  it('of a pattern count each place of a kernel by itself', () => {
    const dims = fc.tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 4 }),
    );
    fc.assert(
      fc.property(dims, fc.integer({ min: 2, max: 4 }), fc.nat(), ([outputs, inputs, kernel], of, seed) => {
        const kept = 1 + (seed % (of - 1));
        const values = Float32Array.from({ length: outputs * inputs * kernel }, (_, i) => (i * 7919 + seed) % 11);
        const mask = patternMask(values, [outputs, inputs, kernel], 1, { kept, of });
        for (let o = 0; o < outputs; o++) {
          for (let k = 0; k < kernel; k++) {
            for (let from = 0; from < inputs; from += of) {
              const group = Array.from(
                { length: Math.min(of, inputs - from) },
                (_, i) => mask[(o * inputs + from + i) * kernel + k]!,
              );
              const gone = group.reduce((sum, own) => sum + own, 0);
              expect(gone).toBe(group.length === of ? of - kept : 0);
            }
          }
        }
      }),
    );
  });

  it('of channels sum what their weights matter', () => {
    const values = scores([1, 1, 9, 0, 2, 3]);
    expect([...channelScores(values, [3, 2], 0)]).toEqual([2, 9, 5]);
    expect([...channelScores(values, [2, 3], 1)]).toEqual([1, 3, 12]);
  });
});

describe('criteria', () => {
  it.each(criteria.map((criterion) => [criterion.name, criterion] as const))(
    '%s scores every weight, the same each time',
    (_name, criterion) => {
      const values = scores([1, -2, 0.5, 0]);
      const first = criterion.scores(values, 'layer', {});
      expect(first.length).toBe(values.length);
      expect(criterion.scores(values, 'layer', {})).toEqual(first);
    },
  );

  it('magnitude is that of the weight; random depends on seed and layer and on nothing else', () => {
    const values = scores([1, -2, 0.5, 0]);
    expect([...criterionNamed('magnitude').scores(values, 'a', {})]).toEqual([1, 2, 0.5, 0]);
    const draw = (layer: string, seed: number) => [...criterionNamed('random').scores(values, layer, { seed })];
    expect(draw('a', 1)).not.toEqual(draw('a', 2));
    expect(draw('a', 1)).not.toEqual(draw('b', 1));
    expect(() => criterionNamed('magnitud')).toThrow('There is no criterion');
  });
});
