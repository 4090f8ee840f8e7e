import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import type { Job } from '../../../engine/plan.ts';
import { Cancelled } from '../../../engine/progress.ts';
import type { RunContext } from '../../../engine/run/context.ts';
import { measureSensitivity } from '../../../engine/run/sensitivity.ts';
import { root } from '../../shared.ts';
import { bytesOf, makeGraph, modelOf, random } from '../quantize/small.ts';

const example = join(root, 'examples', 'digits');
const model = join(example, 'digits.onnx');
let job: Job;
let folder: string;
beforeAll(async () => {
  job = jobOf(await openSpec(join(example, 'digits.qspec'))).job!;
  folder = mkdtempSync(join(tmpdir(), 'qspec-sensitivity-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function context(options: Partial<RunContext> = {}): RunContext {
  const progress = { report: () => {}, signal: new AbortController().signal };
  return { host: nodeHost(), threads: 1, toolVersion: '0', progress, ...options };
}

describe('sensitivity of a spec with calibration data', () => {
  test('is measured at the outputs, the same whatever the thread count', async () => {
    const report = await measureSensitivity(model, job, context(), 4);
    expect(report).toMatchObject({ basis: 'outputs', data: 'calibration', samples: 4 });
    const entry = report.layers.find(({ layer }) => layer === 'conv2');
    expect(entry).toMatchObject({ op: 'Conv', weight: 'int8', output: 'uint8' });
    expect(report.layers.every(({ sqnr }) => sqnr === null || (sqnr > 20 && sqnr < 100))).toBe(true);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(await measureSensitivity(model, job, context({ threads: 3 }), 4)).toEqual(report);
  });

  test('names what was folded into a layer, the activation included, once', async () => {
    const { layers } = await measureSensitivity(model, job, context(), 1);
    expect(layers.find(({ layer }) => layer === 'conv1')?.absorbed.some((name) => /relu/i.test(name))).toBe(true);
    const names = layers.flatMap(({ layer, absorbed }) => [layer, ...absorbed]);
    expect(new Set(names).size).toBe(names.length);
  });

  test('finds the layer that is held in the fewest bits', async () => {
    const conv3 = job.plan!.nodes['conv3']!;
    const coarse = { ...conv3, weight: { ...conv3.weight!, format: 'int3' } };
    const plan = { ...job.plan!, nodes: { ...job.plan!.nodes, conv3: coarse } };
    const { layers } = await measureSensitivity(model, { ...job, plan }, context(), 4);
    const value = ({ sqnr }: { sqnr: number | null }) => sqnr ?? 300;
    expect(layers.toSorted((a, b) => value(a) - value(b))[0]?.layer).toBe('conv3');
  });

  test('tells how far it is and stops when it is cancelled', async () => {
    const controller = new AbortController();
    const stages = new Set<string>();
    const report = (stage: string, done: number) => {
      stages.add(stage);
      if (stage === 'Measuring layer' && done === 2) controller.abort();
    };
    const run = measureSensitivity(model, job, context({ progress: { report, signal: controller.signal } }));
    await expect(run).rejects.toBeInstanceOf(Cancelled);
    expect([...stages]).toContain('Calibrating');
  });
});

describe('sensitivity without data', () => {
  test('is that of the weights in int8 per channel', async () => {
    const report = await measureSensitivity(model, undefined, context());
    expect(report.basis).toBe('weights');
    expect(report.samples).toBeUndefined();
    expect(report.layers.map(({ op }) => op)).toEqual([...Array(7).fill('Conv'), 'Gemm']);
    for (const { sqnr, weight } of report.layers) {
      expect(weight).toBe('int8');
      // Eight bits over a range of a few standard deviations.
      expect(sqnr).toBeGreaterThan(35);
      expect(sqnr).toBeLessThan(55);
    }
  });

  test('follows the plan of the job, rounding to nearest', async () => {
    const { calibration: _, ...data } = job.data;
    const { depthwise1: _kept, ...nodes } = job.plan!.nodes;
    const conv2 = nodes['conv2']!;
    const coarse = { ...conv2, weight: { ...conv2.weight!, format: 'int4' } };
    const own = { ...job, data, plan: { ...job.plan!, nodes: { ...nodes, conv2: coarse } } };
    const { basis, layers } = await measureSensitivity(model, own, context());
    expect(basis).toBe('weights');
    expect(layers.map(({ layer }) => layer)).not.toContain('depthwise1');
    const [first] = layers.toSorted((a, b) => (a.sqnr ?? 300) - (b.sqnr ?? 300));
    expect(first).toMatchObject({ layer: 'conv2', weight: 'int4' });
  });

  test('is that of both weights of a recurrent layer together', async () => {
    const small = random(3, [1, 18, 6], 0.01);
    const graph = makeGraph({
      inputs: { x: [4, 1, 5] },
      outputs: ['y'],
      constants: { w: random(1, [1, 18, 5]), r: random(2, [1, 18, 6]), small },
      nodes: [
        makeNode('a', 'GRU', ['x', 'w', 'r'], ['y'], { hidden_size: attribute.int(6) }),
        makeNode('b', 'GRU', ['x', 'w', 'small'], ['z'], { hidden_size: attribute.int(6) }),
      ],
    });
    const path = join(folder, 'recurrent.onnx');
    writeFileSync(path, bytesOf(modelOf({ ...graph, outputs: ['y', 'z'] })));
    const { layers } = await measureSensitivity(path, undefined, context());
    expect(layers.map(({ layer, weight }) => [layer, weight])).toEqual([
      ['a', 'int8'],
      ['b', 'int8'],
    ]);
    const [a, b] = layers.map(({ sqnr }) => sqnr!);
    // Both are weights between −1 and 1 in the main, whatever scale the small ones have.
    expect(Math.abs(a! - b!)).toBeLessThan(3);
    expect(a!).toBeGreaterThan(40);
  });

  test('needs no operator that can be run', async () => {
    const graph = makeGraph({
      inputs: { x: [1, 4] },
      outputs: ['y'],
      constants: { 'a.w': random(1, [4, 8]), 'b.w': random(2, [8, 2]) },
      nodes: [
        makeNode('a', 'MatMul', ['x', 'a.w'], ['a1']),
        { ...makeNode('strange', 'Unheard', ['a1'], ['a2']), domain: 'elsewhere' },
        makeNode('b', 'MatMul', ['a2', 'b.w'], ['y']),
      ],
    });
    const path = join(folder, 'strange.onnx');
    const opsets = new Map([...graph.opsets, ['elsewhere', 1] as const]);
    writeFileSync(path, bytesOf(modelOf({ ...graph, opsets })));
    const { layers } = await measureSensitivity(path, undefined, context());
    expect(layers.map(({ layer }) => layer)).toEqual(['a', 'b']);
    expect(layers.every(({ sqnr }) => sqnr! > 40)).toBe(true);
  });
});
