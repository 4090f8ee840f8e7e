import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Kernels,
  KernelsCancelled,
  type KernelThread,
  KernelThreadLost,
  type LoadOptions,
  type Step,
} from '../../kernels/api.ts';
import { mostItemWork } from '../../kernels/builders/gemm.ts';
import { Cell, controlAddress } from '../../kernels/control.ts';
import { loadKernels } from '../../kernels/loader.ts';
import { floats } from './harness.ts';

const program = `
  const { workerData } = require('node:worker_threads');
  import(workerData.program).then(({ runKernelThread }) => runKernelThread(workerData.data));
`;
const workerUrl = new URL('../../kernels/worker.ts', import.meta.url).href;

const started: Worker[] = [];
const opened: Kernels[] = [];

function startThread(data: unknown): KernelThread {
  const worker = new Worker(program, { eval: true, workerData: { program: workerUrl, data } });
  started.push(worker);
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => worker.on('message', listener),
    terminate: () => void worker.terminate(),
  };
}

async function load(threads: number, options: Partial<LoadOptions> = {}): Promise<Kernels> {
  const kernels = await loadKernels({ mode: 'strict', threads, startThread, startAfterMilliseconds: 0, ...options });
  opened.push(kernels);
  return kernels;
}

afterEach(async () => {
  for (const kernels of opened.splice(0)) kernels.dispose();
  await Promise.all(started.splice(0).map((worker) => worker.terminate()));
});

/** A small network: convolution, depthwise, addition, pool, softmax; large enough that every step is shared. */
function network(kernels: Kernels): { readonly steps: readonly Step[]; readonly result: () => Float32Array } {
  const ws = kernels.workspace();
  const [size, inputs, channels] = [64, 3, 24];
  const common = { batch: 1, kernel: [3, 3], strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1] } as const;
  const plane = { inputHeight: size, inputWidth: size };
  const first = ws.packConv({
    geometry: { ...common, ...plane, inputChannels: inputs, outputChannels: channels, groups: 1 },
    weights: floats(1, channels * inputs * 9),
    bias: floats(2, channels),
  });
  const second = ws.packConv({
    geometry: { ...common, ...plane, inputChannels: channels, outputChannels: channels, groups: channels },
    weights: floats(3, channels * 9),
  });
  const count = size * size * channels;
  const [input, a, b, pooled, output] = [size * size * inputs, count, count, count / 4, count / 4].map((n) =>
    ws.alloc(4 * n),
  );
  kernels.f32(input!, size * size * inputs).set(floats(4, size * size * inputs));
  const half = size / 2;
  const geometry = {
    batch: 1,
    ...plane,
    channels,
    outputHeight: half,
    outputWidth: half,
    kernel: [2, 2],
    strides: [2, 2],
    dilations: [1, 1],
    pads: [0, 0, 0, 0],
  } as const;
  const steps = [
    ws.conv2d({ conv: first, input: input!, output: a!, clamp: { min: 0 } }),
    ws.conv2d({ conv: second, input: a!, output: b!, residual: a! }),
    ws.binary({ fn: 'mul', a: a!, b: b!, output: b!, dims: [count], aStrides: [1], bStrides: [1] }),
    ws.maxPool({ geometry, input: b!, output: pooled! }),
    ws.softmax({ log: false, input: pooled!, output: output!, outer: half * half, axis: channels, inner: 1 }),
  ];
  return { steps, result: () => kernels.f32(output!, count / 4).slice() };
}

/** Several times: what runs on which thread differs from run to run. */
function runOften({ steps, result }: ReturnType<typeof network>, kernels: Kernels): Float32Array[] {
  return Array.from({ length: 5 }, () => {
    for (const step of steps) kernels.run(step);
    return result();
  });
}

