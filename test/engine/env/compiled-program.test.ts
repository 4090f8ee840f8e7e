import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { runCompiledProgram } from '../../../engine/env/node/compiled-program.ts';

const root = mkdtempSync(join(tmpdir(), 'qspec-compiled-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const said: string[] = [];
(globalThis as unknown as { saidByProgram: string[] }).saidByProgram = said;
beforeEach(() => said.splice(0));

/** A program that says a word, and where it lies. */
function program(name: string, word: string, done = 'Promise.resolve()'): string {
  const path = join(root, name);
  const body = `saidByProgram.push(${JSON.stringify(word)}, programUrl, typeof require('node:fs').readFileSync, typeof importModule)`;
  writeFileSync(path, `(function(require,exports,programUrl,importModule){${body};exports.done=${done};})`);
  return path;
}

const folderOf = (name: string) => join(root, 'cache', name);
const keptIn = (folder: string) => readdirSync(folder).map((name) => join(folder, name));

describe('a program that is run with what was compiled of it', () => {
  it('is run, and what was compiled is kept and used without being written again', async () => {
    const folder = folderOf('kept');
    const path = program('a.cjs', 'hello');
    await runCompiledProgram(path, folder, 'test');
    const [kept, ...others] = keptIn(folder);
    expect(others).toEqual([]);
    utimesSync(kept!, 1, 1);
    await runCompiledProgram(path, folder, 'test');
    const once = ['hello', pathToFileURL(path).href, 'function', 'function'];
    expect(said).toEqual([...once, ...once]);
    expect(statSync(kept!).mtimeMs).toBe(1000);
  });

  it('is compiled anew where what was kept is spoilt, and that is replaced', async () => {
    const folder = folderOf('spoilt');
    const path = program('b.cjs', 'sound');
    await runCompiledProgram(path, folder, 'test');
    const [kept] = keptIn(folder);
    const sound = readFileSync(kept!);
    for (const spoil of [sound.map((byte, i) => (i === sound.length >> 1 ? byte ^ 1 : byte)), sound.subarray(0, 40)]) {
      writeFileSync(kept!, spoil);
      said.splice(0);
      await runCompiledProgram(path, folder, 'test');
      expect(said[0]).toBe('sound');
      expect(readFileSync(kept!).length).toBeGreaterThan(40);
      expect(readFileSync(kept!)).not.toEqual(Buffer.from(spoil));
    }
  });

  it('is never run with what was compiled of another text of the same length', async () => {
    const folder = folderOf('others');
    await runCompiledProgram(program('c.cjs', 'one'), folder, 'test');
    await runCompiledProgram(program('c.cjs', 'two'), folder, 'test');
    expect(said.filter((_, i) => i % 4 === 0)).toEqual(['one', 'two']);
    expect(keptIn(folder)).toHaveLength(2);
  });

  it('is compiled for each use by itself', async () => {
    const folder = folderOf('uses');
    const path = program('u.cjs', 'use');
    for (const use of ['check', 'quantize', 'check']) await runCompiledProgram(path, folder, use);
    expect(keptIn(folder)).toHaveLength(2);
  });

  it('leaves no more than eight files behind', async () => {
    const folder = folderOf('many');
    for (const word of '123456789A') await runCompiledProgram(program('d.cjs', word), folder, 'test');
    expect(keptIn(folder)).toHaveLength(8);
  });

  it('is run where nothing can be kept, and nothing is kept of one that fails', async () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    await runCompiledProgram(program('e.cjs', 'all the same'), join(file, 'below'), 'test');
    expect(said[0]).toBe('all the same');
    const folder = folderOf('failed');
    mkdirSync(folder, { recursive: true });
    const failing = program('f.cjs', 'no', "Promise.reject(new Error('fault'))");
    await expect(runCompiledProgram(failing, folder, 'test')).rejects.toThrow('fault');
    expect(keptIn(folder)).toEqual([]);
  });
});
