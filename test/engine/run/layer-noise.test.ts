import { describe, expect, test } from 'vitest';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { assign } from '../../../engine/quantize/assign.ts';
import { edgeKey } from '../../../engine/quantize/assignment.ts';
import { noStatistics } from '../../../engine/quantize/calibrate.ts';
import { outputNoise, weightNoise } from '../../../engine/run/layer-noise.ts';
import { loadKernels } from '../../../kernels/loader.ts';
import { type RecurrentLayer, recurrentGraph } from '../executor/recurrent-graph.ts';
import { choice, makeGraph, quantize, random, samplesFor, uniformPlan } from '../quantize/small.ts';

const conv = (name: string, from: string, to: string) =>
  makeNode(name, 'Conv', [from, `${name}.w`, `${name}.b`], [to], { pads: attribute.ints([1, 1, 1, 1]) });

const graph = makeGraph({
  inputs: { x: [1, 3, 6, 6] },
  outputs: ['y'],
  constants: {
    'a.w': random(1, [4, 3, 3, 3]),
    'a.b': random(2, [4]),
    'b.w': random(3, [2, 4, 3, 3]),
    'b.b': random(4, [2]),
  },
  nodes: [conv('a', 'x', 'a1'), makeNode('ar', 'Relu', ['a1'], ['a2']), conv('b', 'a2', 'y')],
});
const data = samplesFor(graph, 3);
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

async function noiseOf(weight: Parameters<typeof choice>[1]) {
  const plan = uniformPlan(graph);
  const nodes = { ...plan.nodes, b: { ...plan.nodes['b'], weight: choice('int4', weight) } };
  const model = await quantize(graph, { ...plan, nodes }, data);
  const kernels = await loadKernels({ mode: 'strict', threads: 1 });
  try {
    const outputs = await outputNoise(model.graph, model, data, { samples: 3, kernels: async () => kernels });
    return { weights: await weightNoise(model), outputs };
  } finally {
    kernels.dispose();
  }
}

describe('the noise of layers', () => {
  test('counts weights per channel in steps, where all channels share the levels', async () => {
    const { weights } = await noiseOf({ scheme: 'symmetric', granularity: 'per-channel' });
    const { unit, before, after, count, clipped, codes, low, high } = weights.get('b')!.histogram;
    expect([unit, count, clipped]).toEqual(['step', 2 * 4 * 9, 0]);
    expect(codes).toMatchObject({ format: 'int4', channels: 2, zeroPoint: 0, step: 1 });
    expect(codes!.scale[0]).toBeLessThanOrEqual(codes!.scale[1]);
    expect([sum(before), sum(after)]).toEqual([count, count]);
    // What the codes stand for falls on the levels, and on nothing between them.
    const width = (high - low) / after.length;
    for (const [bin, n] of after.entries()) {
      const middle = low + (bin + 0.5) * width;
      if (n > 0) expect(Math.abs(middle - Math.round(middle))).toBeLessThan(1e-9);
    }
    expect(before.filter((n) => n > 0).length).toBeGreaterThan(after.filter((n) => n > 0).length);
  });

  test('counts weights per tensor in their own numbers', async () => {
    const { weights } = await noiseOf({ scheme: 'symmetric', granularity: 'per-tensor' });
    const { unit, codes } = weights.get('b')!.histogram;
    expect(unit).toBe('value');
    expect(codes!.scale).toEqual([codes!.step, codes!.step]);
  });

  test('counts outputs over all samples on the grid of their codes', async () => {
    const { outputs } = await noiseOf({ scheme: 'symmetric', granularity: 'per-channel' });
    const { sqnr, histogram } = outputs.get('ar')!;
    expect(sqnr).toBeGreaterThan(20);
    expect(histogram.count).toBe(3 * 4 * 36);
    expect(sum(histogram.after)).toBe(histogram.count);
    expect(histogram.codes).toMatchObject({ format: 'uint8', channels: 1 });
    expect(histogram.before.length).toBeLessThanOrEqual(64);
  });
});

describe('the noise of a recurrent layer', () => {
  const layer: RecurrentLayer = {
    ...{ op: 'LSTM', seed: 3, direction: 'bidirectional', layout: 0, steps: 3, batch: 1, size: 5, hidden: 4 },
    ...{ given: [true, false, false, false], wanted: [true, false, false], flag: false, clip: undefined },
    activations: undefined,
  };

  test('is that of both its weights, gate by gate', async () => {
    const own = recurrentGraph(layer);
    const model = await assign(own, uniformPlan(own, { weights: 'int4', activations: 'float' }), noStatistics);
    const { sqnr, weights, histogram } = (await weightNoise(model)).get('layer')!;
    // Four gates of four units in two directions, each with five inputs and four of the state.
    expect(weights!.channelSqnr.length).toBe(32);
    expect(histogram.count).toBe(32 * 9);
    expect(weights!.levels).toEqual({ used: 15, of: 15 });
    expect(sqnr).toBeGreaterThan(Math.min(...weights!.channelSqnr));
    expect(sqnr).toBeLessThan(Math.max(...weights!.channelSqnr));
    // Per row: what is far off in one gate's state shows there and nowhere else.
    const key = edgeKey('layer', 'recurrent');
    const entry = model.assignment.entries.get(key)!;
    const codes = Int8Array.from(entry.codes as Int8Array, (code, i) => (i < 4 ? -code : code));
    const entries = new Map(model.assignment.entries).set(key, { ...entry, codes });
    const broken = await weightNoise({ ...model, assignment: { ...model.assignment, entries } });
    const { channelSqnr } = broken.get('layer')!.weights!;
    expect(channelSqnr[0]).toBeLessThan(3);
    expect(channelSqnr.slice(1)).toEqual(weights!.channelSqnr.slice(1));
  });
});
