import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readNpy, writeNpy } from '../../engine/data/numpy.ts';
import { anyTypeToProto } from '../../engine/graph/value-types.ts';
import { encode, encodeModel } from '../../engine/onnx/codec.ts';
import { onnx } from '../../engine/onnx/proto.ts';
import { tensorToProto } from '../../engine/onnx/tensor-proto.ts';
import { modelProto, node } from '../engine/graph/protos.ts';
import { root } from '../shared.ts';
import { qspec } from './qspec.ts';

const example = join(root, 'examples', 'digits');
const model = join(example, 'digits.onnx');
const spec = join(example, 'digits.qspec');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('inspect lists layers with operator, shapes, parameters, MACs and bytes', async () => {
  const { exitCode, out } = await qspec(['inspect', model, '--json']);
  expect(exitCode).toBe(0);
  const { layers, totals } = JSON.parse(out);
  expect(layers.find((layer: { name: string }) => layer.name === 'conv2')).toMatchObject({
    op: 'Conv',
    kernel: [3, 3],
    parameters: 9216,
    weightBytes: 36_864,
    biasBytes: 0,
  });
  expect(totals.parameters).toBe(
    layers.reduce((sum: number, layer: { parameters: number }) => sum + layer.parameters, 0),
  );
  expect((await qspec(['inspect', model])).out).toContain('conv2');
});

test('init writes a commented spec that checks clean, and replaces none unasked', async () => {
  const copy = join(folder, 'digits.onnx');
  copyFileSync(model, copy);
  expect((await qspec(['init', copy, '--target', 'cortex-m7'])).exitCode).toBe(0);
  const written = join(folder, 'digits.qspec');
  expect(readFileSync(written, 'utf8')).toContain('model "digits.onnx"');
  expect((await qspec(['check', written])).exitCode).toBe(0);
  writeFileSync(written, '// mine');
  expect(await qspec(['init', copy])).toMatchObject({ exitCode: 2 });
  expect(readFileSync(written, 'utf8')).toBe('// mine');
  expect((await qspec(['init', copy, '--force'])).exitCode).toBe(0);
  expect(readFileSync(written, 'utf8')).toContain('quantize');
});

test('check takes severities, by which it passes or fails', async () => {
  const path = join(folder, 'severities.qspec');
  writeFileSync(
    path,
    `qspec 1\nmodel "${model}"\nformat w4 = int4\nquantize { weights int8 layers op Gru { weights int4 } }\n`,
  );
  const check = (...options: string[]) => qspec(['check', path, ...options]);
  expect((await check()).exitCode).toBe(1);
  const lowered = ['--severity', 'selector/operator=warning', '--severity', 'rule/no-match=off'];
  expect((await check(...lowered)).exitCode).toBe(0);
  expect((await check(...lowered, '--severity', 'format/unused=error')).exitCode).toBe(1);
  expect(await check('--severity', 'rule/no-match')).toMatchObject({ exitCode: 2 });
  expect(await check('--severity', 'spec/header=off')).toMatchObject({ exitCode: 2 });
});

test('explain tells which statements decide what a layer gets', async () => {
  const path = join(folder, 'explained.qspec');
  const body =
    'quantize {\n  weights int8\n  layers op Conv { lock weights int4 }\n  layers all { weights uint8 }\n}\n';
  writeFileSync(path, `qspec 1\nmodel "${model}"\n${body}`);
  const { exitCode, out } = await qspec(['explain', path, 'conv2']);
  expect(exitCode).toBe(0);
  expect(out).toContain('line 4: weights int8\n    weights format: int8, set again later');
  expect(out).toContain('line 5: layers op Conv { lock weights int4 }\n    weights format: int4\n');
  expect(out).toContain('weights format: uint8, held off by the lock of line 5');
  expect(out).toContain('weight: int4 symmetric per-channel observe min-max (line 5)');
  const json = JSON.parse((await qspec(['explain', path, 'conv2', '--json'])).out);
  expect(json).toMatchObject({ layer: 'conv2', choices: { weight: { format: 'int4' } } });
  const missing = await qspec(['explain', path, 'conv22', '--json']);
  expect(missing.exitCode).toBe(1);
  expect(JSON.parse(missing.out).findings[0]).toMatchObject({ code: 'explain/layer', fix: 'Did you mean “conv2”?' });
});

