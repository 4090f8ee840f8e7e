import { describe, expect, it } from 'vitest';
import { decodeTensor } from '../../../engine/formats/held-tensor.ts';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { isLazy, lazyTensor } from '../../../engine/lazy-tensor.ts';
import type { PruneAmount, PruneChoice } from '../../../engine/plan.ts';
import { pruneGraph } from '../../../engine/pruning/prune.ts';
import { edgeKey, type QuantizedTensor } from '../../../engine/quantize/assignment.ts';
import { needsReconstruction, reconstruct } from '../../../engine/quantize/reconstruct.ts';
import { weightNoise } from '../../../engine/run/layer-noise.ts';
import { zerosOf } from '../../../engine/run/prune.ts';
import { byReference, makeGraph, quantize, random, samplesFor, uniformPlan } from '../quantize/small.ts';

const choice = (amount: PruneAmount, criterion = 'magnitude'): PruneChoice => ({
  amount,
  criterion: { name: criterion, arguments: {} },
  origin: {},
});
const half = choice({ kind: 'weights', share: 0.5 });

/** A convolution, a Gemm with its inputs along the second axis, and a MatMul with them along the first. */
const net = () =>
  makeGraph({
    inputs: { x: [1, 4, 4, 4] },
    outputs: ['z'],
    constants: {
      'conv.w': random(1, [8, 4, 3, 3]),
      'conv.b': random(2, [8]),
      shape: { dtype: 'int64', dims: [2], data: BigInt64Array.of(1n, -1n) },
      'gemm.w': random(3, [6, 32]),
      'gemm.b': random(4, [6]),
      'matmul.w': random(5, [6, 5]),
    },
    nodes: [
      makeNode('conv', 'Conv', ['x', 'conv.w', 'conv.b'], ['a']),
      makeNode('flat', 'Reshape', ['a', 'shape'], ['b']),
      makeNode('gemm', 'Gemm', ['b', 'gemm.w', 'gemm.b'], ['y'], { transB: attribute.int(1) }),
      makeNode('matmul', 'MatMul', ['y', 'matmul.w'], ['z']),
    ],
  });

const values = (graph: Graph, name: string) => graph.initializers.get(name)!.data as Float32Array;
const zeros = (list: Float32Array) => list.filter((value) => value === 0).length;

