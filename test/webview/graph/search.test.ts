import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findNodes, hitsText, nextHit, searchIndex } from '../../../webview/graph/search.ts';
import { laidOut, message } from './shared.ts';

const { model } = laidOut(message(['Conv block1/Conv_a: x -> a', 'Relu block1/act: a -> b', 'Conv block2/b: b -> y']));
const index = searchIndex(model.nodes);
const find = (query: string) => findNodes(index, query).map((node) => model.nodes[node]!.name);

describe('search', () => {
  test('looks at names and operators in any case', () => {
    expect(find('CONV')).toEqual(['block1/Conv_a', 'block2/b']);
    expect(find('block1')).toEqual(['block1/Conv_a', 'block1/act']);
  });

  test('all words must match', () => {
    expect(find('relu block1')).toEqual(['block1/act']);
    expect(find('relu block2')).toEqual([]);
  });

  test('finds inputs and outputs by what they are', () => {
    expect(find('output')).toEqual(['y']);
  });

  test('finds nothing for nothing', () => {
    expect(find('')).toEqual([]);
    expect(find('  \t')).toEqual([]);
  });

  test('text of a query is text, not a pattern', () => {
    expect(find('.*')).toEqual([]);
    expect(find('[')).toEqual([]);
  });
});

describe('stepping through hits', () => {
  test('goes around at both ends', () => {
    expect(nextHit([2, 5, 9], 9, 1)).toBe(2);
    expect(nextHit([2, 5, 9], 2, -1)).toBe(9);
    expect(nextHit([], 3, 1)).toBeNull();
  });

  test('goes on from a node that is no hit', () => {
    expect(nextHit([2, 5, 9], 4, 1)).toBe(5);
    expect(nextHit([2, 5, 9], 4, -1)).toBe(2);
    expect(nextHit([2, 5, 9], null, 1)).toBe(2);
    expect(nextHit([2, 5, 9], null, -1)).toBe(9);
  });

  test('reaches every hit once in a round, and back again', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(500), { minLength: 1 }), (numbers) => {
        const hits = numbers.toSorted((a, b) => a - b);
        let at: number | null = null;
        const seen = hits.map(() => {
          at = nextHit(hits, at, 1);
          return at;
        });
        expect(seen).toEqual(hits);
        expect(nextHit(hits, nextHit(hits, hits[0]!, 1), -1)).toBe(hits[0]);
      }),
    );
  });

  test('says where it is', () => {
    expect(hitsText([4, 7, 9], 7, 'conv')).toBe('2 of 3');
    expect(hitsText([4, 7, 9], 5, 'conv')).toBe('3 hits');
    expect(hitsText([4], null, 'conv')).toBe('1 hit');
    expect(hitsText([], 5, 'conv')).toBe('no hits');
    expect(hitsText([], 5, ' ')).toBe('');
  });
});