test('run reads .npy, computes, writes .npy', async () => {
  const input = join(folder, 'x.npy');
  const values = Float32Array.from({ length: 64 }, (_, i) => (i % 17) / 16);
  writeFileSync(input, writeNpy({ dtype: 'float32', dims: [1, 1, 8, 8], data: values }));
  const out = join(folder, 'run');
  const { exitCode, out: text } = await qspec(['run', model, '--input', input, '--output', out, '--json']);
  expect(exitCode).toBe(0);
  const { outputs } = JSON.parse(text);
  expect(outputs).toHaveLength(1);
  const tensor = await readNpy(new Uint8Array(readFileSync(outputs[0].file)));
  expect(tensor.dims).toEqual([1, 10]);
  expect([...(tensor.data as Float32Array)].every(Number.isFinite)).toBe(true);

  writeFileSync(input, writeNpy({ dtype: 'float32', dims: [1, 8, 8], data: values }));
  const wrong = await qspec(['run', model, '--input', input]);
  expect(wrong).toMatchObject({ exitCode: 2 });
  expect(wrong.err).toContain('holds float32 [1, 8, 8]');
});

test('run writes the tensors of a sequence one by one, and reads a sequence from a .pb file', async () => {
  const floats = anyTypeToProto({ kind: 'sequence', element: { dtype: 'float32' } });
  const path = join(folder, 'sequence.onnx');
  const proto = modelProto({
    inputs: { s: new onnx.ValueInfoProto({ name: 's', type: floats }), x: [2, 1] },
    nodes: [node('SplitToSequence', 'x', 'parts'), node('ConcatFromSequence', 's', 'joined', { axis: 0 })],
    outputs: ['parts', 'joined'],
  });
  writeFileSync(path, encodeModel(proto));
  const x = join(folder, 'x.npy');
  writeFileSync(x, writeNpy({ dtype: 'float32', dims: [2, 1], data: Float32Array.of(3, 4) }));
  const vector = (value: number) => tensorToProto({ dtype: 'float32', dims: [1], data: Float32Array.of(value) });
  const s = join(folder, 's.pb');
  const sequence = new onnx.SequenceProto({ elem_type: 1, tensor_values: [vector(5), vector(6)] });
  writeFileSync(s, encode(onnx.SequenceProto, sequence, 100));
  const out = join(folder, 'sequence');
  const { exitCode, out: text } = await qspec([
    'run',
    path,
    '--input',
    `s=${s}`,
    '--input',
    `x=${x}`,
    '--output',
    out,
    '--json',
  ]);
  expect(exitCode).toBe(0);
  const { outputs } = JSON.parse(text) as { outputs: { name: string; file: string }[] };
  const read = async (file: string) => [...((await readNpy(new Uint8Array(readFileSync(file)))).data as Float32Array)];
  expect(await Promise.all(outputs.map(async ({ name, file }) => [name, await read(file)]))).toEqual([
    ['parts.0', [3]],
    ['parts.1', [4]],
    ['joined', [5, 6]],
  ]);
  const { out: inspected } = await qspec(['inspect', path]);
  expect(inspected).toContain('inputs   s sequence of float32; x float32 [2, 1]');
  expect(inspected).toContain('outputs  parts sequence of float32 [1, 1]');
  const missing = await qspec(['run', path, '--input', `x=${x}`]);
  expect(missing).toMatchObject({ exitCode: 2 });
  expect(missing.err).toContain('s sequence of float32');
});