describe('pruning a graph', () => {
  it('sets the least weights of the named layers to zero, and leaves all others as they are', async () => {
    const graph = net();
    const { graph: pruned, layers, findings } = await pruneGraph(graph, { nodes: { conv: half } });
    expect([...layers]).toEqual(['conv']);
    expect(findings).toEqual([]);
    const [before, after] = [values(graph, 'conv.w'), values(pruned, 'conv.w')];
    expect(zeros(after)).toBe(before.length / 2);
    const kept = before.filter((_, i) => after[i] !== 0).map(Math.abs);
    const gone = before.filter((_, i) => after[i] === 0).map(Math.abs);
    expect(Math.max(...gone)).toBeLessThanOrEqual(Math.min(...kept));
    expect(values(pruned, 'gemm.w')).toBe(values(graph, 'gemm.w'));
    expect(values(pruned, 'conv.b')).toBe(values(graph, 'conv.b'));
  });

  it('lays a pattern along the inputs of each operator', async () => {
    const pattern = choice({ kind: 'pattern', kept: 1, of: 2 });
    const { graph } = await pruneGraph(net(), { nodes: { conv: pattern, gemm: pattern, matmul: pattern } });
    const conv = values(graph, 'conv.w');
    for (let o = 0; o < 8; o++)
      for (let i = 0; i < 4; i += 2)
        for (let k = 0; k < 9; k++)
          expect([conv[(o * 4 + i) * 9 + k], conv[(o * 4 + i + 1) * 9 + k]].filter((value) => value === 0).length).toBe(
            1,
          );
    const gemm = values(graph, 'gemm.w');
    for (let i = 0; i < gemm.length; i += 2) expect(zeros(gemm.slice(i, i + 2))).toBe(1);
    const matmul = values(graph, 'matmul.w');
    for (let row = 0; row < 6; row += 2)
      for (let o = 0; o < 5; o++)
        expect([matmul[row * 5 + o], matmul[(row + 1) * 5 + o]].filter((v) => v === 0).length).toBe(1);
  });

  it('takes channels out with all that is laid along them, and zeros in what is left', async () => {
    const channels = choice({ kind: 'channels', share: 0.25 });
    const { graph, layers, zeroed } = await pruneGraph(net(), { nodes: { conv: channels, gemm: half } });
    expect(graph.initializers.get('conv.w')!.dims).toEqual([6, 4, 3, 3]);
    expect(graph.initializers.get('conv.b')!.dims).toEqual([6]);
    expect(graph.initializers.get('gemm.w')!.dims).toEqual([6, 24]);
    // Half of the weights that are left.
    expect(zeros(values(graph, 'gemm.w'))).toBe((6 * 24) / 2);
    expect([...layers]).toEqual(['conv', 'gemm']);
    expect([...zeroed]).toEqual(['gemm']);
  });

  it('keeps a weight that another layer reads as well', async () => {
    const shared = makeGraph({
      inputs: { x: [1, 6] },
      outputs: ['z'],
      constants: { w: random(1, [6, 6]) },
      nodes: [makeNode('a', 'MatMul', ['x', 'w'], ['y']), makeNode('b', 'MatMul', ['y', 'w'], ['z'])],
    });
    const one = await pruneGraph(shared, { nodes: { a: half } });
    expect(zeros(values(one.graph, one.graph.nodes[1]!.inputs[1]!))).toBe(0);
    expect(zeros(values(one.graph, one.graph.nodes[0]!.inputs[1]!))).toBe(18);
    const both = await pruneGraph(shared, { nodes: { a: half, b: choice({ kind: 'weights', share: 1 }) } });
    expect(both.graph.initializers.size).toBe(2);
    expect(zeros(values(both.graph, both.graph.nodes[1]!.inputs[1]!))).toBe(36);
  });

  it('tells of a layer whose weights are no constant', async () => {
    const computed = makeGraph({
      inputs: { x: [1, 6], w: [6, 6] },
      outputs: ['y'],
      nodes: [makeNode('a', 'MatMul', ['x', 'w'], ['y'])],
    });
    const { findings, layers, graph } = await pruneGraph(computed, { nodes: { a: half } });
    expect(findings.map(({ code, what }) => [code, what])).toEqual([
      ['prune/not-pruned', 'MatMul “a” keeps all its weights: its weight is computed by the model, not stored in it.'],
    ]);
    expect(layers.size).toBe(0);
    expect(graph.nodes).toEqual(computed.nodes);
  });

  it('holds no large weight in memory: what was lazy is lazy', async () => {
    const graph = net();
    const data = values(graph, 'gemm.w');
    const lazy = { ...graph, initializers: new Map(graph.initializers) };
    lazy.initializers.set(
      'gemm.w',
      lazyTensor('float32', [6, 32], () => data),
    );
    const { graph: pruned } = await pruneGraph(lazy, { nodes: { gemm: half } });
    expect(isLazy(pruned.initializers.get('gemm.w')!)).toBe(true);
    expect(values(pruned, 'gemm.w')).toEqual(
      values((await pruneGraph(graph, { nodes: { gemm: half } })).graph, 'gemm.w'),
    );
  });
});

describe('quantising a pruned graph', () => {
  const progress = { report: () => {}, signal: new AbortController().signal };

  it.each([
    ['int8', 'symmetric', 'round-to-nearest'],
    ['int4', 'affine', 'round-to-nearest'],
    ['uint8', 'affine', 'round-to-nearest'],
    ['uint4', 'affine', 'hqq'],
    ['int8', 'symmetric', 'coordinate-descent'],
    ['int8', 'symmetric', 'layer-by-layer'],
    ['int4', 'symmetric', 'layer-by-layer'],
  ] as const)('leaves zeros zero: %s %s using %s', async (weights, weightScheme, method) => {
    const source = net();
    const { graph, layers } = await pruneGraph(source, {
      nodes: { conv: half, gemm: choice({ kind: 'pattern', kept: 2, of: 4 }) },
    });
    // With coarse activations there is much to make up for, and methods move weights far.
    const plan = uniformPlan(graph, { weights, weightScheme, method, activations: 'uint4' });
    const samples = samplesFor(graph, 16);
    const assigned = await quantize(graph, plan, samples);
    const quantized = needsReconstruction(plan)
      ? await reconstruct(assigned, plan, samples, { compile: byReference })
      : assigned;
    const shares = await zerosOf(quantized.graph, layers, await weightNoise(quantized), { progress });
    for (const layer of layers) {
      const weight = quantized.graph.initializers.get(`${layer}.w`)!;
      const entry = quantized.assignment.entries.get(edgeKey(layer, 'weight')) as QuantizedTensor;
      const held = decodeTensor(entry.codes!, weight.dims, entry);
      expect((weight.data as Float32Array).every((value, i) => value !== 0 || held[i] === 0)).toBe(true);
    }
    // Rounding may add zeros, never take one away.
    expect([...shares.keys()]).toEqual(['conv', 'gemm']);
    for (const share of shares.values()) expect(share).toBeGreaterThanOrEqual(0.5);
    expect(shares.get('conv')).toBeLessThan(0.75);
  });
});
