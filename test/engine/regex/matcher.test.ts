import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRegex } from '../../../engine/regex/matcher.ts';
import { RegexFault, re2 } from '../../../engine/regex/syntax.ts';

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

  it('take characters whole, also those of two UTF-16 units', () => {
    expect(compileRegex('.').test('😀')).toBe(true);
    expect(compileRegex('[😀-😂]+').test('😁😂')).toBe(true);
    expect(compileRegex('[^a]b').test('😀b')).toBe(true);
  });

  it.each([
    ['.', '\n', false],
    ['\\s', '\v', false],
    ['[[:alpha:]_]+[[:digit:]]*', 'x_1', true],
    ['[[:upper:]]', 'a', false],
    ['www\\.[\\w.-]+\\.\\bcom\\b', 'www.a-b.com', true],
    ['a\\bb|\\Bc', 'ab', false],
    ['(\\W|^)x(\\W|$)', 'x', true],
    ['(\\W|^)x(\\W|$)', '(x)', true],
    ['(\\W|^)x(\\W|$)', 'ax', false],
    ['a^b', 'ab', false],
    ['\\Aab\\z', 'ab', true],
    ['(?P<year>\\d{4})-(?<month>\\d\\d)', '2024-05', true],
  ])('in RE2’s dialect %s on %j: %s', (pattern, text, expected) => {
    expect(compileRegex(pattern, re2).test(text)).toBe(expected);
  });

  it('in RE2’s dialect agree with JavaScript’s about the edges of words and texts', () => {
    const atom = fc.constantFrom('a', '-', '.', '\\w', '\\W', '\\b', '\\B', '^', '$', '(a|\\b)', '(-|$)');
    const pattern = fc.array(
      fc.oneof(
        atom,
        fc.tuple(atom, fc.constantFrom('*', '?')).map(([a, n]) => `(?:${a})${n}`),
      ),
      { maxLength: 6 },
    );
    const text = fc.string({ unit: fc.constantFrom('a', '-', 'b'), maxLength: 6 });
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 6, maxLength: 6 }), (parts, texts) => {
        const matcher = compileRegex(parts.join(''), re2);
        for (const one of texts) expect(matcher.test(one)).toBe(whole(parts.join(''), one));
      }),
      { seed: 3, numRuns: 1000 },
    );
  });

  it('in RE2’s dialect refuse flags and look-around, which would change the meaning of the rest', () => {
    for (const pattern of ['(?i)a', '(?=a)', '(?P<n']) expect(() => compileRegex(pattern, re2)).toThrow(RegexFault);
  });
});
