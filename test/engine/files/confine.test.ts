import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix, win32 } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { isInside, realPathInside, staysInside } from '../../../engine/files/confine.ts';

const host = nodeHost();

describe('isInside', () => {
  it.each([
    ['/a', '/a', true],
    ['/a', '/a/b/c', true],
    ['/a', '/ab', false],
    ['/a', '/', false],
    ['/a/b', '/a/..b', false],
    ['/a', '/a/..b', true],
  ])('POSIX: in %s is %s: %s', (folder, path, expected) => {
    expect(isInside({ ...host, path: posix }, folder, path)).toBe(expected);
  });

  it.each([
    ['C:\\a', 'C:\\a\\b', true],
    ['C:\\a', 'c:\\A\\b', true],
    ['C:\\a', 'D:\\a\\b', false],
    ['C:\\a', '\\\\server\\share\\a', false],
    ['C:\\a\\b', 'C:\\a', false],
  ])('Windows: in %s is %s: %s', (folder, path, expected) => {
    expect(isInside({ ...host, path: win32 }, folder, path)).toBe(expected);
  });
});

describe('after links are resolved', () => {
  let root = '';
  const at = (...parts: string[]) => join(root, ...parts);
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'qspec-'));
    mkdirSync(at('inside'));
    mkdirSync(at('outside'));
    writeFileSync(at('inside', 'file'), '');
    writeFileSync(at('outside', 'file'), '');
    symlinkSync(at('outside'), at('inside', 'folder-link'));
    symlinkSync(at('outside', 'file'), at('inside', 'file-link'));
    symlinkSync(at('inside'), at('way-in'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('a file to read', async () => {
    const real = (await host.realPath(at('inside')))!;
    const look = (...parts: string[]) => realPathInside(host, [real], at(...parts));
    expect(await look('inside', 'file')).toBe(join(real, 'file'));
    expect(await look('way-in', 'file')).toBe(join(real, 'file'));
    expect(await look('inside', 'missing')).toBeUndefined();
    expect(await look('inside', 'file-link')).toBe('outside');
    expect(await look('inside', 'folder-link', 'file')).toBe('outside');
    expect(await look('inside', '..', 'outside', 'file')).toBe('outside');
  });

  it('a file to write, whose folders may not exist yet', async () => {
    const stays = (...parts: string[]) => staysInside(host, at('inside'), at(...parts));
    expect(await stays('inside', 'new')).toBe(true);
    expect(await stays('inside', 'new', 'folders', 'file')).toBe(true);
    expect(await stays('way-in', 'new')).toBe(true);
    expect(await stays('outside', 'new')).toBe(false);
    expect(await stays('inside', 'folder-link', 'new')).toBe(false);
    expect(await stays('inside', 'folder-link', 'deep', 'new')).toBe(false);
    expect(await stays('inside', '..', 'new')).toBe(false);
    expect(await staysInside(host, at('not-yet'), at('not-yet', 'file'))).toBe(true);
    expect(await staysInside(host, at('not-yet'), at('file'))).toBe(false);
  });
});
