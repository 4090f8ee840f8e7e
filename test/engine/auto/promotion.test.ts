import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NarrowLayer, promoted, weightSizes, worthPromoting } from '../../../engine/auto/promotion.ts';
import { makeNode } from '../../../engine/graph/build.ts';
import { choice, makeGraph, random, uniformPlan } from '../quantize/small.ts';

const layer = (name: string, weights: number, bits = 4): NarrowLayer => ({ name, weights, bits });
const costOf = ({ weights, bits }: NarrowLayer) => (weights * (8 - bits)) / 8;

describe('which layers are worth 8 bits', () => {
  it.each([
    { what: 'the noisiest for its size first', noise: { a: 40, b: 1, c: 1 }, bytes: 50, chosen: ['a'] },
    { what: 'small before large at the same noise', noise: { a: 1, b: 1, c: 1 }, bytes: 5, chosen: ['c'] },
    { what: 'what does not fit is passed over', noise: { a: 90, b: 1, c: 1 }, bytes: 45, chosen: ['c', 'b'] },
    { what: 'all where all fit', noise: { a: 3, b: 2, c: 1 }, bytes: 1000, chosen: ['c', 'a', 'b'] },
    { what: 'none without bytes', noise: { a: 3, b: 2, c: 1 }, bytes: 0, chosen: [] },
  ])('$what', ({ noise, bytes, chosen }) => {
    const layers = [layer('a', 100), layer('b', 80), layer('c', 10)];
    const own = worthPromoting(layers, new Map(Object.entries(noise)), bytes);
    expect(own.map(({ name }) => name)).toEqual(chosen);
  });

  it('never spends more than it may', () => {
    const layers = fc.array(
      fc.record({ weights: fc.integer({ min: 1, max: 500 }), noise: fc.double({ min: 0, max: 9, noNaN: true }) }),
    );
    fc.assert(
      fc.property(layers, fc.nat(800), (drawn, bytes) => {
        const all = drawn.map(({ weights }, i) => layer(String(i), weights));
        const noise = new Map(drawn.map((own, i) => [String(i), own.noise]));
        const spent = worthPromoting(all, noise, bytes).reduce((sum, own) => sum + costOf(own), 0);
        expect(spent).toBeLessThanOrEqual(bytes);
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
  const weightOf = (name: string) => (name === 'a' ? 'w1' : 'w2');

  it('has the sizes of its weights', () => {
    const sizes = weightSizes(graph, uniformPlan(graph, { weights: 'int4' }), weightOf);
    expect(sizes).toEqual({ narrow: [layer('a', 32), layer('b', 8)], planned: 20, wide: 40 });
  });

  it('has no narrow layers where formats are locked or wide', () => {
    const plan = uniformPlan(graph, { weights: 'int8' });
    const locked = { ...plan.nodes['a'], weight: choice('int4', { locked: true }) };
    expect(weightSizes(graph, { ...plan, nodes: { ...plan.nodes, a: locked } }, weightOf).narrow).toEqual([]);
  });

  it('gets 8 bits for the layers named, of the same sign, and stays as it is elsewhere', () => {
    const plan = uniformPlan(graph, { weights: 'uint4' });
    const own = promoted(plan, [layer('b', 8)]);
    expect(own.nodes['b']!.weight).toEqual({ ...plan.nodes['b']!.weight, format: 'uint8' });
    expect(own.nodes['a']).toBe(own.nodes['a']);
    expect(own.nodes['a']!.weight).toEqual(plan.nodes['a']!.weight);
    expect(own.nodes['b']!['output[0]']).toEqual(plan.nodes['b']!['output[0]']);
  });
});
