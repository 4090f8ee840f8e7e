import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import { discoverData } from '../../../engine/data/discover.ts';
import { writeNpy } from '../../../engine/data/numpy.ts';
import { openDataset } from '../../../engine/data/open.ts';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { makeNode } from '../../../engine/graph/build.ts';
import { loadModel } from '../../../engine/run/load.ts';
import { quantizeJob } from '../../../engine/run/quantize.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { printStarterSpec } from '../../../language/index.ts';
import { root } from '../../shared.ts';
import { bytesOf, makeGraph, modelOf, random } from '../quantize/small.ts';
import { bytes, floats, npz } from './support/sources.ts';

const host = nodeHost();
let folder: string;
let model: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-discover-'));
  model = join(folder, 'model.onnx');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A classifier of three classes with this input. */
function writeModel(input: readonly number[], op: 'Flatten' | 'Relu' = 'Flatten'): void {
  const size = input.slice(1).reduce((product, dim) => product * dim, 1);
  const graph = makeGraph({
    inputs: { x: input },
    outputs: ['y'],
    constants: { w: random(1, [size, 3]) },
    nodes: [makeNode('flat', op, ['x'], ['f']), makeNode('fc', 'MatMul', ['f', 'w'], ['y'])],
  });
  writeFileSync(model, bytesOf(modelOf(graph)));
}

const place = (name: string, content: Uint8Array) => writeFileSync(join(folder, name), content);
const filled = (
  dims: readonly number[],
  value: (i: number) => number,
  make: (d: readonly number[], v: number[]) => Tensor,
) =>
  make(
    dims,
    Array.from({ length: dims.reduce((product, dim) => product * dim, 1) }, (_, i) => value(i)),
  );
const int64 = (values: readonly number[]): Tensor => ({
  dtype: 'int64',
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
});

