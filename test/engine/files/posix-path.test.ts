import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { posixPath } from '../../../engine/files/posix-path.ts';

const path = fc
  .array(fc.constantFrom('a', 'bc', '.', '..', '', '/', '//'), { maxLength: 7 })
  .map((parts) => parts.join('/'));
const absolute = path.map((text) => `/${text}`);

describe('paths with slashes are those of Node', () => {
  it.each(['dirname', 'basename', 'isAbsolute'] as const)('%s', (name) => {
    fc.assert(
      fc.property(path.map(posix.normalize), (text) => {
        expect(posixPath[name](text)).toBe(posix[name](text));
      }),
      { seed: 1, numRuns: 1000 },
    );
  });

  it('join', () => {
    fc.assert(
      fc.property(fc.array(path, { maxLength: 4 }), (parts) => {
        expect(posixPath.join(...parts)).toBe(posix.join(...parts));
      }),
      { seed: 2, numRuns: 1000 },
    );
  });

  it('resolve and relative, from an absolute path', () => {
    fc.assert(
      fc.property(absolute, path, absolute, (from, text, to) => {
        expect(posixPath.resolve(from, text)).toBe(posix.resolve(from, text));
        expect(posixPath.relative(from, to)).toBe(posix.relative(from, to));
      }),
      { seed: 3, numRuns: 1000 },
    );
  });
});
