import { describe, expect, it } from 'vitest';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { sensitivity } from '../../../engine/quantize/sensitivity.ts';
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
  it('is empty where nothing is in codes', async () => {
    const data = samplesFor(graph, 2);
    const model = await quantize(graph, { arithmetic: 'ort', nodes: {} }, data);
    expect(await sensitivity(graph, model, data, { compile: byReference })).toEqual([]);
  });
});