/** A black picture of one channel. */
function grayPng(width: number, height: number): Uint8Array {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.from([0, 0, 0, width, 0, 0, 0, height, 8, 0, 0, 0, 0]);
  const pixels = deflateSync(Buffer.alloc(height * (width + 1)));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

test('the data of the example make a starter spec that checks clean and runs', async () => {
  for (const name of ['digits.onnx', 'digits.npz'])
    copyFileSync(join(root, 'examples', 'digits', name), join(folder, name));
  const path = join(folder, 'digits.onnx');
  const found = await discoverData(host, path);
  expect(found).toEqual([
    {
      kind: 'npz',
      path: 'digits.npz',
      options: ['array x', 'labels y', 'scale 1/16', 'take 100'],
      samples: 1797,
      labelled: true,
      title: 'digits.npz, array x, 1797 samples with labels',
    },
  ]);
  const { summary } = await loadModel(host, path);
  const spec = join(folder, 'digits.qspec');
  writeFileSync(spec, printStarterSpec(summary, { model: 'digits.onnx', calibration: found[0]! }));
  const { job, findings } = jobOf(await openSpec(spec));
  expect(findings).toEqual([]);
  const progress = { report: () => {}, signal: new AbortController().signal };
  const { report, written, passed } = await quantizeJob(
    job!,
    { host, progress, threads: 1, toolVersion: '0' },
    { write: true },
  );
  expect(written[0]).toBe(join(folder, 'out', 'digits.int8.onnx'));
  expect(report.accuracy?.metrics.samples).toBe(1000);
  expect(report.accuracy?.metrics.labelled?.candidate.top1).toBeGreaterThan(0.97);
  expect(passed).toBe(true);
});

describe('arrays', () => {
  test('that fit after a change of layout, with the scale that their numbers call for', async () => {
    writeModel([1, 3, 4, 5]);
    place(
      'last.npz',
      npz({ pictures: filled([7, 4, 5, 3], (i) => i % 256, bytes), label: int64([0, 1, 2, 0, 1, 2, 0]) }),
    );
    mkdirSync(join(folder, 'more'));
    place('more/first.npy', writeNpy(filled([120, 3, 4, 5], (i) => i / 100, floats)));
    place('unit.npy', writeNpy(filled([2, 3, 4, 5], (i) => i % 2, bytes)));
    place('other.npy', writeNpy(filled([9, 3, 4, 6], (i) => i, floats)));
    const found = await discoverData(host, model);
    expect(found.map(({ path, options, samples, labelled }) => [path, options, samples, labelled])).toEqual([
      ['last.npz', ['array pictures', 'labels label', 'layout nhwc to nchw', 'scale 1/255'], 7, true],
      ['more/first.npy', ['take 100'], 120, false],
      ['unit.npy', [], 2, false],
    ]);
  });

  test('take labels only where each is a class of the model, x_part with y_part', async () => {
    writeModel([1, 6]);
    const x = filled([4, 6], (i) => i, floats);
    place('pairs.npz', npz({ x_test: x, y_test: int64([0, 1, 2, 1]), x_train: x, y_train: int64([0, 1, 3, 1]) }));
    place('far.npz', npz({ file: x, y: int64([0, 1, 2]) }));
    const found = await discoverData(host, model);
    expect(found.map(({ path, options }) => [path, ...options])).toEqual([
      ['pairs.npz', 'array x_test', 'labels y_test'],
      ['far.npz', 'array "file"'],
      ['pairs.npz', 'array x_train'],
    ]);
  });
});

test('a folder of images is offered with the steps that bring them to the input', async () => {
  writeModel([1, 3, 8, 8]);
  mkdirSync(join(folder, 'pictures'));
  place('pictures/a.png', grayPng(12, 9));
  place('pictures/b.png', grayPng(12, 9));
  place('pictures/notes.txt', new Uint8Array(1));
  const [images, ...others] = await discoverData(host, model);
  expect(others).toEqual([]);
  expect(images).toMatchObject({ kind: 'images', path: 'pictures', samples: 2, labelled: false });
  expect(images!.options).toEqual(['resize 8', 'crop 8', 'channels rgb', 'layout nhwc to nchw', 'scale 1/255']);
});

describe('nothing is offered', () => {
  test('for damaged and hostile files, deeper folders and what links lead to', async () => {
    writeModel([1, 6]);
    const array = writeNpy(filled([4, 6], (i) => i, floats));
    place('cut.npy', array.subarray(0, array.length - 1));
    place(
      'noise.npz',
      Uint8Array.from({ length: 500 }, (_, i) => i),
    );
    place('empty.npy', new Uint8Array());
    mkdirSync(join(folder, 'folder.npz'));
    mkdirSync(join(folder, 'a', 'b'), { recursive: true });
    place('a/b/deep.npy', array);
    const outside = mkdtempSync(join(tmpdir(), 'qspec-outside-'));
    writeFileSync(join(outside, 'x.npy'), array);
    symlinkSync(outside, join(folder, 'link'));
    symlinkSync(join(outside, 'x.npy'), join(folder, 'linked.npy'));
    expect(await discoverData(host, model)).toEqual([]);
    rmSync(outside, { recursive: true });
  });

  test('beyond the first entries of a large folder', async () => {
    writeModel([1, 6]);
    for (let i = 0; i < 220; i++) place(`${String(i).padStart(3, '0')}.txt`, new Uint8Array());
    place('x.npy', writeNpy(filled([4, 6], (i) => i, floats)));
    expect(await discoverData(host, model)).toEqual([]);
  });
});

test('what is offered opens as data of the model', async () => {
  writeModel([1, 2, 2, 3]);
  place('x.npz', npz({ x: filled([5, 2, 3, 2], (i) => i, bytes), y: int64([0, 1, 2, 2, 1]) }));
  const [found] = await discoverData(host, model);
  expect(found?.options).toEqual(['array x', 'labels y', 'layout nhwc to nchw', 'scale 1/255']);
  const dataset = await openDataset(
    {
      name: 'calibration',
      kind: 'npz',
      path: join(folder, found!.path),
      array: 'x',
      labels: { kind: 'array', array: 'y', offset: 0 },
      layout: { from: 'nhwc', to: 'nchw' },
      scale: 1 / 255,
      seed: 1,
    },
    host,
    { inputs: [{ name: 'x', type: { dtype: 'float32', dims: [1, 2, 2, 3] } }] },
  );
  expect((await dataset.sample(0)).get('x')?.dims).toEqual([1, 2, 2, 3]);
});
