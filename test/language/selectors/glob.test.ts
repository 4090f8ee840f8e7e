import { describe, expect, it } from 'vitest';
import { compileGlob, isGlob, unescapeGlob } from '../../../language/selectors/glob.ts';

describe('globs', () => {
  it.each([
    ['*', '', true],
    ['*', '/a/b', true],
    ['/a/*', '/a/b/c', true],
    ['*Conv', '/x/Conv', true],
    ['*Conv', '/x/Conv_1', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*a*b*', 'xxaxxbxx', true],
    ['*a*b*', 'xxbxxaxx', false],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['a[b]', 'a[b]', true],
  ])('%s on %j: %s', (pattern, name, expected) => {
    expect(compileGlob(pattern).test(name)).toBe(expected);
  });

  it('know themselves from exact names', () => {
    expect(['a', 'a\\*', 'a\\\\', '/x/Conv'].map(isGlob)).toEqual([false, false, false, false]);
    expect(['a*', '?', 'a\\\\*'].map(isGlob)).toEqual([true, true, true]);
    expect(unescapeGlob('a\\*\\?')).toBe('a*?');
  });

  it('never run away', () => {
    expect(compileGlob('a*'.repeat(50)).test(`${'a'.repeat(20_000)}b`)).toBe(true);
    expect(compileGlob(`${'*a'.repeat(50)}x`).test('a'.repeat(20_000))).toBe(false);
  });
});
