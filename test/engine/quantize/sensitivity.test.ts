import { describe, expect, it } from 'vitest';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { sensitivity } from '../../../engine/quantize/sensitivity.ts';
import { float32Tensor } from '../../../engine/tensor.ts';
import { byReference, choice, makeGraph, quantize, random, samplesFor, uniformPlan } from './small.ts';

const conv = (name: string, from: string, to: string) =>
  makeNode(name, 'Conv', [from, `${name}.w`, `${name}.b`], [to], { pads: attribute.ints([1, 1, 1, 1]) });

const graph = makeGraph({
  inputs: { x: [1, 3, 6, 6] },
  outputs: ['y'],
  constants: {
    'a.w': random(1, [4, 3, 3, 3]),
    'a.b': random(2, [4]),
    'b.w': random(3, [4, 4, 3, 3]),
    'b.b': random(4, [4]),
    'c.w': random(5, [2, 4, 3, 3]),
    'c.b': random(6, [2]),
  },
  nodes: [
    conv('a', 'x', 'a1'),
    makeNode('ar', 'Relu', ['a1'], ['a2']),
    conv('b', 'a2', 'b1'),
    makeNode('br', 'Relu', ['b1'], ['b2']),
    conv('c', 'b2', 'y'),
  ],
});

describe('sensitivity', () => {
  it('lists the layers in order and finds the one held in the fewest bits', async () => {
    const plan = uniformPlan(graph);
    const coarse = choice('int3', { scheme: 'symmetric', granularity: 'per-channel' });
    const nodes = { ...plan.nodes, b: { ...plan.nodes['b'], weight: coarse } };
    const data = samplesFor(graph, 6);
    const model = await quantize(graph, { ...plan, nodes }, data);
    const layers = await sensitivity(graph, model, data, { compile: byReference, samples: 4 });
    expect(layers.map(({ layer }) => layer)).toEqual(['a', 'b', 'c']);
    const [a, b, c] = layers.map(({ sqnr }) => sqnr) as [number, number, number];
    expect(b).toBeLessThan(20);
    expect(a).toBeGreaterThan(b + 10);
    expect(c).toBeGreaterThan(b + 10);
  });
  it('measures the layers that are named alone, and finds the same of them', async () => {
    const data = samplesFor(graph, 3);
    const model = await quantize(graph, uniformPlan(graph), data);
    const all = await sensitivity(graph, model, data, { compile: byReference });
    const named = await sensitivity(graph, model, data, { compile: byReference, layers: new Set(['c', 'a']) });
    expect(named).toEqual(all.filter(({ layer }) => layer !== 'b'));
  });
  it('is the mean of several outputs, whatever their magnitudes', async () => {
    const noises = async (loudness: number) => {
      const heads = makeGraph({
        inputs: { x: [1, 8] },
        outputs: ['boxes', 'scores'],
        constants: {
          ...{ w: random(1, [8, 8]), v: random(2, [8, 8]) },
          loudness: float32Tensor([1], Float32Array.of(loudness)),
        },
        nodes: [
          makeNode('box', 'MatMul', ['x', 'w'], ['b']),
          makeNode('loud', 'Mul', ['b', 'loudness'], ['boxes']),
          makeNode('score', 'MatMul', ['x', 'v'], ['scores']),
        ],
      });
      const plan = uniformPlan(heads, { float: ['loud'] });
      const layers = await sensitivity(heads, await quantize(heads, plan, samplesFor(heads, 3)), samplesFor(heads, 3), {
        compile: byReference,
      });
      return layers.map(({ sqnr }) => sqnr);
    };
    const [quiet, loud] = [await noises(1), await noises(1000)];
    expect(quiet).toHaveLength(2);
    for (const [i, sqnr] of quiet.entries()) expect(loud[i]).toBeCloseTo(sqnr, 3);
  });
  it('is that of what classes are decided by, where these are the output', async () => {
    const decide = makeGraph({
      inputs: { x: [1, 8] },
      outputs: ['class'],
      constants: { w: random(1, [8, 4]), v: random(2, [4, 4]) },
      nodes: [
        makeNode('a', 'MatMul', ['x', 'w'], ['h']),
        makeNode('b', 'MatMul', ['h', 'v'], ['z']),
        makeNode('decide', 'ArgMax', ['z'], ['class'], { axis: attribute.int(1) }),
      ],
    });
    const data = samplesFor(decide, 3);
    const model = await quantize(decide, uniformPlan(decide), data);
    const layers = await sensitivity(decide, model, data, { compile: byReference });
    for (const { sqnr } of layers.slice(0, 2)) expect(sqnr).toBeLessThan(80);
  });
  it('is empty where nothing is in codes', async () => {
    const data = samplesFor(graph, 2);
    const model = await quantize(graph, { arithmetic: 'ort', nodes: {} }, data);
    expect(await sensitivity(graph, model, data, { compile: byReference })).toEqual([]);
  });
});
