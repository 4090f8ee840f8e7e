import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGlob, isGlob, unescapeGlob } from '../../../language/selectors/glob.ts';
import { compileRegex } from '../../../language/selectors/regex.ts';
import { RegexFault } from '../../../language/selectors/regex-syntax.ts';

const whole = (pattern: string, name: string) => new RegExp(`^(?:${pattern})$`, 's').test(name);

describe('patterns', () => {
  it.each([
    ['conv', 'conv', true],
    ['conv', 'xconv', false],
    ['conv', 'convx', false],
    ['', '', true],
    ['', 'a', false],
    ['^a$', 'a', true],
    ['a|b|', '', true],
    ['/block/[0-9]+/(dw|pw)/.*', '/block/12/dw/Conv', true],
    ['/block/[0-9]+/(dw|pw)/.*', '/block/x/dw/Conv', false],
    ['a{2,3}', 'aa', true],
    ['a{2,3}', 'aaaa', false],
    ['a{2,}', 'aaaaa', true],
    ['a{0}b', 'b', true],
    ['[^/]+', 'a/b', false],
    ['[]a]', ']', true],
    ['[a-]', '-', true],
    ['\\w+\\.\\d', 'conv_1.5', true],
    ['\\S\\s\\D\\W', 'a b.', true],
    ['(?:ab)+?', 'abab', true],
    ['.', '\n', true],
  ])('%s on %j: %s', (pattern, name, expected) => {
    expect(compileRegex(pattern).test(name)).toBe(expected);
  });

  it('agree with JavaScript’s wherever both know them', () => {
    const atom = fc.constantFrom('a', 'b', '/', '.', '[ab]', '[^a]', '[a-c]', '\\w', '\\/', '\\.', '\\d');
    const pattern = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        atom,
        fc.array(tie('node'), { maxLength: 4 }).map((parts) => parts.join('')),
        fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(${a}|${b})`),
        fc
          .tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{0,2}'))
          .map(([a, times]) => `(${a})${times}`),
      ),
    })).node;
    const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '/', '1', '.'), maxLength: 12 });
    fc.assert(
      fc.property(pattern, fc.array(name, { minLength: 5, maxLength: 5 }), (source, names) => {
        const matcher = compileRegex(source);
        for (const one of names) expect(matcher.test(one)).toBe(whole(source, one));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('never run away', () => {
    const name = `${'a'.repeat(5000)}!`;
    for (const pattern of ['(a+)+', '(a|a)*', '(a*)*b', '(.*)(.*)(.*)(.*)x', '(a|aa)+$', '((a{0,20}){0,20}){0,2}']) {
      expect(compileRegex(pattern).test(name)).toBe(false);
    }
    // Far more sets of states than are remembered.
    expect(compileRegex('(a|b)*a(a|b){15}').test('ab'.repeat(3000))).toBe(true);
  });

  it.each([
    '(a',
    'a)',
    '[a',
    '[b-a]',
    '[\\D]',
    '[a-\\d]',
    '*a',
    'a**',
    'a{3,2}',
    'a{',
    'a{99999}',
    '\\1',
    '(?=a)',
    '(?<n>a)',
    'a\\',
    'a^b',
    'a$b',
    '\\k',
    '\\p{L}',
    '((a{100}){100}){100}',
    `${'('.repeat(200)}a${')'.repeat(200)}`,
    `${'('.repeat(8)}${'){2000}'.repeat(8)}`,
  ])('refuses %s with a reason', (pattern) => {
    expect(() => compileRegex(pattern)).toThrow(RegexFault);
  });

  it('compiles any text or says why not', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'ab()[]{}|*+?^$.\\-,0159dwD'), maxLength: 30 }),
        fc.string(),
        (pattern, name) => {
          try {
            compileRegex(pattern).test(name);
          } catch (error) {
            expect(error).toBeInstanceOf(RegexFault);
          }
        },
      ),
      { seed: 2, numRuns: 2000 },
    );
  });
});

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
