import { describe, expect, it } from 'vitest';
import { makeNode } from '../../../engine/graph/build.ts';
import { lazyTensor } from '../../../engine/lazy-tensor.ts';
import { edgeKey } from '../../../engine/quantize/assignment.ts';
import { forgetAll, makeGraph, type PlanOptions, quantize, random, samplesFor, uniformPlan } from './small.ts';

const weight = random(3, [24, 6]);
const net = () =>
  makeGraph({
    inputs: { x: [1, 24] },
    outputs: ['y'],
    constants: { w: lazyTensor('float32', weight.dims, () => weight.data) },
    nodes: [makeNode('matmul', 'MatMul', ['x', 'w'], ['y'])],
  });

async function codesOf(options: PlanOptions) {
  const graph = net();
  const { assignment, findings } = await quantize(graph, uniformPlan(graph, options), samplesFor(graph, 2));
  return { entry: assignment.entries.get(edgeKey('matmul', 'weight'))!, findings };
}

describe('codes of a weight that is read anew each time', () => {
  it.each([
    { weights: 'uint4', weightScheme: 'affine', granularity: 'per-group(5)', method: 'hqq' },
    { weights: 'uint4', weightScheme: 'affine', granularity: 'per-channel', method: 'hqq' },
    { weights: 'int4', granularity: 'per-tensor', method: 'omse' },
    { weights: 'int8', granularity: 'per-block(2x4)', method: 'round-to-nearest' },
    { weights: 'kmeans(4)', granularity: 'per-channel', method: 'round-to-nearest' },
  ] as const)('are the same after they were forgotten: $weights $granularity using $method', async (options) => {
    const { entry } = await codesOf(options);
    const first = entry.codes;
    expect(entry.codes).toBe(first);
    forgetAll();
    expect(entry.codes).not.toBe(first);
    expect(entry.codes).toEqual(first);
  });
});

describe('a method that takes integers of every granularity', () => {
  const whys = async (options: PlanOptions) => {
    const { findings } = await codesOf({ ...options, method: 'hqq' });
    return findings.filter(({ code }) => code === 'quantize/method-fallback').map(({ why }) => why);
  };

  it('is used for groups', async () => {
    const [fitted, rounded] = await Promise.all(
      ['hqq', 'round-to-nearest'].map((method) => codesOf({ weights: 'int2', granularity: 'per-group(12)', method })),
    );
    expect(fitted!.entry.scale).not.toEqual(rounded!.entry.scale);
    expect(await whys({ weights: 'int2', granularity: 'per-group(12)' })).toEqual([]);
  });

  it('says that it takes nothing else', async () => {
    expect(await whys({ weights: 'kmeans(4)' })).toEqual(['The method takes integers, not kmeans(4).']);
  });
});

describe('a method that looks at samples', () => {
  it.each([
    { inputs: 4096, whys: [] },
    { inputs: 4097, whys: ['The layer has too many inputs: the method keeps a square matrix of them.'] },
  ])('takes layers of up to 4,096 inputs, not $inputs', async ({ inputs, whys }) => {
    const graph = makeGraph({
      inputs: { x: [1, inputs] },
      outputs: ['y'],
      constants: { w: random(3, [inputs, 2]) },
      nodes: [makeNode('matmul', 'MatMul', ['x', 'w'], ['y'])],
    });
    const plan = uniformPlan(graph, { weights: 'int4', granularity: 'per-group(100)', method: 'gptq' });
    const { findings } = await quantize(graph, plan, samplesFor(graph, 1));
    const told = findings.filter(({ code }) => code === 'quantize/method-fallback');
    expect(told.map(({ why }) => why)).toEqual(whys);
  });
});
