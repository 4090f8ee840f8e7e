import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import { type StartedEngine, startEngine } from '../../../engine/env/node/start-engine.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import { Cancelled, interruptible, type Progress, poll } from '../../../engine/progress.ts';
import { cancelRelay } from '../../../engine/service/cancel-relay.ts';
import { float32Tensor } from '../../../engine/tensor.ts';
import { root } from '../../shared.ts';
import { modelProto, node } from '../graph/protos.ts';
import { type LongModel, writeLongModel } from './long-models.ts';

// The aim is 100 ms, which `node bench/scale/cancel.ts` measures; here the bound leaves room for a busy machine.
const bound = 1000;
/** Long enough for a run to be in the middle of its long operator, which takes many times that. */
const underWay = 1000;

let folder: string;
const models = new Map<string, LongModel>();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-long-'));
  for (const kind of ['kernel', 'reference'] as const) models.set(kind, writeLongModel(folder, kind));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a cancel in the middle of an operator that takes many seconds', () => {
  const engines: StartedEngine[] = [];
  afterAll(async () => {
    for (const engine of engines) engine.stop();
    await Promise.all(engines.map(({ exited }) => exited));
  });

  test.each([
    ['kernel', 1],
    ['kernel', 2],
    ['reference', 1],
  ])('stops an engine process: %s on %i thread(s)', async (kind, threads) => {
    const program = join(root, 'engine', 'env', 'node', 'engine-process.ts');
    const engine = startEngine({ program, threads });
    engines.push(engine);
    await engine.client.status();
    const { spec, model } = models.get(kind)!;
    const { job } = jobOf(await openSpec(spec));
    const controller = new AbortController();
    const run = engine.client.quantize(job!, { write: false }, { run: 'long', signal: controller.signal });
    const answer = run.then(
      () => 'done',
      (error: unknown) => error,
    );
    await wait(underWay);
    const begun = performance.now();
    controller.abort();
    expect(await answer).toBeInstanceOf(Cancelled);
    expect(performance.now() - begun).toBeLessThan(bound);
    // It is the same engine that goes on working.
    expect((await engine.client.summarize({ path: model })).totals.layers).toBe(5);
    expect((await engine.client.status()).ended).toMatchObject([{ run: 'long', ended: 'cancelled' }]);
  });

  test.each(['kernel', 'reference'])('stops the command line at Ctrl-C: %s', async (kind) => {
    const { model, input } = models.get(kind)!;
    const child = spawn(process.execPath, [join(root, 'cli', 'main.ts'), 'run', model, '--input', input]);
    let words = '';
    child.stderr.on('data', (chunk) => {
      words += String(chunk);
    });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    while (!words.includes('Running')) await wait(20);
    await wait(underWay);
    const begun = performance.now();
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(performance.now() - begun).toBeLessThan(bound);
    expect(words).toContain('Stopped.');
  });
});

describe('a cancel cell', () => {
  const progress = (): Progress & { readonly cancelCell: Int32Array } => ({
    signal: new AbortController().signal,
    report() {},
    cancelCell: new Int32Array(new SharedArrayBuffer(4)),
  });

  test.each([
    ['Conv', node('Conv', 'x w', 'y'), [1, 64, 256, 256], [256, 64, 3, 3]],
    ['MatMul', node('MatMul', 'x w', 'y'), [2048, 2048], [2048, 2048]],
    ['LSTM', node('LSTM', 'x w r', 'y', { hidden_size: 256 }), [2000, 1, 256], [1, 1024, 256]],
    ['Resize', node('Resize', 'x _ s', 'y', { mode: 'cubic' }), [1, 8, 64, 64], [1]],
    ['DeformConv', node('DeformConv', 'x w o', 'y'), [1, 16, 64, 64], [64, 16, 3, 3]],
    ['Exp', node('Exp', 'x', 'y'), [30_000_000], [1]],
  ])('stops the reference evaluation of %s that another thread asked to stop', async (_, own, x, w) => {
    const zeros = (dims: readonly number[]) =>
      float32Tensor(dims, new Float32Array(dims.reduce((product, dim) => product * dim, 1)));
    const constants = {
      w: zeros(w),
      r: zeros([1, 1024, 256]),
      o: zeros([1, 18, 62, 62]),
      s: float32Tensor([4], Float32Array.of(1, 1, 30, 30)),
    };
    const { graph } = graphFromProto(modelProto({ opset: 19, nodes: [own], inputs: { x }, outputs: ['y'], constants }));
    const watched = progress();
    const { cancelCell } = watched;
    // Nothing turns the event loop of this thread meanwhile.
    const source = `const { workerData: [cell, begun] } = require('node:worker_threads');
      Atomics.store(begun, 0, 1); Atomics.notify(begun, 0);
      Atomics.wait(begun, 1, 0, 40); Atomics.store(cell, 0, 1);`;
    const begun = new Int32Array(new SharedArrayBuffer(8));
    const canceller = new Worker(source, { eval: true, workerData: [cancelCell, begun] });
    Atomics.wait(begun, 0, 0);
    expect(() => evaluateGraph(graph, new Map([['x', zeros(x)]]), { progress: watched })).toThrow(Cancelled);
    await canceller.terminate();
  });

  test('is looked at only within the work that it belongs to', () => {
    const watched = progress();
    Atomics.store(watched.cancelCell, 0, 1);
    expect(() => poll()).not.toThrow();
    expect(() => interruptible(watched, () => interruptible(undefined, poll))).toThrow(Cancelled);
    expect(() => interruptible(progress(), poll)).not.toThrow();
    expect(() => poll()).not.toThrow();
  });

  test('is set by the relay for the run that is meant, by its name or by its request', () => {
    const relay = cancelRelay();
    const ask = (id: number, run: string) =>
      (relay({ id, method: 'engine/quantize', params: { run } }) as { params: { cancelCell: Int32Array } }).params
        .cancelCell;
    const cells = [ask(1, 'a'), ask(2, 'b'), ask(3, 'c')];
    const cancel = { method: '$/cancelRequest', params: { id: 2 } };
    expect(relay(cancel)).toBe(cancel);
    relay({ id: 4, method: 'engine/cancel', params: { run: 'c' } });
    relay({ method: '$/cancelRequest', params: { id: 99 } });
    expect(cells.map((cell) => cell[0])).toEqual([0, 1, 1]);
    const summarize = { id: 5, method: 'engine/summarize', params: { path: '/m.onnx' } };
    expect(relay(summarize)).toBe(summarize);
  });
});
