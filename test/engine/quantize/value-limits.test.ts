import { describe, expect, it } from 'vitest';
import { mapChoices } from '../../../engine/auto/plans.ts';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { edgeKey } from '../../../engine/quantize/assignment.ts';
import { limitsIn } from '../../../engine/quantize/value-limits.ts';
import { float32Tensor } from '../../../engine/tensor.ts';
import { makeGraph, quantize, random, samplesFor, uniformPlan } from './small.ts';

const scalar = (value: number) => float32Tensor([], Float32Array.of(value));
const graph = makeGraph({
  inputs: { x: [1, 3, 6, 6] },
  outputs: ['y'],
  constants: { w: random(1, [4, 3, 1, 1]), zero: scalar(0), six: scalar(6), two: scalar(2) },
  nodes: [
    makeNode('a', 'Conv', ['x', 'w'], ['convolved']),
    makeNode('relu6', 'Clip', ['convolved', 'zero', 'six'], ['bounded']),
    makeNode('pool', 'MaxPool', ['bounded'], ['pooled'], { kernel_shape: attribute.ints([2, 2]) }),
    makeNode('above', 'Clip', ['convolved', 'two', 'six'], ['high']),
    makeNode('moved', 'Transpose', ['high'], ['aside']),
    makeNode('gate', 'Sigmoid', ['convolved'], ['gated']),
    makeNode('squashed', 'Tanh', ['convolved'], ['waves']),
    makeNode('both', 'Concat', ['bounded', 'waves'], ['joined'], { axis: attribute.int(1) }),
    makeNode('all', 'Concat', ['bounded', 'convolved'], ['y'], { axis: attribute.int(1) }),
  ],
});

describe('what a value can be at most', () => {
  const limitsOf = limitsIn(graph);

  it.each([
    ['x', Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    ['convolved', Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    ['bounded', 0, 6],
    ['pooled', 0, 6],
    ['high', 2, 6],
    // Averages of what lies above zero may count zeros around it.
    ['aside', 0, 6],
    ['gated', 0, 1],
    ['waves', -1, 1],
    ['joined', -1, 6],
    ['y', Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  ])('%s: %d to %d', (value, min, max) => {
    expect(limitsOf(value)).toEqual({ min, max });
  });

  it('is as far as a range with a margin goes', async () => {
    const samples = samplesFor(graph, 4);
    const observer = { name: 'min-max', arguments: { margin: 1 } };
    const plan = mapChoices(uniformPlan(graph), (choice) => ({ ...choice, observer }));
    const { assignment } = await quantize(graph, plan, samples);
    const { scale, zeroPoint, range } = assignment.entries.get(edgeKey('gate', 'output[0]'))!;
    expect((range[1] - zeroPoint[0]!) * scale[0]!).toBeCloseTo(1, 5);
  });
});
