import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import { type StartedEngine, startEngine } from '../../../engine/env/node/start-engine.ts';
import { FindingError } from '../../../engine/findings.ts';
import type { Job } from '../../../engine/plan.ts';
import { Cancelled } from '../../../engine/progress.ts';
import type { ProgressParams } from '../../../engine/service/protocol.ts';
import { root } from '../../shared.ts';

const example = join(root, 'examples', 'digits');
const model = join(example, 'digits.onnx');
const program = join(root, 'engine', 'env', 'node', 'engine-process.ts');
let folder: string;
let engine: StartedEngine;
let job: Job;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-service-'));
  engine = startEngine({ program, threads: 1 });
  job = jobOf(await openSpec(join(example, 'digits.qspec'))).job!;
});
afterAll(async () => {
  engine.stop();
  await engine.exited;
  rmSync(folder, { recursive: true, force: true });
});

describe('an engine process', () => {
  test('summarises and profiles models', async () => {
    const summary = await engine.client.summarize({ path: model });
    expect(summary.layers.map(({ name }) => name)).toContain('conv2');
    const profile = await engine.client.profile({ path: model, target: 'cortex-m7' });
    expect(profile.latency).toBeGreaterThan(0);
  });

  test('keeps statistics of calibration in the folder that its owner lends', async () => {
    const measurements = join(folder, 'measurements');
    const lent = startEngine({ program, threads: 1, measurements });
    const stagesOf = async () => {
      const stages = new Set<string>();
      const onProgress = ({ stage }: ProgressParams) => stages.add(stage);
      await lent.client.quantize(job, { write: false, evaluationSamples: 0 }, { run: 'own', onProgress });
      return stages;
    };
    try {
      expect(await stagesOf()).toContain('Calibrating');
      expect(readdirSync(measurements)).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.statistics$/)]);
      expect(await stagesOf()).not.toContain('Calibrating');
    } finally {
      lent.stop();
      await lent.exited;
    }
  });

  test('answers a waiting run that is stopped before its turn comes', async () => {
    const order: string[] = [];
    const first = engine.client.quantize(job, { write: false }, { run: 'at work' }).then(() => order.push('at work'));
    const second = engine.client.quantize(job, { write: false }, { run: 'waits' });
    const stopped = second.catch((error: unknown) => {
      order.push('waits');
      return error;
    });
    await engine.client.cancel('waits');
    expect(await stopped).toBeInstanceOf(Cancelled);
    await first;
    expect(order).toEqual(['waits', 'at work']);
    expect((await engine.client.verify(model)).levels).toHaveLength(2);
  });

  test('finds data beside a model', async () => {
    const [best] = await engine.client.discoverData({ path: model });
    expect(best).toMatchObject({ kind: 'npz', path: 'digits.npz', samples: 1797, labelled: true });
    const missing = engine.client.discoverData({ path: join(folder, 'none.onnx') });
    await expect(missing).rejects.toBeInstanceOf(FindingError);
  });

  test('carries out a job, with progress and the time left, and remembers how it ended', async () => {
    const progress: ProgressParams[] = [];
    const outFolder = join(folder, 'out');
    const { report, passed, written } = await engine.client.quantize(
      job,
      { write: true, outFolder },
      { run: 'first', onProgress: (message) => progress.push(message) },
    );
    expect(passed).toBe(true);
    expect(written.every((path) => existsSync(path))).toBe(true);
    expect(report.accuracy?.metrics.labelled?.candidate.top1).toBeGreaterThan(0.97);
    expect(report.verification?.integerExecution?.sqnr).toBe(300);
    expect(new Set(progress.map(({ stage }) => stage))).toContain('Evaluating');
    expect(progress.every(({ run }) => run === 'first')).toBe(true);
    const { ended, runs } = await engine.client.status();
    expect(runs).toEqual([]);
    expect(ended.at(-1)).toMatchObject({ run: 'first', kind: 'quantize', ended: 'done', subject: job.spec.path });
    expect(ended.at(-1)?.result?.written).toEqual(written);
  });

  test('queues runs, tells who waits, and stops one at its owner’s or another’s wish', async () => {
    const controller = new AbortController();
    const waiting: ProgressParams[] = [];
    const first = engine.client.quantize(job, { write: false }, { run: 'a', signal: controller.signal });
    const second = engine.client.quantize(job, { write: false }, { run: 'b', onProgress: (p) => waiting.push(p) });
    const third = engine.client.verify(model, undefined, { run: 'c' });
    const answers = Promise.allSettled([first, second]);
    const { runs } = await engine.client.status();
    expect(runs.map(({ run }) => run)).toEqual(['a', 'b', 'c']);
    expect(await engine.client.cancel('b')).toBe(true);
    expect(await engine.client.cancel('unheard of')).toBe(false);
    controller.abort();
    for (const answer of await answers) {
      expect(answer).toMatchObject({ status: 'rejected', reason: expect.any(Cancelled) });
    }
    expect((await third).levels).toHaveLength(2);
    expect(waiting[0]).toMatchObject({ run: 'b', state: 'waiting' });
    const { ended } = await engine.client.status();
    expect(ended.slice(-3).map((run) => [run.run, run.ended])).toEqual([
      ['b', 'cancelled'],
      ['a', 'cancelled'],
      ['c', 'done'],
    ]);
  });

  test('measures sensitivity with a job and without, and can be stopped', async () => {
    const stages = new Set<string>();
    const onProgress = ({ stage }: ProgressParams) => stages.add(stage);
    const report = await engine.client.sensitivity(model, { job, samples: 2 }, { onProgress });
    expect(report).toMatchObject({ basis: 'outputs', samples: 2 });
    expect(stages).toContain('Measuring layer');
    const { basis } = await engine.client.sensitivity(model, {}, { run: 'weights' });
    expect(basis).toBe('weights');
    expect((await engine.client.status()).ended.at(-1)).toMatchObject({
      run: 'weights',
      kind: 'sensitivity',
      subject: model,
    });
    // Awaited from the start: it may have ended before the answer to `cancel` is here.
    const run = engine.client.sensitivity(model, { job, samples: 200 }, { run: 'stopped' });
    const stopped = expect(run).rejects.toBeInstanceOf(Cancelled);
    await engine.client.cancel('stopped');
    await stopped;
  });

  test('answers a bad file with its finding, and goes on', async () => {
    const path = join(folder, 'noise.onnx');
    writeFileSync(path, 'this is no model');
    const failure = await engine.client.summarize({ path }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FindingError);
    expect((failure as FindingError).finding).toMatchObject({ code: 'model/not-onnx', file: path });
    await expect(engine.client.profile({ path: model, target: 'cortex-m8' })).rejects.toThrow(/cortex-m7/);
    expect((await engine.client.status()).version).toMatch(/^\d+\.\d+/);
  });

  test('touches nothing outside the folders of a request', async () => {
    const elsewhere = { folders: [folder] };
    const refused = async (work: Promise<unknown>) => {
      const failure = await work.catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(FindingError);
      expect((failure as FindingError).finding.code).toBe('file/outside');
    };
    await refused(engine.client.summarize({ path: model, ...elsewhere }));
    await refused(engine.client.profile({ path: model, target: 'cortex-m7', ...elsewhere }));
    await refused(engine.client.verify(model, undefined, elsewhere));
    await refused(engine.client.evaluate(model, job, elsewhere));
    await refused(engine.client.quantize(job, { write: false }, elsewhere));
    const outFolder = join(folder, 'elsewhere');
    await refused(
      engine.client.quantize(job, { write: true, outFolder, evaluationSamples: 0 }, { folders: [example] }),
    );
    expect(existsSync(outFolder)).toBe(false);
    const both = { folders: [example, folder] };
    const { written } = await engine.client.quantize(job, { write: true, outFolder, evaluationSamples: 0 }, both);
    expect(written.every((path) => existsSync(path))).toBe(true);
    expect((await engine.client.verify(written[0]!, model, both)).levels.length).toBeGreaterThan(0);
    expect((await engine.client.summarize({ path: model, ...both })).layers.length).toBeGreaterThan(5);
  });

  test('that dies fails what it was asked, takes nothing with it, and tells its owner', async () => {
    const doomed = startEngine({ program, threads: 1 });
    await doomed.client.status();
    copyFileSync(model, join(folder, 'kept.onnx'));
    const run = doomed.client.quantize(job, { write: true, outFolder: join(folder, 'never') });
    const failed = run.then(
      () => 'done',
      () => 'failed',
    );
    process.kill(doomed.pid!, 'SIGKILL');
    expect(await doomed.exited).toMatchObject({ signal: 'SIGKILL' });
    expect(await failed).toBe('failed');
    expect(existsSync(join(folder, 'never'))).toBe(false);
    const another = startEngine({ program, threads: 1 });
    expect((await another.client.summarize({ path: model })).totals.layers).toBeGreaterThan(5);
    another.stop();
    await another.exited;
  });
});

test('a process without an owner says what it is and ends', async () => {
  const { spawnSync } = await import('node:child_process');
  const { status, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toContain('started by its owner');
});