test('profile estimates a model as it is, and a spec as planned', async () => {
  const float = JSON.parse((await qspec(['profile', model, '--target', 'cortex-m7', '--json'])).out).profiles[0];
  const planned = JSON.parse((await qspec(['profile', spec, '--json'])).out).profiles[0];
  expect(float.target).toBe('cortex-m7');
  expect(planned.target).toBe('cortex-m7');
  expect(planned.latency).toBeLessThan(float.latency / 2);
  expect(planned.ram).toBeLessThan(float.ram);
  expect(planned.budgets).toHaveLength(3);
  expect(float.layers.map((layer: { name: string }) => layer.name)).toContain('conv2');
  expect((await qspec(['profile', model])).out).toContain('An estimate, not a measurement');
  const [onM4] = JSON.parse((await qspec(['profile', model, '--target', 'cortex-m4', '--json'])).out).profiles;
  expect(onM4.energy / onM4.latency).toBeCloseTo(42.9e-3);
  expect((await qspec(['profile', model, '--target', 'cortex-m4'])).out).toMatch(/energy +\S+ µJ\n/);
  expect(float.energy).toBeUndefined();
});

test('sensitivity ranks layers, at the outputs with a spec and by their weights with a model', async () => {
  const { exitCode, out } = await qspec(['sensitivity', spec, '--samples', '2', '--threads', '1']);
  expect(exitCode).toBe(0);
  expect(out).toContain('2 samples of “calibration”');
  const decibels = Array.from(out.matchAll(/([\d.]+) dB/g), (match) => Number(match[1]));
  expect(decibels.length).toBeGreaterThan(8);
  expect(decibels).toEqual(decibels.toSorted((a, b) => a - b));
  const json = JSON.parse((await qspec(['sensitivity', model, '--json'])).out);
  expect(json).toMatchObject({ ok: true, path: model, basis: 'weights' });
  expect(json.layers[0]).toMatchObject({ layer: 'conv1', op: 'Conv', weight: 'int8' });
  expect(await qspec(['sensitivity', model, '--samples', '0'])).toMatchObject({ exitCode: 2 });
});

