import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeLargeModel } from './large-model.ts';

// The whole of it, quantised and exported, takes a minute of processor time: `node bench/scale/large.ts`.
describe('a model with 3 GiB of external weights', () => {
  let folder = '';
  let model = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'qspec-large-'));
    model = writeLargeModel(folder, 48);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function qspec(...line: string[]): { exitCode: number; answer: Record<string, unknown>; peakMebibytes: number } {
    const program = join(import.meta.dirname, 'measured.ts');
    const { stdout, stderr } = spawnSync(process.execPath, [program, ...line, '--json'], { encoding: 'utf8' });
    expect(stderr).toBe('');
    const { out, ...measured } = JSON.parse(stdout);
    return { ...measured, answer: JSON.parse(out) };
  }

  it('is inspected without its weights', () => {
    const { answer, peakMebibytes } = qspec('inspect', model);
    expect(answer['bytes']).toBeGreaterThan(3 * 2 ** 30);
    expect(answer).toMatchObject({ totals: { layers: 48, parameters: 48 * 4096 ** 2, constantBytes: 3 * 2 ** 30 } });
    expect(peakMebibytes).toBeLessThan(300);
  });

  it('has its specs checked without its weights', () => {
    const spec = join(folder, 'check.qspec');
    writeFileSync(spec, 'qspec 1\nmodel "large.onnx"\nquantize { weights int8 layer "layer48" keep float }\n');
    const { answer, peakMebibytes } = qspec('check', spec);
    expect(answer['findings']).toMatchObject([{ code: 'selector/layer' }]);
    expect(peakMebibytes).toBeLessThan(300);
  });

  it('has the sensitivity of its weights measured one at a time', () => {
    const spec = join(folder, 'some.qspec');
    // 768 MiB of weights, of which 128 are kept.
    const rules = 'weights float layers "layer1*" { weights int8 symmetric per-channel } layer "layer1" keep float';
    writeFileSync(spec, `qspec 1\nmodel "large.onnx"\nquantize { ${rules} }\n`);
    const { answer, peakMebibytes } = qspec('sensitivity', spec);
    const layers = answer['layers'] as readonly { readonly layer: string; readonly sqnr: number | null }[];
    expect(layers.map(({ layer }) => layer)).toEqual(Array.from({ length: 10 }, (_, i) => `layer1${i}`));
    for (const { sqnr } of layers) expect(sqnr).toBeGreaterThan(100);
    expect(peakMebibytes).toBeLessThan(1000);
  });
});
