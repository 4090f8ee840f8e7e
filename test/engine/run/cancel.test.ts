import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { loadOnnxRuntime } from '../../../engine/env/node/onnxruntime.ts';
import type { DataSource, Job } from '../../../engine/plan.ts';
import { Cancelled } from '../../../engine/progress.ts';
import { type QuantizeOptions, quantizeJob } from '../../../engine/run/quantize.ts';
import { root } from '../../shared.ts';
import { bytes, npz } from '../data/support/sources.ts';
import { noise } from '../quantize/small.ts';

/** So many that no stage that looks at all of them is over before it is stopped. */
const many = 20_000;

let folder: string;
let job: Job;
let all: DataSource;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-cancel-'));
  const next = noise(7);
  const x = bytes(
    [many, 1, 8, 8],
    Array.from({ length: many * 64 }, () => Math.floor((next() + 1) * 8)),
  );
  const y = { dtype: 'uint8', dims: [many], data: Uint8Array.from({ length: many }, (_, i) => i % 10) } as const;
  // Deflated: once unpacked, nothing is awaited that would let the event loop have its turn.
  writeFileSync(join(folder, 'many.npz'), npz({ x, y }));
  job = jobOf(await openSpec(join(root, 'examples', 'digits', 'digits.qspec'))).job!;
  all = {
    name: 'calibration',
    kind: 'npz',
    path: join(folder, 'many.npz'),
    array: 'x',
    labels: { kind: 'array', array: 'y', offset: 0 },
    scale: 1 / 16,
    seed: 1,
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Quantises until the stage begins, asks from outside to stop, and tells which stages were reported after it. */
async function stoppedAt(stage: string, data: Job['data'], options: Partial<QuantizeOptions>, plan = job.plan!) {
  const controller = new AbortController();
  const later: string[] = [];
  let begun = false;
  let left = 0;
  const outFolder = join(folder, 'out');
  const run = quantizeJob(
    { ...job, data, plan },
    {
      host: nodeHost(),
      threads: 1,
      toolVersion: '0',
      loadRuntime: () => loadOnnxRuntime({ threads: 1 }),
      progress: {
        signal: controller.signal,
        report(name, done, total) {
          if (begun) left = total - done;
          if (begun && name !== stage) later.push(name);
          if (begun || name !== stage || done < 1) return;
          begun = true;
          left = total - done;
          // As a message or a signal does: it is heard only if the work lets the event loop have its turn.
          setTimeout(() => controller.abort(), 0);
        },
      },
    },
    { write: true, outFolder, ...options },
  );
  await expect(run).rejects.toBeInstanceOf(Cancelled);
  expect(begun).toBe(true);
  expect(later).toEqual([]);
  expect(left).toBeGreaterThan(0);
  expect(existsSync(outFolder) ? readdirSync(outFolder) : []).toEqual([]);
}

describe('a run that is cancelled stops at once and leaves no file', () => {
  const few = (): DataSource => ({ ...all, take: 50 });
  const validation = (): DataSource => ({ ...all, name: 'validation', skip: 50 });

  test('while its data are read', () => stoppedAt('Reading data "calibration"', { calibration: all }, {}));
  test('while it calibrates', () => stoppedAt('Calibrating', { calibration: all }, {}));
  test('while it chooses codes', () => {
    // Rounding alone is over in less time than work goes on without a pause.
    const method = { name: 'coordinate-descent', arguments: {} };
    const nodes = Object.entries(job.plan!.nodes).map(([node, { weight, ...roles }]) => [
      node,
      { ...roles, ...(weight && { weight: { ...weight, method } }) },
    ]);
    const plan = { ...job.plan!, nodes: Object.fromEntries(nodes) };
    return stoppedAt('Choosing codes', { calibration: few() }, {}, plan);
  });
  test('while ONNX Runtime verifies', () =>
    stoppedAt('Verifying in ONNX Runtime', { calibration: few(), validation: validation() }, { verifySamples: many }));
  test('while it evaluates', () => stoppedAt('Evaluating', { calibration: few(), validation: validation() }, {}));
  test('while readings are compared', () =>
    stoppedAt(
      'Comparing integer execution',
      { calibration: few(), validation: validation() },
      { agreementSamples: many, evaluationSamples: 10 },
    ));
  test('while layers are measured', () => {
    const weights = Object.entries(job.plan!.nodes).flatMap(([node, { weight }]) =>
      weight ? [[node, { weight }]] : [],
    );
    const plan = { ...job.plan!, nodes: Object.fromEntries(weights) };
    return stoppedAt('Measuring layers', { calibration: all }, { evaluationSamples: 0, layerSamples: many }, plan);
  });
});