function cells(kernels: Kernels): Int32Array {
  return kernels.i32(controlAddress, Cell.active + 8);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('the pool of threads', () => {
  it('gives the same bytes with one, two and three threads', async () => {
    const one = await load(1);
    const [expected] = runOften(network(one), one);
    for (const threads of [2, 3]) {
      const kernels = await load(threads);
      expect(kernels.features).toEqual({ mode: 'strict', shared: true, threads });
      const net = network(kernels);
      // Both while the threads start and when they are surely there.
      for (const result of runOften(net, kernels)) expect(result).toEqual(expected);
      await until(() => Atomics.load(cells(kernels), Cell.sleepers) === threads - 1);
      for (const result of runOften(net, kernels)) expect(result).toEqual(expected);
    }
  });

  it('starts no thread before there was work for it, then in the middle of it', async () => {
    const one = await load(1);
    const [expected] = runOften(network(one), one);
    const never = await load(3, { startAfterMilliseconds: Number.POSITIVE_INFINITY });
    for (const result of runOften(network(never), never)) expect(result).toEqual(expected);
    expect(started).toHaveLength(0);
    const soon = await load(3, { startAfterMilliseconds: Number.MIN_VALUE });
    const net = network(soon);
    expect(started).toHaveLength(0);
    for (const result of runOften(net, soon)) expect(result).toEqual(expected);
    expect(started).toHaveLength(2);
    await until(() => Atomics.load(cells(soon), Cell.sleepers) === 2);
    for (const result of runOften(net, soon)) expect(result).toEqual(expected);
  });

  it('shares the large steps and keeps the small ones to itself', async () => {
    const { steps } = network(await load(2));
    const shared = steps.filter((step) => step.calls.some((call) => call.items > call.grain)).map((step) => step.name);
    expect(shared).toEqual(['conv', 'depthwise', 'mul', 'softmax']);
  });

  it('lets its threads sleep when there is nothing to do', async () => {
    const kernels = await load(3);
    runOften(network(kernels), kernels);
    // A sleeper waits in Atomics.wait, which costs nothing; both get there by themselves.
    await until(() => Atomics.load(cells(kernels), Cell.sleepers) === 2);
  });

  it('stops at the next tile when cancelled from another thread, and works again afterwards', async () => {
    const kernels = await load(2);
    const net = network(kernels);
    const [expected] = runOften(net, kernels);
    const cell = kernels.cancelCell();
    Atomics.store(cell, 0, 1);
    expect(() => runOften(net, kernels)).toThrow(KernelsCancelled);
    Atomics.store(cell, 0, 0);
    expect(runOften(net, kernels)[0]).toEqual(expected);
  });

  it('cancels in the middle of a step', async () => {
    const kernels = await load(2);
    const ws = kernels.workspace();
    const n = 600;
    const b = ws.packMatrix({ k: n, n, values: floats(1, n * n) });
    const [a, output] = [ws.alloc(4 * n * n), ws.alloc(4 * n * n)];
    const step = ws.gemm({ m: n, a, b, output });
    const cell = kernels.cancelCell();
    const canceller = new Worker(
      `const { workerData } = require('node:worker_threads');
       Atomics.wait(workerData, 0, 0, 30); Atomics.store(workerData, 0, 1);`,
      { eval: true, workerData: cell },
    );
    started.push(canceller);
    const runForever = (): void => {
      for (;;) kernels.run(step);
    };
    expect(runForever).toThrow(KernelsCancelled);
  });

  it('hears of it soon in the largest products, whatever the number of threads', async () => {
    for (const threads of [1, 2]) {
      const ws = (await load(threads)).workspace();
      const [k, n] = [8192, 8192];
      // Nothing is run: addresses do not matter.
      const b = ws.reserveMatrix(k, n);
      for (const m of [1, 2, 100, 10_000]) {
        const [product] = ws.gemm({ m, a: 64, b, output: 64 }).calls;
        expect((m * k * n * product!.grain) / product!.items, `${m} rows`).toBeLessThanOrEqual(2 * mostItemWork);
      }
    }
  });

  it('goes on without a thread that was terminated while it slept', async () => {
    const kernels = await load(2);
    const net = network(kernels);
    const [expected] = runOften(net, kernels);
    await until(() => Atomics.load(cells(kernels), Cell.sleepers) === 1);
    await started[0]!.terminate();
    expect(runOften(net, kernels)[0]).toEqual(expected);
  });

  it('says so when a thread died in the middle of its work', async () => {
    const kernels = await load(2, { patienceMilliseconds: 50 });
    const net = network(kernels);
    runOften(net, kernels);
    await until(() => Atomics.load(cells(kernels), Cell.sleepers) === 1);
    await started[0]!.terminate();
    // What a thread leaves behind that dies between taking a tile and reporting it.
    Atomics.store(cells(kernels), Cell.active + 1, 1);
    expect(() => runOften(net, kernels)).toThrow(KernelThreadLost);
    // The result of that step is lost, and so is trust in the memory: every later step says so at once.
    expect(() => runOften(net, kernels)).toThrow(KernelThreadLost);
  });

  it('ends its threads when disposed of', async () => {
    const kernels = await load(3);
    const ended = Promise.all(started.map((worker) => new Promise((resolve) => worker.once('exit', resolve))));
    kernels.dispose();
    await ended;
  });
});
