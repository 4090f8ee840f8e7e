import { describe, expect, test, vi } from 'vitest';
import type { Dataset } from '../../../engine/data/dataset.ts';
import type { Graph, GraphNode } from '../../../engine/graph/graph.ts';
import { Cancelled } from '../../../engine/progress.ts';
import { breathing } from '../../../engine/run/breathing.ts';
import { answersOf, scoresOf, withOutput } from '../../../engine/run/logits.ts';
import { Stopwatch } from '../../../engine/run/stopwatch.ts';
import { formatCount, formatDuration, formatTimeLeft, TimeLeft } from '../../../engine/run/time-left.ts';

describe('the time left', () => {
  test('follows from the pace of the stage, and is not said before there is one', () => {
    const left = new TimeLeft();
    expect(left.update('calibrate', 0, 100, 0)).toBeUndefined();
    expect(left.update('calibrate', 1, 100, 100)).toBeUndefined();
    expect(left.update('calibrate', 20, 100, 2000)).toBeCloseTo(8);
    expect(left.update('calibrate', 100, 100, 10_000)).toBeUndefined();
    expect(left.update('evaluate', 0, 50, 10_000)).toBeUndefined();
    expect(left.update('evaluate', 10, 50, 11_000)).toBeCloseTo(4);
  });

  test('reads as people say it', () => {
    expect([0.2, 8, 70, 120, 3900].map(formatTimeLeft)).toEqual([
      '1 s left',
      '8 s left',
      '1 min 10 s left',
      '2 min left',
      '1 h 5 min left',
    ]);
    expect(formatDuration(59)).toBe('59 s');
  });

  test('stands behind what is done, in whole steps though a step may be done in part', () => {
    expect(formatCount(12, 100)).toBe(' 12/100');
    expect(formatCount(3.074468085106383, 9)).toBe(' 3/9');
    expect(formatCount(10, 9)).toBe(' 9/9');
    expect(formatCount(0, 1)).toBe('');
  });
});

describe('a data set that breathes', () => {
  const dataset: Dataset = {
    name: 'd',
    length: 3,
    hash: 'h',
    findings: [],
    nameOf: String,
    sample: async () => new Map(),
  };

  test('gives the event loop its turn between samples', async () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    try {
      const breathed = breathing(dataset, { report() {}, signal: new AbortController().signal });
      let turns = 0;
      const timer = setInterval(() => turns++, 0);
      await breathed.sample(0);
      expect(turns).toBe(0);
      clock.mockReturnValue(1000);
      await breathed.sample(1);
      clearInterval(timer);
      expect(turns).toBeGreaterThan(0);
    } finally {
      clock.mockRestore();
    }
  });

  test('stops where the run is cancelled', async () => {
    const controller = new AbortController();
    const breathed = breathing(dataset, { report() {}, signal: controller.signal });
    await breathed.sample(0);
    controller.abort();
    await expect(breathed.sample(1)).rejects.toBeInstanceOf(Cancelled);
  });
});

describe('the scores of a model', () => {
  const node = (op: string, input: string, output: string): GraphNode => ({
    name: output,
    op,
    domain: '',
    inputs: [input],
    outputs: [output],
    attributes: {},
  });
  const graph = (...nodes: GraphNode[]): Graph => ({
    name: 'g',
    nodes,
    inputs: ['x'],
    outputs: ['y'],
    initializers: new Map(),
    types: new Map(),
    opsets: new Map([['', 17]]),
  });

  test('are read before the last Softmax, whatever only moves them after it', () => {
    const softmax = graph(node('Gemm', 'x', 'z'), node('Softmax', 'z', 'p'), node('Reshape', 'p', 'y'));
    expect(scoresOf(softmax)).toMatchObject({ value: 'z', kind: 'logits' });
    const quantized = graph(
      node('Softmax', 'x', 'p'),
      node('QuantizeLinear', 'p', 'q'),
      node('DequantizeLinear', 'q', 'y'),
    );
    expect(scoresOf(quantized)).toMatchObject({ value: 'x', kind: 'logits' });
    expect(withOutput(softmax, 'z').outputs).toEqual(['y', 'z']);
  });

  test('are what an ArgMax decides by, before a Softmax in front of it', () => {
    const decided = graph(node('Relu', 'x', 'z'), node('ArgMax', 'z', 'c'), node('Cast', 'c', 'y'));
    expect(scoresOf(decided)).toMatchObject({ value: 'z', kind: 'logits' });
    const likely = graph(node('Gemm', 'x', 'z'), node('Softmax', 'z', 'p'), node('ArgMax', 'p', 'y'));
    expect(scoresOf(likely)).toMatchObject({ value: 'z', kind: 'logits' });
  });

  test('of all outputs are quantities: indices are none, and what is selected is told by what it is selected from', () => {
    const types = (dtype: 'float32' | 'int64', ...values: string[]) =>
      values.map((value) => [value, { dtype, dims: [1] }] as const);
    const selecting: Graph = {
      ...graph(
        node('Gemm', 'x', 'boxes'),
        node('Relu', 'x', 'scores'),
        { ...node('NonMaxSuppression', 'boxes', 'found'), inputs: ['boxes', 'scores', 'most'] },
        { ...node('Gather', 'boxes', 'picked'), inputs: ['boxes', 'found'] },
        node('Shape', 'x', 'size'),
        node('ArgMax', 'scores', 'class'),
      ),
      outputs: ['picked', 'size', 'class'],
      types: new Map([...types('float32', 'boxes', 'scores', 'picked'), ...types('int64', 'found', 'size', 'class')]),
    };
    expect(answersOf(selecting)).toEqual(['boxes', 'scores']);
    expect(answersOf({ ...selecting, outputs: ['size', 'boxes'] })).toEqual(['boxes']);
    expect(answersOf({ ...selecting, outputs: ['size'] })).toEqual(['size']);
  });

  test('are the outputs where there is none', () => {
    expect(scoresOf(graph(node('Gemm', 'x', 'z'), node('Relu', 'z', 'y')))).toEqual({ value: 'y', kind: 'outputs' });
    expect(scoresOf(graph(node('Identity', 'x', 'y')))).toEqual({ value: 'y', kind: 'outputs' });
  });
});

test('a stopwatch adds up what comes again, also what fails', async () => {
  const watch = new Stopwatch();
  await watch.time('a', () => 1);
  await watch.time('b', async () => 2);
  await expect(watch.time('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(watch.stages.map(({ name }) => name)).toEqual(['a', 'b']);
});
