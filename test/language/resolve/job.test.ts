import { posix, win32 } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Job } from '../../../engine/plan.ts';
import { loadSpec, resolveSpec, type SpecContext } from '../../../language/index.ts';
import { mobilenet, small } from '../support/model.ts';
import { readResources, specPath } from '../support/resources.ts';
import { vocabulary } from '../support/vocabulary.ts';

function jobOf(text: string, more: Partial<SpecContext> = {}): Job {
  const { job, findings } = resolveSpec(loadSpec(`qspec 1 model "m.onnx" ${text}`, specPath), {
    vocabulary,
    path: posix,
    model: small,
    ...more,
  });
  if (!job) throw new Error(JSON.stringify(findings));
  return job;
}

describe('a job', () => {
  it('has absolute paths, from the folder of the spec', () => {
    const job = jobOf('data a npz "../data/a.npz" { split "s.json" labels file "l.csv" } export onnx qdq "out/b.onnx"');
    expect(job.model).toBe('/project/m.onnx');
    expect(job.data['a']).toMatchObject({
      path: '/data/a.npz',
      split: { path: '/project/s.json' },
      labels: { kind: 'file', path: '/project/l.csv', offset: 0 },
    });
    expect(job.exports).toMatchObject([{ kind: 'onnx', style: 'qdq', path: '/project/out/b.onnx', options: {} }]);
  });

  it('follows the paths of the machine', () => {
    const spec = loadSpec('qspec 1 model "sub/m.onnx" export onnx qdq "out/a.onnx"', 'C:\\work\\a.qspec');
    const { job } = resolveSpec(spec, { vocabulary, path: win32 });
    expect(job?.model).toBe('C:\\work\\sub\\m.onnx');
    for (const outside of ['D:/a.onnx', '//server/share/a.onnx', '../a.onnx']) {
      const bad = loadSpec(`qspec 1 model "m.onnx" export onnx qdq "${outside}"`, 'C:\\work\\a.qspec');
      const { findings } = resolveSpec(bad, { vocabulary, path: win32 });
      expect(findings.map((finding) => finding.code)).toEqual(['export/outside']);
    }
  });

  it('may write where the command line lets it', () => {
    expect(jobOf('export onnx qdq "../out/b.onnx"', { outputFolders: ['/out'] }).exports[0]?.path).toBe('/out/b.onnx');
  });

  it('knows its text by its hash', () => {
    expect(jobOf('').spec).toMatchObject({ path: specPath });
    expect(jobOf('').spec.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(jobOf('').spec.hash).not.toBe(jobOf(' ').spec.hash);
  });

  it('is not made of a faulty spec, nor without a model for its rules', () => {
    const context = { vocabulary, path: posix };
    expect(
      resolveSpec(loadSpec('qspec 1 model "m.onnx" quantize { weights int17 }', specPath), { ...context, model: small })
        .job,
    ).toBeUndefined();
    expect(
      resolveSpec(loadSpec('qspec 1 model "m.onnx" quantize { weights int8 }', specPath), context).job,
    ).toBeUndefined();
    expect(resolveSpec(loadSpec('qspec 1 model "m.onnx"', specPath), context).job).toBeDefined();
  });

  it('survives as JSON', () => {
    const job = jobOf('data calibration npz "c.npz" quantize { weights int8 activations uint8 }');
    expect(JSON.parse(JSON.stringify(job))).toEqual(job);
  });
});

/** Takes images of any size. */
const anySize: SpecContext['model'] = { ...small, inputs: [{ name: 'input', dtype: 'float32', shape: null }] };

describe('data', () => {
  it('hold every option', () => {
    const job = jobOf(`data a npz "a.npz" {
      input input array jpeg offsets ends labels y offset 1 layout nhwc to nchw channels bgr resize 256 filter bicubic
      crop 224x192 scale 1/255 mean [0.5, 0.25] std 0.5 skip 3 take 10 seed 7 split "s.json" part "the first"
    }`);
    const { range: _range, ...source } = job.data['a']!;
    expect(source).toEqual({
      name: 'a',
      kind: 'npz',
      path: '/project/a.npz',
      input: 'input',
      array: 'jpeg',
      offsets: 'ends',
      labels: { kind: 'array', array: 'y', offset: 1 },
      layout: { from: 'nhwc', to: 'nchw' },
      channels: 'bgr',
      resize: { kind: 'shortest', size: 256 },
      filter: 'bicubic',
      crop: { width: 224, height: 192 },
      scale: 1 / 255,
      mean: [0.5, 0.25],
      std: [0.5],
      skip: 3,
      take: 10,
      seed: 7,
      split: { path: '/project/s.json', part: 'the first' },
    });
  });

  it('read exact sizes as width and height', () => {
    expect(jobOf('data a images "a/" { resize 320x240 }', { model: anySize }).data['a']?.resize).toEqual({
      kind: 'exact',
      width: 320,
      height: 240,
    });
  });

  it('inherit options but no path, an own one first', () => {
    const data = `data c images "c/" like b { take 3 }
      data b images "b/" like a { resize 128 }
      data a images "a/" { resize 256 crop 224 take 9 labels folder }`;
    const job = jobOf(data, { model: anySize });
    expect(job.data['c']).toMatchObject({
      path: '/project/c',
      resize: { size: 128 },
      crop: { width: 224, height: 224 },
      take: 3,
      labels: { kind: 'folder', offset: 0 },
    });
  });
});

describe('targets and expectations', () => {
  it('are in base units', () => {
    const job = jobOf(`target cortex-m7 { flash <= 1 MiB latency < 80 ms energy <= 2 mJ }
      data validation npz "v.npz" { labels y }
      expect top1   drop <= 1 points
      expect top1 >= 85 %
      expect size drop >= 0.5 relative
      expect sqnr >= 20 dB`);
    expect(job.targets).toMatchObject([
      {
        name: 'cortex-m7',
        budgets: [
          { quantity: 'flash', comparison: '<=', limit: 1048576 },
          { quantity: 'latency', comparison: '<', limit: 0.08 },
          { quantity: 'energy', limit: 0.002 },
        ],
      },
    ]);
    expect(job.expectations).toMatchObject([
      { text: 'expect top1 drop <= 1 points', quantity: 'top1', measure: 'drop-points', comparison: '<=', limit: 1 },
      { quantity: 'top1', measure: 'value', comparison: '>=', limit: 0.85 },
      { quantity: 'size', measure: 'drop-relative', limit: 0.5 },
      { quantity: 'sqnr', measure: 'value', limit: 20 },
    ]);
  });
});

describe('the example of the design', () => {
  const resource = readResources('whole').find(({ name }) => name === 'design.qspec')!;
  const { job, findings } = resolveSpec(loadSpec(resource.text, specPath), resource.context);

  it('is read whole', () => {
    expect(loadSpec(resource.text, specPath).findings).toEqual([]);
  });

  it('is told what a person would want to know of it, and no error', () => {
    expect(findings.map(({ severity, what, range }) => ({ severity, what, range }))).toEqual(resource.expected);
  });

  it('resolves as it reads', () => {
    const weight = (name: string) => job?.plan?.nodes[name]?.weight;
    expect(Object.keys(job?.plan?.nodes ?? {})).toEqual(mobilenet.layers.map((layer) => layer.name));
    // `keep float` comes after the lock and yields to it; the activations were not locked.
    expect(weight('/features/0/Conv')?.format).toBe('int8');
    expect(job?.plan?.nodes['/features/0/Conv']?.['output[0]']?.format).toBe('float');
    expect(weight('/features/1/Conv')).toMatchObject({ format: 'int4', method: { name: 'adaround' } });
    expect(weight('/features/2/Conv')?.format).toBe('int4');
    expect(weight('/classifier/Gemm')?.format).toBe('int8');
    expect(job?.plan?.nodes['/features/1/Conv']?.['input[0]']).toMatchObject({
      format: 'uint8',
      observer: { name: 'mse' },
    });
    expect(job?.data['validation']).toMatchObject({ path: '/project/val', labels: { kind: 'folder' }, take: 128 });
    expect(job?.targets[0]?.budgets).toHaveLength(3);
    expect(job?.exports[0]?.options).toEqual({ opset: 21 });
    expect(job?.expectations.map((expectation) => expectation.text)).toEqual([
      'expect top1 drop <= 1 points',
      'expect size <= 1 MiB',
    ]);
  });
});
