import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { loadOnnxRuntime } from '../../../engine/env/node/onnxruntime.ts';
import { quantizeJob } from '../../../engine/run/quantize.ts';
import { hasShared, root } from '../../shared.ts';

/** From a spec to a verified model: networks of the catalog that lose channels or ranks and are quantised in the same run. */

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-smaller-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(network: string, prune: string) {
  const path = join(folder, 'm.qspec');
  const base = JSON.stringify(join(root, 'bench', 'specs', 'networks', `${network}.qspec`));
  writeFileSync(
    path,
    `qspec 1 import ${base} prune { ${prune} } quantize { weights int8 symmetric per-channel  activations uint8 } export onnx qdq "m.onnx"`,
  );
  const { job, findings } = jobOf(await openSpec(path));
  if (job === undefined) throw new Error(findings.map(({ what }) => what).join('\n'));
  const context = {
    host: nodeHost(),
    threads: 1,
    toolVersion: '0',
    progress: { report: () => {}, signal: new AbortController().signal },
    loadRuntime: () => loadOnnxRuntime({ threads: 1 }),
  };
  const few = { evaluationSamples: 100, layerSamples: 1, agreementSamples: 4, verifySamples: 2 };
  const calibration = { ...job.data['calibration']!, take: 50 };
  const short = { ...job, data: { ...job.data, calibration } };
  return (await quantizeJob(short, context, { write: false, ...few })).report;
}

describe.skipIf(!hasShared)('networks that are made smaller (needs shared models)', () => {
  // What may be lost of 100 samples is far above what is, and far below what is without the fit to the data.
  it.each([
    ['kws', 'channels 10 %', 0.88, 8],
    ['vww', 'channels 10 %', 0.88, 15],
    ['resnet8', 'rank 90 % of energy', 0.9, 25],
  ])('%s, %s: runs in ONNX Runtime, with at most a share %d of the MACs', async (network, prune, share, points) => {
    const { size, layers, verification, accuracy, findings } = await run(network, prune);
    const { before, after } = size.arithmetic;
    // Of 32 × 32 bits before, 8 × 8 after.
    expect(after.ace / (before.ace / 16)).toBeLessThan(share);
    expect(verification!.levels.map(({ level, floatCompute }) => [level, floatCompute.length])).toContainEqual([
      'all',
      0,
    ]);
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    const { candidate, reference } = accuracy!.metrics.labelled!;
    expect((reference.top1 - candidate.top1) * 100).toBeLessThan(points);
    if (prune.startsWith('rank')) expect(layers.some(({ name }) => name.endsWith('/down'))).toBe(true);
  });
});
