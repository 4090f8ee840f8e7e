import { spawnSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, win32 } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { isInside } from '../../../engine/files/confine.ts';
import { confinedHost } from '../../../engine/files/confined-host.ts';
import { FindingError } from '../../../engine/findings.ts';
import type { Host } from '../../../engine/host.ts';
import { type Call, recordingHost } from './recording-host.ts';

let root = '';
let calls: Call[];
let host: Host;
const at = (...parts: string[]) => join(root, ...parts);
const node = nodeHost();

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'qspec-')));
  mkdirSync(at('inside', 'sub'), { recursive: true });
  mkdirSync(at('outside'));
  writeFileSync(at('inside', 'file'), 'inside');
  writeFileSync(at('outside', 'file'), 'outside');
  symlinkSync(at('outside'), at('inside', 'folder-link'));
  symlinkSync(at('outside', 'file'), at('inside', 'file-link'));
  symlinkSync('/dev/zero', at('inside', 'zero'));
  symlinkSync(at('inside', 'file'), at('inside', 'good-link'));
  symlinkSync(at('outside', 'nothing'), at('inside', 'dangling'));
  symlinkSync('sub/../folder-link/file', at('inside', 'second-hand'));
  symlinkSync('loop', at('inside', 'loop'));
  symlinkSync(at('inside'), at('way-in'));
  const recorded = recordingHost(node);
  calls = recorded.calls;
  host = confinedHost(recorded.host, [at('inside')]);
});
afterEach(() => rmSync(root, { recursive: true }));

const operations: Readonly<Record<string, (host: Host, path: string) => Promise<unknown>>> = {
  stat: (host, path) => host.stat(path),
  readFile: (host, path) => host.readFile(path),
  readRange: (host, path) => host.readRange(path, 0, 10),
  list: (host, path) => host.list(path),
  realPath: (host, path) => host.realPath(path),
  createFolder: (host, path) => host.createFolder(path),
  scratch: async (host, path) => (await host.scratch!(path)).write(Uint8Array.of(1), 0),
  replace: (host, path) => host.replace(path),
  remove: (host, path) => host.remove(path),
};

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    expect(error.finding).toMatchObject({ severity: 'error', file: expect.any(String) });
    return error.finding.code;
  }
}

describe.each(Object.entries(operations))('%s', (_operation, operation) => {
  it.each([
    ['climbing', () => `${at('inside')}/../outside/file`],
    ['climbing twice', () => at('inside', 'sub', '..', '..', 'outside', 'file')],
    ['absolute', () => at('outside', 'file')],
    ['a folder of a like name', () => at('inside-too')],
    ['the root', () => '/'],
    ['a device', () => '/dev/zero'],
    ['relative to the process', () => 'package.json'],
    ['a server', () => '\\\\server\\share\\file'],
    ['a server, with slashes', () => '//server/share/file'],
    ['a server, mixed', () => '/\\server/share'],
    ['a server, the long way', () => '\\\\?\\UNC\\server\\share\\file'],
    ['a Windows device', () => '\\\\.\\PhysicalDrive0'],
    ['doubled slashes', () => `/${at('inside', 'file')}`],
    ['a NUL', () => `${at('inside', 'file')}\0.onnx`],
    ['nothing', () => ''],
  ])('does not even look at a path outside: %s', async (_name, path) => {
    expect(await codeOf(operation(host, path()))).toBe('file/outside');
    expect(calls.filter((call) => call.path !== at('inside'))).toEqual([]);
  });

  it.each([
    ['in a linked folder', ['folder-link', 'file']],
    ['a new one in a linked folder', ['folder-link', 'deep', 'new']],
  ])('refuses what a link leads to, and does not follow it: %s', async (_name, parts) => {
    expect(await codeOf(operation(host, at('inside', ...parts)))).toBe('file/outside');
    // The link was read, and not followed.
    expect(calls).toEqual([
      { name: 'realPath', path: at('inside') },
      { name: 'readLink', path: at('inside', 'folder-link') },
    ]);
    expect(existsSync(at('outside', 'deep'))).toBe(false);
    expect(readFileSync(at('outside', 'file'), 'utf8')).toBe('outside');
  });
});

