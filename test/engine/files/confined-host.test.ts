import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, win32 } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { confinedHost } from '../../../engine/files/confined-host.ts';
import { FindingError } from '../../../engine/findings.ts';
import type { Host } from '../../../engine/host.ts';
import { recordingHost } from './recording-host.ts';

let root = '';
const at = (...parts: string[]) => join(root, ...parts);
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'qspec-')));
  mkdirSync(at('inside', 'sub'), { recursive: true });
  mkdirSync(at('outside'));
  writeFileSync(at('inside', 'file'), 'in');
  writeFileSync(at('outside', 'file'), 'out');
  symlinkSync(at('outside'), at('inside', 'folder-link'));
  symlinkSync('../../outside/file', at('inside', 'sub', 'file-link'));
  symlinkSync('../file', at('inside', 'sub', 'good-link'));
  symlinkSync('sub/../folder-link/file', at('inside', 'second-hand'));
  symlinkSync('loop', at('inside', 'loop'));
  symlinkSync(at('inside'), at('way-in'));
});
afterEach(() => rmSync(root, { recursive: true }));

const operations: Readonly<Record<string, (host: Host, path: string) => Promise<unknown>>> = {
  stat: (host, path) => host.stat(path),
  readFile: (host, path) => host.readFile(path),
  readRange: (host, path) => host.readRange(path, 0, 1),
  list: (host, path) => host.list(path),
  realPath: (host, path) => host.realPath(path),
  readLink: (host, path) => host.readLink!(path),
  createFolder: (host, path) => host.createFolder(path),
  replace: (host, path) => host.replace(path),
  remove: (host, path) => host.remove(path),
};

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof FindingError ? error.finding.code : String(error);
}

describe.each(Object.entries(operations))('%s', (_name, operation) => {
  it.each([
    ['above', () => at('inside', '..', 'outside', 'file')],
    ['a neighbour of a like name', () => at('inside-too', 'file')],
    ['the folder above', () => root],
    ['absolute', () => '/etc/passwd'],
    ['a device', () => '/dev/zero'],
    ['relative to the working folder', () => 'package.json'],
    ['a server', () => '\\\\server\\share\\model.onnx'],
    ['a server, with slashes', () => '//server/share/model.onnx'],
    ['a long server', () => '\\\\?\\UNC\\server\\share\\model.onnx'],
    ['a Windows device', () => '\\\\.\\PhysicalDrive0'],
    ['a long path', () => '\\\\?\\C:\\model.onnx'],
    ['a NUL', () => `${at('inside', 'file')}\0.onnx`],
    ['through a link to a folder', () => at('inside', 'folder-link', 'file')],
    ['through a link to a folder, not there', () => at('inside', 'folder-link', 'deep', 'er')],
  ])('refuses what is outside, untouched: %s', async (_case, path) => {
    const { host, touched } = recordingHost(nodeHost());
    expect(await codeOf(operation(confinedHost(host, [at('inside')]), path()))).toBe('file/outside');
    expect(touched.filter((one) => one !== at('inside') && !one.startsWith(at('inside', '/')))).toEqual([]);
    expect(touched.filter((one) => one.includes('folder-link/'))).toEqual([]);
  });

  it('is refused everything where nothing is allowed, and asks nothing', async () => {
    const { host, touched } = recordingHost(nodeHost());
    expect(await codeOf(operation(confinedHost(host, []), at('inside', 'file')))).toBe('file/outside');
    expect(touched).toEqual([]);
  });
});

