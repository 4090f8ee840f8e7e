import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { replaceFiles } from '../../../engine/files/replace.ts';
import { FindingError } from '../../../engine/findings.ts';
import { sha256 } from '../../../engine/hash.ts';

const host = nodeHost();
let folder = '';
const at = (...parts: string[]) => join(folder, ...parts);
const text = (value: string) => new TextEncoder().encode(value);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const findingOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof FindingError ? error.finding : Promise.reject(error)),
  );

describe('a scratch file', () => {
  it('gives back what was written where it was written, and has no name', async () => {
    const scratch = await host.scratch!(at('new', 'folder'));
    expect(readdirSync(folder)).toEqual([]);
    scratch.write(text('0123456789'), 0);
    scratch.write(text('abc'), 20);
    scratch.write(text('XY'), 4);
    expect(readdirSync(at('new', 'folder'))).toEqual([]);
    const read = (offset: number, length: number) => new TextDecoder().decode(scratch.read(offset, length));
    expect([read(0, 10), read(20, 3), read(8, 1)]).toEqual(['0123XY6789', 'abc', '8']);
    scratch.close();
    scratch.close();
    expect(readdirSync(at('new', 'folder'))).toEqual([]);
  });

  it('that cannot be made is a finding', async () => {
    writeFileSync(at('a'), '');
    const scratch = await host.scratch!(at('a', 'below'));
    expect((await findingOf((async () => scratch.write(text('x'), 0))()))?.code).toMatch(/^file\//);
    scratch.close();
  });
});

describe('files', () => {
  it('stat tells size and kind, and nothing of what is not there', async () => {
    writeFileSync(at('a'), 'four');
    expect(await host.stat(at('a'))).toMatchObject({ size: 4, isDirectory: false });
    expect(await host.stat(folder)).toMatchObject({ isDirectory: true });
    expect(await host.stat(at('b'))).toBeUndefined();
    expect(await host.stat(at('a', 'below'))).toBeUndefined();
    expect(await host.realPath(at('b'))).toBeUndefined();
  });

  it('ranges end where the file ends', async () => {
    writeFileSync(at('a'), '0123456789');
    const range = async (offset: number, length: number) =>
      new TextDecoder().decode(await host.readRange(at('a'), offset, length));
    expect(await range(2, 3)).toBe('234');
    expect(await range(8, 1e15)).toBe('89');
    expect(await range(10, 5)).toBe('');
    expect(await range(1e15, 5)).toBe('');
  });

  it('hashes as the engine does where a host cannot', () => {
    const parts = ['π', new Uint8Array([1, 2, 3]), new Uint8Array(200).subarray(3)];
    expect(nodeHost().sha256!(...parts)).toBe(sha256(...parts));
  });

  it('names are sorted by code unit', async () => {
    for (const name of ['b', 'a', 'B', 'ä', '10', '9']) writeFileSync(at(name), '');
    expect(await host.list(folder)).toEqual(['10', '9', 'B', 'a', 'b', 'ä']);
  });

  it('what the machine refuses is a finding that names the file', async () => {
    mkdirSync(at('folder'));
    writeFileSync(at('a'), '');
    const codes = await Promise.all([
      findingOf(host.readFile(at('missing'))),
      findingOf(host.readFile(at('a', 'below'))),
      findingOf(host.readFile(at('folder'))),
      findingOf(host.readRange(at('folder'), 0, 1)),
      findingOf(host.list(at('missing'))),
      findingOf(host.createFolder(at('a', 'below'))),
      findingOf(host.replace(at('missing', 'file'))),
    ]);
    expect(codes.map((finding) => finding?.code)).toEqual([
      'file/missing',
      'file/missing',
      'file/is-folder',
      'file/is-folder',
      'file/missing',
      'file/missing',
      'file/missing',
    ]);
    expect(codes[0]!.file).toBe(at('missing'));
  });

  it.skipIf(process.platform === 'win32')('a pipe is refused instead of waited for', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    expect((await findingOf(host.readFile(at('pipe'))))?.code).toBe('file/not-a-file');
    expect((await findingOf(host.readRange(at('pipe'), 0, 1)))?.code).toBe('file/not-a-file');
  });
});

describe('replace', () => {
  it('shows nothing before commit, everything after', async () => {
    writeFileSync(at('a'), 'old');
    const file = await host.replace(at('a'));
    await file.write(text('ne'));
    await file.write(text('w'));
    expect(readFileSync(at('a'), 'utf8')).toBe('old');
    await file.commit();
    expect(readFileSync(at('a'), 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('discard leaves no trace', async () => {
    const file = await host.replace(at('a'));
    await file.write(text('x'));
    await file.discard();
    await file.discard();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('keeps the permissions of the old file', async () => {
    writeFileSync(at('a'), 'old');
    chmodSync(at('a'), 0o640);
    const file = await host.replace(at('a'));
    await file.commit();
    expect(statSync(at('a')).mode & 0o777).toBe(0o640);
  });

  it('replaces a link itself, not what it points to', async () => {
    writeFileSync(at('target'), 'untouched');
    symlinkSync(at('target'), at('link'));
    const file = await host.replace(at('link'));
    await file.write(text('new'));
    await file.commit();
    expect(readFileSync(at('target'), 'utf8')).toBe('untouched');
    expect(readFileSync(at('link'), 'utf8')).toBe('new');
  });

  it('removes what dead processes left, not what living ones write', async () => {
    const program = `
      import { nodeHost } from ${JSON.stringify(new URL('../../../engine/env/node/host.ts', import.meta.url).href)};
      const file = await nodeHost().replace(${JSON.stringify(at('a'))});
      await file.write(new Uint8Array(10));
      process.kill(process.pid, 'SIGKILL');`;
    spawnSync(process.execPath, ['--input-type=module', '-e', program]);
    const [dead] = readdirSync(folder);
    expect(dead).toMatch(/^\.a\..*\.part$/);
    const living = await host.replace(at('a'));
    const second = await host.replace(at('a'));
    expect(readdirSync(folder).length).toBe(2);
    expect(readdirSync(folder)).not.toContain(dead);
    await second.commit();
    await living.commit();
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('several files: a failure leaves the old ones and no temporaries', async () => {
    writeFileSync(at('data'), 'old data');
    writeFileSync(at('model'), 'old model');
    const broken = {
      *[Symbol.iterator]() {
        yield text('new ');
        throw new Error('no more');
      },
    };
    const files = [
      { path: at('data'), content: text('new data') },
      { path: at('model'), content: broken },
    ];
    await expect(replaceFiles(host, files)).rejects.toThrow('no more');
    expect(readdirSync(folder)).toEqual(['data', 'model']);
    expect(readFileSync(at('data'), 'utf8') + readFileSync(at('model'), 'utf8')).toBe('old dataold model');
  });

  it('a place that cannot be taken is a finding, and nothing is left behind', async () => {
    mkdirSync(at('a'));
    writeFileSync(at('a', 'full'), '');
    const file = await host.replace(at('a'));
    expect((await findingOf(file.commit()))?.code).toMatch(/^file\//);
    expect(readdirSync(folder)).toEqual(['a']);
  });
});

describe('assets', () => {
  it('the runtime that models are verified in is found', async () => {
    expect((await host.asset('ort-wasm-simd-threaded.wasm')).length).toBeGreaterThan(1e6);
  });

  it('a missing one, or one elsewhere, is a finding', async () => {
    expect((await findingOf(host.asset('nothing.wasm')))?.code).toBe('host/no-asset');
    expect((await findingOf(host.asset('../package.json')))?.code).toBe('host/no-asset');
  });
});
