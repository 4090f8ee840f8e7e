import { describe, expect, it } from 'vitest';
import { makeNode } from '../../../engine/graph/build.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { nodesBetween, slice } from '../../../engine/graph/slice.ts';
import { makeGraph, random } from '../quantize/small.ts';

/** x → a → b ┐
 *        └──→ c (Add) → d */
const graph = makeGraph({
  inputs: { x: [1, 4] },
  outputs: ['d'],
  constants: { k: random(1, [4]) },
  nodes: [
    makeNode('a', 'Relu', ['x'], ['a']),
    makeNode('b', 'Mul', ['a', 'k'], ['b']),
    makeNode('c', 'Add', ['a', 'b'], ['c']),
    makeNode('d', 'Tanh', ['c'], ['d']),
  ],
});
const names = (given: readonly string[], wanted: readonly string[]) =>
  nodesBetween(graph, new Set(given), wanted).map(({ name }) => name);

describe('the part of a graph between values', () => {
  it.each([
    { given: ['x'], wanted: ['d'], nodes: ['a', 'b', 'c', 'd'] },
    { given: ['a'], wanted: ['d'], nodes: ['b', 'c', 'd'] },
    { given: ['x'], wanted: ['b'], nodes: ['a', 'b'] },
    { given: ['a', 'b'], wanted: ['c'], nodes: ['c'] },
    { given: ['a'], wanted: ['a'], nodes: [] },
  ])('$given to $wanted: $nodes', ({ given, wanted, nodes }) => {
    expect(names(given, wanted)).toEqual(nodes);
  });

  it('computes in two pieces what the whole computes', () => {
    const x = random(2, [1, 4]);
    const whole = evaluateGraph(graph, new Map([['x', x]])).get('d')!;
    const first = slice(graph, new Set(['x']), ['a', 'b']);
    const second = slice(graph, new Set(['a', 'b']), ['d']);
    expect(second.inputs).toEqual(['a', 'b']);
    expect([...second.initializers.keys()]).toEqual([]);
    const between = evaluateGraph(first, new Map([['x', x]]));
    expect(evaluateGraph(second, between).get('d')!.data).toEqual(whole.data);
  });
});