describe('a confined host', () => {
  it.each(['stat', 'readFile', 'readRange', 'realPath', 'createFolder'])(
    'does not %s through a link that leads outside',
    async (name) => {
      const { host, touched } = recordingHost(nodeHost());
      const confined = confinedHost(host, [at('inside')]);
      for (const path of [at('inside', 'sub', 'file-link'), at('inside', 'second-hand')]) {
        expect(await codeOf(operations[name]!(confined, path))).toBe('file/outside');
      }
      expect(new Set(touched.map((one) => one.slice(0, at('inside').length)))).toEqual(new Set([at('inside')]));
    },
  );

  it('follows links that stay inside, and a way in by either name', async () => {
    for (const folder of ['inside', 'way-in']) {
      const confined = confinedHost(nodeHost(), [at(folder)]);
      for (const path of [
        at('inside', 'file'),
        at(folder, 'file'),
        at(folder, 'sub', 'good-link'),
        at(folder, 'sub', '..', 'file'),
      ]) {
        expect(new TextDecoder().decode(await confined.readFile(path))).toBe('in');
      }
      expect(await confined.list(at(folder))).toContain('file');
      expect(await confined.stat(at(folder, 'missing', 'deep'))).toBeUndefined();
      expect(await confined.realPath(at(folder, 'missing'))).toBeUndefined();
      expect(await codeOf(confined.stat(at(folder, 'loop')))).toBe('file/link-loop');
    }
  });

  it('writes inside; a link at the place itself is replaced or removed, not followed', async () => {
    const confined = confinedHost(nodeHost(), [at('inside')]);
    await confined.createFolder(at('inside', 'new', 'folder'));
    for (const place of [at('inside', 'new', 'folder', 'file'), at('inside', 'sub', 'file-link')]) {
      const file = await confined.replace(place);
      await file.write(new TextEncoder().encode('new'));
      await file.commit();
      expect(readFileSync(place, 'utf8')).toBe('new');
    }
    await confined.remove(at('inside', 'folder-link'));
    expect(readFileSync(at('outside', 'file'), 'utf8')).toBe('out');
    expect(await codeOf(confined.remove(at('inside')))).toBe('file/outside');
  });

  it('allows a folder that comes into being later', async () => {
    const confined = confinedHost(nodeHost(), [at('later')]);
    expect(await confined.stat(at('later', 'file'))).toBeUndefined();
    await confined.createFolder(at('later'));
    writeFileSync(at('later', 'file'), '');
    expect(await confined.stat(at('later', 'file'))).toMatchObject({ size: 0 });
  });

  it.skipIf(process.platform === 'win32')('does not wait for a pipe', async () => {
    execFileSync('mkfifo', [at('inside', 'pipe')]);
    expect(await codeOf(confinedHost(nodeHost(), [at('inside')]).readFile(at('inside', 'pipe')))).toBe(
      'file/not-a-file',
    );
  });

  it('has threads and assets as before', async () => {
    const confined = confinedHost(nodeHost(), []);
    expect(confined.startThread).toBeDefined();
    expect((await confined.asset('ort-wasm-simd-threaded.wasm')).length).toBeGreaterThan(1000);
  });
});

describe('on Windows', () => {
  const windows = () => {
    const recording = recordingHost({
      ...nodeHost(),
      path: win32,
      stat: async () => ({ size: 1, isDirectory: false, modified: 0 }),
      realPath: async (path) => path,
      readLink: async (path) => (path === 'C:\\ws\\share' ? '\\\\server\\share' : undefined),
    });
    return { ...recording, confined: confinedHost(recording.host, ['C:\\ws', '\\\\home\\me\\project']) };
  };

  it.each(['C:\\ws\\a.onnx', 'c:/WS/sub/a.onnx', '\\\\home\\me\\project\\a.onnx'])('allows %s', async (path) => {
    expect(await windows().confined.stat(path)).toMatchObject({ size: 1 });
  });

  it.each([
    'D:\\ws\\a.onnx',
    'C:\\wsx\\a.onnx',
    '\\\\server\\share\\a.onnx',
    '//server/share/a.onnx',
    '\\\\home\\other\\a.onnx',
    '\\\\?\\UNC\\home\\me\\project\\a.onnx',
    '\\\\?\\C:\\ws\\a.onnx',
    '\\\\.\\C:\\ws\\a.onnx',
    '//./pipe/x',
    '\\??\\C:\\ws\\a.onnx',
    'C:\\ws\\NUL',
    'C:\\ws\\con.onnx',
    'C:\\ws\\a.onnx:stream',
    'C:\\ws\\share\\a.onnx',
  ])('refuses %s, and asks no server', async (path) => {
    const { confined, touched } = windows();
    expect(await codeOf(confined.stat(path))).toBe('file/outside');
    expect(touched.filter((one) => !/^c:\\ws(\\share)?$|^\\\\home\\me\\project$/i.test(one))).toEqual([]);
  });
});
