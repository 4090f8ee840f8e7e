import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findFiles, segmentMatcher } from '../../../engine/data/glob.ts';
import { findingOf } from './support/findings.ts';
import { memoryHost } from './support/memory-host.ts';

describe('one part of a glob', () => {
  const matching: [string, string][] = [
    ['*.jpg', 'cat.jpg'],
    ['*', ''],
    ['a*b*c', 'aXbYbc'],
    ['?.png', 'é.png'],
    ['[a-c]x', 'bx'],
    ['[!a-c]x', 'dx'],
    ['[]]x', ']x'],
    ['*.{jpg,png}', 'a.png'],
    ['{a,b}{1,2}', 'b1'],
    ['[', '['],
    ['a[', 'a['],
  ];
  it.each(matching)('%s matches %s', (pattern, name) => {
    expect(segmentMatcher(pattern)(name)).toBe(true);
  });

  const others: [string, string][] = [
    ['*.jpg', 'cat.jpeg'],
    ['?', ''],
    ['?', 'ab'],
    ['[a-c]', 'd'],
    ['[!a]', 'a'],
    ['*.{jpg,png}', 'a.gif'],
    ['A*', 'a'],
  ];
  it.each(others)('%s does not match %s', (pattern, name) => {
    expect(segmentMatcher(pattern)(name)).toBe(false);
  });

  it('agrees with a regular expression for stars and marks', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, name, (glob, text) => {
        const expression = new RegExp(`^${glob.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(segmentMatcher(glob)(text)).toBe(expression.test(text));
      }),
    );
  });

  it('is quick where a backtracking matcher would hang', () => {
    expect(segmentMatcher(`${'a*'.repeat(40)}b`)('a'.repeat(5000))).toBe(false);
    expect(segmentMatcher('{a,b}'.repeat(30))('x')).toBe(false);
  });
});

describe('finding files', () => {
  const host = memoryHost({
    '/d/a.jpg': '1',
    '/d/B.jpg': '2',
    '/d/sub/c.jpg': '3',
    '/d/sub/deep/d.jpg': '4',
    '/d/sub/e.txt': '5',
    '/d/.git/f.jpg': '6',
    '/d/set[1]/g.jpg': '7',
  });
  const find = async (path: string) =>
    (await findFiles(host, path, (name) => name.endsWith('.jpg'), undefined)).map((file) => file.name);

  it('takes a folder with all in it, sorted by code unit', async () => {
    expect(await find('/d')).toEqual(['B.jpg', 'a.jpg', 'set[1]/g.jpg', 'sub/c.jpg', 'sub/deep/d.jpg']);
  });

  it.each([
    ['/d/*.jpg', ['B.jpg', 'a.jpg']],
    ['/d/*/*.jpg', ['set[1]/g.jpg', 'sub/c.jpg']],
    ['/d/**/*.jpg', ['B.jpg', 'a.jpg', 'set[1]/g.jpg', 'sub/c.jpg', 'sub/deep/d.jpg']],
    ['/d/**/**/d.jpg', ['sub/deep/d.jpg']],
    ['/d/s*/**/d*', ['sub/deep/d.jpg']],
    ['/d/.git/*.jpg', ['f.jpg']],
    ['/d/nothing*', []],
    ['/d/a.jpg', ['a.jpg']],
  ])('%s gives %j', async (path, names) => {
    expect(await find(path)).toEqual(names);
  });

  it('takes a folder by its name even if that looks like a glob', async () => {
    expect(await find('/d/set[1]')).toEqual(['g.jpg']);
  });

  it('says what is missing', async () => {
    expect((await findingOf(() => find('/gone/*.jpg'))).code).toBe('data/missing-file');
  });

  it('comes to an end where links lead in a circle', async () => {
    const circular = memoryHost({ '/d/a.jpg': '1', '/d/sub/b.jpg': '2' }, { links: { '/d/sub/up': '/d' } });
    const files = await findFiles(circular, '/d', () => true, undefined);
    expect(files.map((file) => file.name)).toEqual(['a.jpg', 'sub/b.jpg']);
  });
});
