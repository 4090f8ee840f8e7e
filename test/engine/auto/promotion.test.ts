import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type NarrowLayer,
  type Promotion,
  promoted,
  weightSizes,
  worthPromoting,
} from '../../../engine/auto/promotion.ts';
import { makeNode } from '../../../engine/graph/build.ts';
import { choice, makeGraph, random, uniformPlan } from '../quantize/small.ts';

const layer = (name: string, weights: number, bits = 4, steps: readonly number[] = [5, 6, 7, 8]): NarrowLayer => ({
  name,
  weights,
  bits,
  steps,
});
const costOf = ({ layer, bits }: Promotion) => (layer.weights * (bits - layer.bits)) / 8;
const bitsOf = (promotions: readonly Promotion[]) =>
  Object.fromEntries(promotions.map(({ layer: { name }, bits }) => [name, bits]));

describe('which layers are worth more bits', () => {
  it.each([
    { what: 'the noisiest for its size first', noise: { a: 40, b: 1, c: 0.1 }, bytes: 12.5, chosen: { a: 5 } },
    { what: 'small before large at the same noise', noise: { a: 1, b: 1, c: 1 }, bytes: 5, chosen: { c: 8 } },
    {
      what: 'a second bit where a quarter of the noise is still the most',
      noise: { a: 100, b: 10, c: 0 },
      bytes: 25,
      chosen: { a: 6 },
    },
    { what: 'the first bit of another otherwise', noise: { a: 20, b: 10, c: 0 }, bytes: 22.5, chosen: { a: 5, b: 5 } },
    { what: 'what does not fit is passed over', noise: { a: 90, b: 4, c: 0.001 }, bytes: 12, chosen: { b: 5, c: 5 } },
    { what: 'all 8 where all fit', noise: { a: 3, b: 2, c: 1 }, bytes: 1000, chosen: { a: 8, b: 8, c: 8 } },
    { what: 'codes that leave no answer', noise: { a: Infinity, b: 1, c: 1 }, bytes: 12.5, chosen: { a: 5 } },
    { what: 'none without bytes', noise: { a: 3, b: 2, c: 1 }, bytes: 0, chosen: {} },
  ])('$what', ({ noise, bytes, chosen }) => {
    const layers = [layer('a', 100), layer('b', 80), layer('c', 10)];
    expect(bitsOf(worthPromoting(layers, new Map(Object.entries(noise)), bytes))).toEqual(chosen);
  });

  it('goes by the steps that a layer may take: 8 bits at once, or none', () => {
    const layers = [layer('a', 100, 4, [8]), layer('b', 80)];
    const noise = new Map([
      ['a', 9],
      ['b', 1],
    ]);
    expect(bitsOf(worthPromoting(layers, noise, 50))).toEqual({ a: 8 });
    expect(bitsOf(worthPromoting(layers, noise, 49))).toEqual({ b: 8 });
  });

  it('never spends more than it may, and no more could be spent', () => {
    const layers = fc.array(
      fc.record({ weights: fc.integer({ min: 1, max: 500 }), noise: fc.double({ min: 0, max: 9, noNaN: true }) }),
    );
    fc.assert(
      fc.property(layers, fc.nat(800), (drawn, bytes) => {
        const all = drawn.map(({ weights }, i) => layer(String(i), weights));
        const noise = new Map(drawn.map((own, i) => [String(i), own.noise]));
        const given = worthPromoting(all, noise, bytes);
        const left = given.reduce((sum, own) => sum - costOf(own), bytes);
        expect(left).toBeGreaterThanOrEqual(0);
        const bits = new Map(given.map(({ layer: { name }, bits: own }) => [name, own]));
        for (const { name, weights } of all) if ((bits.get(name) ?? 4) < 8) expect(weights / 8).toBeGreaterThan(left);
      }),
    );
  });
});

describe('a plan', () => {
  const graph = makeGraph({
    inputs: { x: [1, 8] },
    outputs: ['y'],
    constants: { w1: random(1, [8, 4]), w2: random(2, [4, 2]) },
    nodes: [makeNode('a', 'MatMul', ['x', 'w1'], ['h']), makeNode('b', 'MatMul', ['h', 'w2'], ['y'])],
  });
  const weightsOf = (name: string) => (name === 'a' ? ['w1'] : ['w2']);

  it('has the sizes of its weights', () => {
    const sizes = weightSizes(graph, uniformPlan(graph, { weights: 'int4' }), weightsOf);
    expect(sizes).toEqual({ narrow: [layer('a', 32, 4, [8]), layer('b', 8, 4, [8])], planned: 20, wide: 40 });
  });

  it.each([
    { what: 'every bit', size: 100, weights: 'int4', steps: [5, 6, 7, 8] },
    { what: 'a type of ONNX that is wider', size: 100, weights: 'int2', steps: [3, 4, 5, 6, 7, 8] },
    { what: 'what a file of small weights holds without a byte each', size: 40, weights: 'int3', steps: [4, 5, 8] },
    { what: '8 bits from another format', size: 100, weights: 'kmeans(4)', steps: [8] },
  ])('may take as its next step $what', ({ size, weights, steps }) => {
    const large = makeGraph({
      inputs: { x: [1, size] },
      outputs: ['y'],
      constants: { w: random(1, [size, size]) },
      nodes: [makeNode('a', 'MatMul', ['x', 'w'], ['y'])],
    });
    const { narrow } = weightSizes(large, uniformPlan(large, { weights }), () => ['w']);
    expect(narrow[0]!.steps).toEqual(steps);
  });

  it('has the sizes of a layer with two weights together', () => {
    const plan = uniformPlan(graph, { weights: 'int4', float: ['b'] });
    const sizes = weightSizes(graph, plan, (name) => (name === 'a' ? ['w1', 'w2'] : []));
    expect(sizes).toEqual({ narrow: [layer('a', 40, 4, [8])], planned: 20, wide: 40 });
  });

  it('counts weights that two layers read once, and gives both the same bits', () => {
    const plan = uniformPlan(graph, { weights: 'int4' });
    const { narrow, planned, wide } = weightSizes(graph, plan, () => ['w1']);
    expect(narrow).toEqual([{ ...layer('a', 32, 4, [8]), others: ['b'] }]);
    expect([planned, wide]).toEqual([16, 32]);
    const noise = new Map([
      ['a', 1],
      ['b', 2],
    ]);
    const own = promoted(plan, worthPromoting(narrow, noise, 16));
    expect([own.nodes['a']!.weight!.format, own.nodes['b']!.weight!.format]).toEqual(['int8', 'int8']);
  });

  it('has no narrow layers where formats are locked or wide', () => {
    const plan = uniformPlan(graph, { weights: 'int8' });
    const locked = { ...plan.nodes['a'], weight: choice('int4', { locked: true }) };
    expect(weightSizes(graph, { ...plan, nodes: { ...plan.nodes, a: locked } }, weightsOf).narrow).toEqual([]);
  });

  it('gets as many bits for the layers named, of the same sign, and stays as it is elsewhere', () => {
    const plan = uniformPlan(graph, { weights: 'uint4' });
    const own = promoted(plan, [{ layer: layer('b', 8), bits: 6 }]);
    expect(own.nodes['b']!.weight).toEqual({ ...plan.nodes['b']!.weight, format: 'uint6' });
    expect(own.nodes['a']).toBe(own.nodes['a']);
    expect(own.nodes['a']!.weight).toEqual(plan.nodes['a']!.weight);
    expect(own.nodes['b']!['output[0]']).toEqual(plan.nodes['b']!['output[0]']);
  });
});
