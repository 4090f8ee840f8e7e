import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import { FindingError } from '../../../engine/findings.ts';
import type { Job, PruneChoice } from '../../../engine/plan.ts';
import { loadModel } from '../../../engine/run/load.ts';
import { quantizeJob } from '../../../engine/run/quantize.ts';
import { root } from '../../shared.ts';
import { context } from './quiet-context.ts';

const pattern: PruneChoice = {
  amount: { kind: 'pattern', kept: 2, of: 4 },
  criterion: { name: 'magnitude', arguments: {} },
  origin: {},
};
let job: Job;
let folder: string;
beforeAll(async () => {
  job = jobOf(await openSpec(join(root, 'examples', 'digits', 'digits.qspec'))).job!;
  folder = mkdtempSync(join(tmpdir(), 'qspec-prune-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = { write: false, evaluationSamples: 40, layerSamples: 1, agreementSamples: 1, verifySamples: 1 };

describe('a run that prunes', () => {
  test('reports the zeros of pruned layers, and compares with the model as it was', async () => {
    const prune = { nodes: { conv2: pattern, pointwise1: pattern } };
    const { report } = await quantizeJob({ ...job, prune }, context, options);
    const zeros = new Map(report.layers.flatMap(({ name, zeros }) => (zeros === undefined ? [] : [[name, zeros]])));
    expect([...zeros.keys()].sort()).toEqual(['conv2', 'pointwise1']);
    for (const share of zeros.values()) expect(share).toBeGreaterThanOrEqual(0.5);
    const whole = await quantizeJob(job, context, options);
    expect(report.accuracy!.metrics.sqnr).toBeLessThan(whole.report.accuracy!.metrics.sqnr - 3);
  });

  test('needs no format: what is exported then is the float model with its zeros', async () => {
    const { plan: _, targets: _targets, expectations: _expectations, ...rest } = job;
    const exports = [{ kind: 'onnx' as const, style: 'float', path: join(folder, 'pruned.onnx'), options: {} }];
    const own: Job = { ...rest, exports, targets: [], expectations: [], prune: { nodes: { conv2: pattern } } };
    const { written, report } = await quantizeJob(own, context, { ...options, write: true, outFolder: folder });
    expect(report.layers.find(({ name }) => name === 'conv2')!.zeros).toBe(0.5);
    // What is multiplied with zeros need not be computed.
    const { before, after } = report.size.arithmetic!;
    expect(after.ace).toBe(before.ace);
    expect(after.bops).toBeLessThan(before.bops);
    const { graph } = (await loadModel(context.host, written.find((path) => path.endsWith('.onnx'))!)).model;
    const conv = graph.nodes.find(({ name }) => name === 'conv2')!;
    const weights = graph.initializers.get(conv.inputs[1]!)!.data as Float32Array;
    expect(weights.filter((value) => value === 0).length).toBe(weights.length / 2);
  });
});

describe('a run whose spec chooses passes', () => {
  test('compresses the layers that they leave', async () => {
    const { report } = await quantizeJob({ ...job, passes: [] }, context, { ...options, evaluationSamples: 0 });
    expect(report.layers.map(({ op }) => op)).toContain('BatchNormalization');
    const all = await quantizeJob(job, context, { ...options, evaluationSamples: 0 });
    expect(all.report.layers.map(({ op }) => op)).not.toContain('BatchNormalization');
  });

  test('is refused where there is no such pass', async () => {
    const run = quantizeJob({ ...job, passes: ['fold-batch-norms'] }, context, options);
    await expect(run).rejects.toThrow(FindingError);
  });
});