describe('a confined host', () => {
  it('refuses to read through links that lead out, pipes and devices among them', async () => {
    for (const name of ['file-link', 'zero', 'dangling', 'second-hand']) {
      for (const operation of ['stat', 'readFile', 'readRange', 'realPath'] as const) {
        expect(await codeOf(operations[operation]!(host, at('inside', name)))).toBe('file/outside');
      }
    }
    expect(calls.filter(({ name, path }) => name !== 'readLink' && path !== at('inside'))).toEqual([]);
    if (spawnSync('mkfifo', [at('inside', 'pipe')]).status === 0) {
      expect(await codeOf(host.readFile(at('inside', 'pipe')))).toBe('file/not-a-file');
    }
  });

  it('reads, lists, writes and removes inside', async () => {
    expect(new TextDecoder().decode(await host.readFile(at('inside', 'sub', '..', 'file')))).toBe('inside');
    expect(new TextDecoder().decode(await host.readRange(at('inside', 'good-link'), 2, 3))).toBe('sid');
    expect(await host.list(at('inside'))).toContain('file');
    expect(await host.realPath(at('inside', 'good-link'))).toBe(at('inside', 'file'));
    expect(await host.realPath(at('inside', 'nothing'))).toBeUndefined();
    expect(await host.stat(at('inside', 'nothing'))).toBeUndefined();
    expect(await codeOf(host.stat(at('inside', 'loop')))).toBe('file/link-loop');
    expect(await codeOf(host.readFile(at('inside', 'nothing')))).toBe('file/missing');
    await host.createFolder(at('inside', 'new', 'folders'));
    await host.createFolder(at('inside', 'new', 'folders'));
    await host.createFolder(at('inside'));
    const pending = await host.replace(at('inside', 'new', 'folders', 'file'));
    await pending.write(new TextEncoder().encode('written'));
    await pending.commit();
    expect(readFileSync(at('inside', 'new', 'folders', 'file'), 'utf8')).toBe('written');
    await host.remove(at('inside', 'new', 'folders', 'file'));
    expect(existsSync(at('inside', 'new', 'folders', 'file'))).toBe(false);
  });

  it('replaces and removes a link, not what it leads to', async () => {
    const pending = await host.replace(at('inside', 'file-link'));
    await pending.commit();
    expect(lstatSync(at('inside', 'file-link')).isFile()).toBe(true);
    await host.remove(at('inside', 'folder-link'));
    expect(readFileSync(at('outside', 'file'), 'utf8')).toBe('outside');
    expect(existsSync(at('inside', 'folder-link'))).toBe(false);
  });

  it('walks to a folder once for all the files in it, and is not fooled when it becomes a link', async () => {
    for (const name of ['a', 'b', 'c']) writeFileSync(at('inside', 'sub', name), name);
    for (const name of ['a', 'b', 'c']) await host.readFile(at('inside', 'sub', name));
    expect(calls.filter((call) => call.name === 'readLink').map((call) => call.path)).toEqual([
      at('inside', 'sub'),
      ...['a', 'b', 'c'].map((name) => at('inside', 'sub', name)),
    ]);
    rmSync(at('inside', 'sub'), { recursive: true });
    symlinkSync(at('outside'), at('inside', 'sub'));
    expect(await codeOf(host.readFile(at('inside', 'sub', 'file')))).toBe('file/outside');
    expect(await codeOf(host.replace(at('inside', 'sub', 'new')))).toBe('file/outside');
    expect(await codeOf(host.createFolder(at('inside', 'sub', 'deep')))).toBe('file/outside');
    expect(existsSync(at('outside', 'deep'))).toBe(false);
  });

  it('leaves the folder itself where it is', async () => {
    for (const name of ['replace', 'remove'])
      expect(await codeOf(operations[name]!(host, at('inside')))).toBe('file/outside');
  });

  it('knows a folder by the way it was given and by its real path', async () => {
    const linked = confinedHost(node, [at('way-in')]);
    expect(await linked.realPath(at('way-in', 'file'))).toBe(at('inside', 'file'));
    expect(await linked.realPath(at('inside', 'file'))).toBe(at('inside', 'file'));
    await (await linked.replace(at('way-in', 'new'))).commit();
    expect(existsSync(at('inside', 'new'))).toBe(true);
    expect(await codeOf(linked.stat(at('outside', 'file')))).toBe('file/outside');
  });

  it('makes a folder that is not there yet, and files in it', async () => {
    const later = confinedHost(node, [at('way-in', 'later')]);
    await later.createFolder(at('way-in', 'later'));
    await (await later.replace(at('way-in', 'later', 'file'))).commit();
    expect(existsSync(at('inside', 'later', 'file'))).toBe(true);
    expect(await codeOf(later.readFile(at('inside', 'file')))).toBe('file/outside');
  });

  it('touches nothing when it is made, and nothing at all without folders', async () => {
    const recorded = recordingHost(node);
    confinedHost(recorded.host, [at('inside')]);
    const nowhere = confinedHost(recorded.host, ['']);
    expect(await codeOf(nowhere.stat(at('inside', 'file')))).toBe('file/outside');
    expect(await codeOf(nowhere.stat('package.json'))).toBe('file/outside');
    expect(recorded.calls).toEqual([]);
  });

  it('passes hard links: they are files of the folder', async () => {
    linkSync(at('outside', 'file'), at('inside', 'hard'));
    expect(new TextDecoder().decode(await host.readFile(at('inside', 'hard')))).toBe('outside');
  });

  it('asks the machine about nothing outside, whatever the path', async () => {
    const part = fc.oneof(
      fc.constantFrom('..', '.', '', 'inside', 'sub', 'outside', 'file', 'folder-link', 'zero', '\\', '//', '\0', '?'),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 8 }),
        fc.constantFrom('', '/', '//', 'ROOT/'),
        fc.constantFrom(
          ...Object.keys(operations).filter((name) => !['replace', 'remove', 'createFolder', 'scratch'].includes(name)),
        ),
        async (parts, start, name) => {
          calls.length = 0;
          await operations[name]!(host, start.replace('ROOT', at('inside')) + parts.join('/')).catch((error) => {
            if (!(error instanceof FindingError)) throw error;
          });
          for (const call of calls) expect(isInside(node, at('inside'), call.path)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('on Windows', () => {
  const fake = (folders: readonly string[]) => {
    const recorded = recordingHost({
      ...node,
      path: win32,
      realPath: (path) => Promise.resolve(win32.resolve(path)),
      stat: () => Promise.resolve({ size: 1, isDirectory: false, modified: 0 }),
    });
    return { host: confinedHost(recorded.host, folders), calls: recorded.calls };
  };

  it.each([
    'C:\\Windows\\win.ini',
    'c:\\ws\\..\\secret',
    'D:\\ws\\file',
    '\\\\server\\share\\file',
    '//server/share/file',
    '\\\\?\\C:\\ws\\file',
    '\\\\?\\UNC\\server\\share\\file',
    '\\\\.\\pipe\\x',
    '\\??\\C:\\ws\\file',
    'C:\\ws\\NUL',
    'C:\\ws\\com1.txt',
    'C:\\ws\\aux\\file',
  ])('does not look at %s', async (path) => {
    const { host, calls } = fake(['C:\\ws']);
    expect(await codeOf(host.stat(path))).toBe('file/outside');
    expect(calls.filter((call) => call.path !== 'C:\\ws')).toEqual([]);
  });

  it('takes paths below a folder, whatever their case and slashes', async () => {
    const { host } = fake(['C:\\ws']);
    for (const path of ['C:\\ws\\a', 'c:/WS/sub/a', 'C:\\ws\\console\\a']) expect(await host.stat(path)).toBeDefined();
  });

  it('takes paths below a folder that is itself on a server, and no others of that server', async () => {
    const { host, calls } = fake(['\\\\server\\share\\ws']);
    expect(await host.stat('\\\\server\\share\\ws\\a')).toBeDefined();
    expect(await host.stat('//server/share/ws/a')).toBeDefined();
    calls.length = 0;
    for (const path of ['\\\\server\\share\\other', '\\\\server\\secret\\ws\\a', '\\\\other\\share\\ws\\a'])
      expect(await codeOf(host.stat(path))).toBe('file/outside');
    expect(calls).toEqual([]);
  });

  it.each(['\\\\server\\share', '\\\\?\\UNC\\server\\share', 'D:\\', '..\\..\\secret'])(
    'does not follow a link to %s',
    async (target) => {
      const recorded = recordingHost({
        ...node,
        path: win32,
        realPath: async (path) => path,
        readLink: async (path) => (path === 'C:\\ws\\link' ? target : undefined),
      });
      expect(await codeOf(confinedHost(recorded.host, ['C:\\ws']).stat('C:\\ws\\link\\a'))).toBe('file/outside');
      expect(recorded.calls.map(({ path }) => path)).toEqual(['C:\\ws', 'C:\\ws\\link']);
    },
  );

  it('judges links afterwards where they cannot be read', async () => {
    const { readLink: _, ...blind } = node;
    const confined = confinedHost(blind, [at('inside')]);
    expect(await codeOf(confined.stat(at('inside', 'folder-link', 'file')))).toBe('file/outside');
    expect(await confined.stat(at('inside', 'good-link'))).toMatchObject({ size: 6 });
  });

  it('takes a mapped drive, whose real path is on a server', async () => {
    const mapped = confinedHost(
      {
        ...node,
        path: win32,
        realPath: async (path) => win32.resolve(path).replace(/^Z:\\/, '\\\\server\\share\\'),
        stat: async () => ({ size: 1, isDirectory: false, modified: 0 }),
      },
      ['Z:\\ws'],
    );
    expect(await mapped.realPath('Z:\\ws\\a')).toBe('\\\\server\\share\\ws\\a');
    expect(await mapped.stat('\\\\server\\share\\ws\\a')).toBeDefined();
    expect(await codeOf(mapped.stat('\\\\server\\share\\a'))).toBe('file/outside');
  });
});