describe('quantize, then verify and eval what it wrote', () => {
  let out: string;
  let document: { ok: boolean; report: Record<string, never>; written: string[] };
  beforeAll(async () => {
    out = join(folder, 'out');
    const answer = await qspec(['quantize', spec, '--out', out, '--threads', '1', '--json']);
    expect(answer.exitCode, answer.err).toBe(0);
    document = JSON.parse(answer.out);
  });

  test('all expectations and budgets hold', () => {
    expect(document.ok).toBe(true);
    const { expectations, targets } = document.report as unknown as {
      expectations: { passed: boolean }[];
      targets: { budgets: { passed: boolean }[] }[];
    };
    expect(expectations.map(({ passed }) => passed)).toEqual([true, true, true]);
    expect(targets[0]!.budgets.map(({ passed }) => passed)).toEqual([true, true, true]);
  });

  test('every output is in the folder, and the report is a page of its own', () => {
    expect(document.written.map((path) => path.slice(out.length + 1))).toEqual([
      'digits.int8.onnx',
      'digits.int8.report.html',
    ]);
    expect(readFileSync(document.written[1]!, 'utf8')).toMatch(/^<!doctype html>/);
    expect(existsSync(join(example, 'out', 'digits.int8.onnx'))).toBe(existsSync(join(example, 'out')));
  });

  test('no convolution or matrix product is left in float, and the readings agree', () => {
    const { verification, accuracy } = document.report as unknown as {
      verification: {
        levels: { level: string; operators: { op: string; count: number }[]; floatCompute: string[] }[];
        integerExecution: { agreement: number; largestDifference: number };
      };
      accuracy: { metrics: { samples: number; labelled: { lost: number; won: number } } };
    };
    expect(verification.levels.map(({ level }) => level)).toEqual(['all', 'disabled']);
    expect(verification.levels[0]!.floatCompute).toEqual([]);
    expect(verification.levels[0]!.operators).toContainEqual({ op: 'QLinearConv', count: 7 });
    expect(verification.integerExecution).toMatchObject({ agreement: 1, largestDifference: 0 });
    expect(accuracy.metrics.samples).toBe(450);
  });

  test('the same spec gives the same bytes, with any number of threads', async () => {
    const again = join(folder, 'again');
    const answer = await qspec(['quantize', spec, '--out', again, '--threads', '2', '--samples', '0', '--json']);
    expect(answer.err).toBeTypeOf('string');
    const first = readFileSync(join(out, 'digits.int8.onnx'));
    expect(Buffer.compare(first, readFileSync(join(again, 'digits.int8.onnx')))).toBe(0);
    // Without evaluation the accuracy expectations cannot be judged, and that is no pass.
    expect(answer.exitCode).toBe(1);
  });

  test('verify compares it with the float model', async () => {
    const { exitCode, out: text } = await qspec(['verify', document.written[0]!, '--against', model, '--json']);
    expect(exitCode).toBe(0);
    const report = JSON.parse(text);
    expect(report.levels[0].floatCompute).toEqual([]);
    expect(report.against[0].metrics.sqnr).toBeGreaterThan(20);
    expect(report.madeUp).toBe(true);
  });

  test('eval of the file gives what quantize reported', async () => {
    const { exitCode, out: text } = await qspec(['eval', document.written[0]!, '--data', spec, '--json']);
    expect(exitCode).toBe(0);
    const { metrics } = JSON.parse(text);
    const { accuracy } = document.report as unknown as { accuracy: { metrics: { labelled: object } } };
    expect(metrics.labelled).toEqual(accuracy.metrics.labelled);
  });

  test('eval of a recipe says what it chose', async () => {
    const own = join(folder, 'recipe.qspec');
    const data = `npz "${join(example, 'digits.npz')}" { array x  labels y  scale 1/16  take 20 }`;
    writeFileSync(
      own,
      `qspec 1 model "${model}" data calibration ${data} data validation ${data} quantize auto { weights int8  activations uint8 }`,
    );
    const { exitCode, err } = await qspec(['eval', own, '--samples', '20']);
    expect(exitCode).toBe(0);
    expect(err).toMatch(/Activations are observed by `.*`\. \[auto\/chosen\]/);
  });

  test('eval of the spec writes nothing', async () => {
    const { exitCode, out: text } = await qspec(['eval', spec, '--samples', '100', '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(text).accuracy.metrics.samples).toBe(100);
  });
});

test('a failed expectation is exit code 1, and the files are written all the same', async () => {
  const strict = join(folder, 'strict.qspec');
  const text = readFileSync(spec, 'utf8')
    .replaceAll('"digits.onnx"', `"${model}"`)
    .replaceAll('"digits.npz"', `"${join(example, 'digits.npz')}"`)
    .replaceAll('"splits.json"', `"${join(example, 'splits.json')}"`)
    .replace('expect size <= 64 KiB', 'expect size <= 6 KiB');
  writeFileSync(strict, text);
  const { exitCode, out } = await qspec(['quantize', strict, '--samples', '50']);
  expect(exitCode).toBe(1);
  expect(out).toContain('✗ expect size <= 6 KiB');
  expect(existsSync(join(folder, 'out', 'digits.int8.onnx'))).toBe(true);
});

test('a cancelled run ends with exit code 130 and leaves no half-written file', async () => {
  const controller = new AbortController();
  const out = join(folder, 'cancelled');
  setTimeout(() => controller.abort(), 30);
  const answer = await qspec(['quantize', spec, '--out', out], { signal: controller.signal });
  expect(answer.exitCode).toBe(130);
  expect(answer.err).toContain('Stopped.');
  expect(existsSync(out)).toBe(false);
});

test('bench reports median, percentiles, throughput and the ratio to the peer', async () => {
  const { exitCode, out } = await qspec(['bench', model, '--against', 'onnxruntime-web', '--rounds', '3', '--json']);
  expect(exitCode).toBe(0);
  const result = JSON.parse(out);
  expect(result.median_ms).toBeGreaterThan(0);
  expect(result.p5_ms).toBeLessThanOrEqual(result.median_ms);
  expect(result.p95_ms).toBeGreaterThanOrEqual(result.median_ms);
  expect(result.inferences_per_s).toBeGreaterThan(0);
  expect(result.against).toMatchObject({ name: 'onnxruntime-web', version: expect.stringMatching(/^\d+\.\d+/) });
  expect(result.against.median_ms).toBeGreaterThan(0);
  expect(result.ratio).toBeGreaterThan(0);
  expect(result.reference_layers).toEqual([]);
});
