import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../shared.ts';

const example = join(root, 'examples', 'digits');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-killed-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The example with weights in ranges that another observer chose, so that every file of its output differs. */
function specWith(observer: string): string {
  const path = join(folder, `${observer}.qspec`);
  const text = readFileSync(join(example, 'digits.qspec'), 'utf8')
    .replaceAll(/"(digits\.onnx|digits\.npz|splits\.json)"/g, (_, name) => `"${join(example, name)}"`)
    .replaceAll('weights int8 symmetric per-channel', `weights int8 symmetric per-channel observe ${observer}`);
  writeFileSync(path, text);
  return path;
}

function quantizeAndDie(spec: string, out: string, moment: number) {
  const program = join(import.meta.dirname, 'killed-quantize.ts');
  const child = spawnSync(process.execPath, [program, spec, out, String(moment)], { encoding: 'utf8' });
  if (child.signal !== 'SIGKILL' && child.status !== 0) expect.fail(child.stderr);
  const told = child.stdout === '' ? undefined : (JSON.parse(child.stdout) as { moments: number; inPlace: number[] });
  return { killed: child.signal === 'SIGKILL', told };
}

/** Name and bytes of what a reader would open: the models and the data that they name. */
function outputOf(out: string): Map<string, string> {
  const model = readFileSync(join(out, 'digits.int8.onnx'), 'latin1');
  const named = /digits\.int8\.onnx\.[0-9a-f]{16}\.data/.exec(model)?.[0];
  if (named === undefined) throw new Error('the model names no data');
  return new Map([
    ['digits.int8.onnx', model],
    [named, readFileSync(join(out, named), 'latin1')],
  ]);
}

describe('quantize killed while it writes', () => {
  test('leaves the old model with the old data or the new with the new, also between data file and model file', () => {
    const [before, after] = [specWith('min-max'), specWith('mse')];
    const [old, fresh] = [join(folder, 'old'), join(folder, 'fresh')];
    expect(quantizeAndDie(before, old, Number.POSITIVE_INFINITY).killed).toBe(false);
    const { told } = quantizeAndDie(after, fresh, Number.POSITIVE_INFINITY);
    const [oldOutput, newOutput] = [outputOf(old), outputOf(fresh)];
    expect([...oldOutput.keys()]).not.toEqual([...newOutput.keys()]);

    // Data, model, report; the last moment before each is in its place and the first after. (That every single moment of
    // a write is safe is tested where models are written: killed-export.test.ts.)
    const [data, model] = told!.inPlace as [number, number];
    expect(told!.inPlace).toHaveLength(3);
    const moments = [0, data - 2, data - 1, model - 2, model - 1, told!.moments - 1];
    const outcomes = moments.map((moment) => {
      const out = join(folder, 'out');
      rmSync(out, { recursive: true, force: true });
      cpSync(old, out, { recursive: true });
      expect(quantizeAndDie(after, out, moment).killed, `moment ${moment}`).toBe(true);
      const found = outputOf(out);
      const dataFiles = readdirSync(out).filter((name) => name.endsWith('.data')).length;
      return `${same(found, oldOutput) ? 'old' : same(found, newOutput) ? 'new' : 'broken'}, ${dataFiles} data`;
    });
    expect(outcomes).toEqual([
      'old, 1 data',
      'old, 1 data',
      'old, 2 data',
      'old, 2 data',
      'new, 2 data',
      'new, 1 data',
    ]);
  }, 120_000);
});

function same(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([name, text]) => b.get(name) === text);
}

test('Ctrl-C stops the command with exit code 130 and leaves what was there', async () => {
  const out = join(folder, 'interrupted');
  mkdirSync(out);
  writeFileSync(join(out, 'digits.int8.onnx'), 'the old model');
  const child = spawn(
    process.execPath,
    [join(root, 'cli', 'main.ts'), 'quantize', join(example, 'digits.qspec'), '--out', out],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  while (!said.includes('Calibrating') && child.exitCode === null) await wait(5);
  child.kill('SIGINT');
  expect(await ended, said).toBe(130);
  expect(said).toContain('Stopped.');
  expect(readdirSync(out)).toEqual(['digits.int8.onnx']);
  expect(readFileSync(join(out, 'digits.int8.onnx'), 'utf8')).toBe('the old model');
  expect(existsSync(join(out, 'digits.int8.report.html'))).toBe(false);
});
