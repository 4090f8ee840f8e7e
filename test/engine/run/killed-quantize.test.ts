import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root } from '../../shared.ts';

const spec = join(root, 'examples', 'digits', 'digits.qspec');
const old = readFileSync(join(root, 'examples', 'digits', 'digits.onnx'));
let folder = '';
const file = (name: string) => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** `qspec quantize` of the digits example in a child process that dies at `moment` of its writing. */
function quantizeAndDie(moment: number) {
  const program = join(import.meta.dirname, 'killed-quantize.ts');
  const child = spawnSync(process.execPath, [program, spec, folder, String(moment)], { encoding: 'utf8' });
  if (child.signal !== 'SIGKILL' && child.status !== 0) expect.fail(child.stderr);
  return { killed: child.signal === 'SIGKILL', moments: Number(child.stdout) };
}

describe('a killed `qspec quantize`', () => {
  it('leaves the old model or the new one, and the old report or a whole one', () => {
    const { moments } = quantizeAndDie(Number.POSITIVE_INFINITY);
    const fresh = readFileSync(file('digits.int8.onnx'));
    const outcomes = new Set<string>();
    // Every third moment, the last one among them: each costs a run.
    for (let moment = moments - 1; moment >= 0; moment -= 3) {
      writeFileSync(file('digits.int8.onnx'), old);
      writeFileSync(file('digits.int8.report.html'), 'old report');
      expect(quantizeAndDie(moment).killed, `moment ${moment}`).toBe(true);

      const model = readFileSync(file('digits.int8.onnx'));
      const report = readFileSync(file('digits.int8.report.html'), 'utf8');
      const state = [
        model.equals(old) ? 'old' : model.equals(fresh) ? 'new' : 'broken',
        report === 'old report' ? 'old' : /<\/html>\s*$/.test(report) ? 'new' : 'broken',
      ];
      outcomes.add(state.join(' model, ').concat(' report'));
    }
    // The report names the model, so it comes after it.
    expect([...outcomes].sort()).toEqual(['new model, new report', 'new model, old report', 'old model, old report']);

    expect(quantizeAndDie(Number.POSITIVE_INFINITY).killed).toBe(false);
    expect(readdirSync(folder)).toEqual(['digits.int8.onnx', 'digits.int8.report.html']);
  });
});
