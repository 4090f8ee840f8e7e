import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exactDecibels } from '../../../engine/run/metrics.ts';
import { folder, removeFolder, compressDigits as run } from './digits.ts';

/** From a spec's words to a measured report: the bundled example in formats of every kind. */

afterAll(removeFolder);

describe('six and eight bits lose at most two points', () => {
  it.each([
    'weights e2m3 observe mse  activations uint8',
    'weights e3m2 observe mse  activations uint8',
    'weights e4m3fn  activations e4m3fn',
    'weights hfp8-143 observe mse',
    'weights sfp(e3m4)',
    'weights mxfp8-e4m3',
    'weights mxint8  activations uint8',
    'weights esb(6, 4)  activations uint8',
    'weights float(e3m4)  activations uint8',
    'weights fp16',
    'weights bf16',
    'weights kmeans(5)',
    'weights int8 per-group(16) power-of-two-scale  activations uint8',
  ])('%s', async (words) => {
    const { drop, runtime } = await run(words);
    expect(runtime).toContain('onnxruntime');
    expect(drop).toBeLessThanOrEqual(2);
  });
});

describe('the report', () => {
  it('says what is carried by float, and what runs in float', async () => {
    const { report } = await run('weights kmeans(4)  activations uint8');
    const said = report.findings.map(({ code }) => code);
    expect(said).toContain('export/carried-by-float');
    expect(report.layers.find(({ name }) => name === 'conv1')).toMatchObject({
      weight: 'kmeans(4)',
      output: 'uint8',
      weightHistogram: { format: 'kmeans(4)' },
      outputHistogram: { codes: { format: 'uint8' } },
    });
  });

  it('counts codes, scales and bases of every layer: packed bits and what goes with them', async () => {
    const bytesOf = async (weights: string) => {
      const { report } = await run(`weights ${weights}`);
      const { parameters, bytesAfter } = report.layers.find(({ name }) => name === 'conv1')!;
      return [parameters, bytesAfter] as const;
    };
    // 16 filters of 3×3 with a bias of 4 bytes each.
    const bias = 16 * 4;
    expect(await bytesOf('int4 per-channel')).toEqual([160, 72 + 16 * 4 + bias]);
    expect(await bytesOf('int4 per-group(3) power-of-two-scale')).toEqual([160, 72 + 48 + bias]);
    expect(await bytesOf('mxfp4')).toEqual([160, 72 + 16 + bias]);
    expect(await bytesOf('bcq(2) per-channel')).toEqual([160, 36 + 16 * 2 * 4 + bias]);
    expect(await bytesOf('fp16')).toEqual([160, 288 + bias]);
  });

  it('is of the export that is asked for: narrow integers in their own type and float, or in int8 and integers', async () => {
    const words = 'weights int4 layers op Gemm { weights int8 }  activations uint8';
    const own = await run(words);
    const contained = await run(words, 'export onnx qdq "m.onnx" { container int8 }', join(folder, 'contained'));
    const optimised = ({ report }: typeof own) => report.verification!.levels.find(({ level }) => level === 'all')!;
    expect(optimised(own).floatCompute.length).toBeGreaterThan(0);
    expect(optimised(contained).floatCompute).toEqual([]);
    expect(optimised(contained).operators.map(({ op }) => op)).toContain('QLinearConv');
    expect(contained.integers).toBe(exactDecibels);
    const { size, files } = contained.report;
    expect(size.after).toBeGreaterThan(own.report.size.after);
    expect(files[0]).toMatchObject({
      bytes: size.after,
      kind: expect.stringMatching(/^ONNX, QDQ in int8, opset 1\d$/),
    });
  });

  it('measures in the simulation what no export holds', async () => {
    const { runtime, drop, report } = await run('weights e2m3 observe mse  activations e2m3 observe mse', '');
    expect(runtime).toContain('simulation');
    expect(drop).toBeLessThanOrEqual(2);
    expect(report.verification?.integerExecution).toBeUndefined();
  });

  it('is refused where an export is asked for that cannot hold it', async () => {
    await expect(run('weights int8  activations pot(4)')).rejects.toThrow(/cannot hold activations in `pot\(4\)`/);
  });
});

describe('integers', () => {
  it('carry grids whose levels are integers: the engine and ONNX Runtime compute the same codes', async () => {
    for (const weights of ['e2m1 observe mse', 'pot(4) observe mse', 'apot(4) observe mse', 'esb(5, 3)'])
      expect((await run(`weights ${weights}  activations uint8`)).integers, weights).toBeGreaterThan(100);
  });
});
