import { describe, expect, it } from 'vitest';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { dataFree } from '../../../engine/methods/data-free.ts';
import { optimize } from '../../../engine/passes/index.ts';
import type { Plan } from '../../../engine/plan.ts';
import { assign } from '../../../engine/quantize/assign.ts';
import { noStatistics } from '../../../engine/quantize/calibrate.ts';
import { simulate } from '../../../engine/readings/simulate.ts';
import {
  channelDistributions,
  clippedMean,
  expectedInputs,
  expectedMean,
} from '../../../engine/rescaling/channel-distributions.ts';
import { equalizeLayers } from '../../../engine/rescaling/data-free.ts';
import { float32Tensor } from '../../../engine/tensor.ts';
import { problemOf } from '../methods/problems.ts';
import { makeGraph, random, samplesFor, uniformPlan } from '../quantize/small.ts';

const tensor = (dims: readonly number[], values: readonly number[]) => float32Tensor(dims, Float32Array.from(values));

/** x → convolution → normalisation → Relu → 1×1 convolution; β and γ of two channels. */
function normalized(beta: readonly number[], gamma: readonly number[]): Graph {
  return makeGraph({
    inputs: { x: [1, 3, 6, 6] },
    outputs: ['y'],
    constants: {
      'a.w': random(1, [2, 3, 3, 3]),
      gamma: tensor([2], gamma),
      beta: tensor([2], beta),
      mean: random(2, [2], 0.2),
      variance: tensor([2], [2, 3]),
      'b.w': random(3, [4, 2, 1, 1]),
      'b.b': random(4, [4]),
    },
    nodes: [
      makeNode('a', 'Conv', ['x', 'a.w'], ['a.out']),
      makeNode('norm', 'BatchNormalization', ['a.out', 'gamma', 'beta', 'mean', 'variance'], ['norm.out']),
      makeNode('relu', 'Relu', ['norm.out'], ['relu.out']),
      makeNode('b', 'Conv', ['relu.out', 'b.w', 'b.b'], ['y']),
    ],
  });
}

const words = { granularity: 'per-tensor', activations: 'float', weights: 'int4' } as const;

function planFor(graph: Graph, args: Readonly<Record<string, number>> = {}): Plan {
  return uniformPlan(graph, { ...words, method: 'data-free', arguments: args });
}

function prepared(original: Graph) {
  const { graph } = optimize(original);
  return { graph, distributions: channelDistributions(original, graph) };
}

const weightsOf = (graph: Graph, name: string, index = 1) =>
  graph.initializers.get(graph.nodes.find((node) => node.name === name)!.inputs[index]!)!.data as Float32Array;
const range = (values: Iterable<number>) => Math.max(...Array.from(values, Math.abs));
const furthest = (a: Float32Array, b: Float32Array) => range(a.map((value, k) => value - b[k]!));
const answer = (graph: Graph, input: Parameters<typeof evaluateGraph>[1]) =>
  evaluateGraph(graph, input).get('y')!.data as Float32Array;

describe('what normalisations tell', () => {
  it('is known of the layer that they were folded into', () => {
    const { graph, distributions } = prepared(normalized([1, -2], [0.5, -3]));
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Conv', 'Relu', 'Conv']);
    expect(distributions.get('norm.out')).toEqual({
      mean: Float64Array.of(1, -2),
      deviation: Float64Array.of(0.5, 3),
    });
  });

  it.each([
    { mean: 0.7, deviation: 1.3, min: 0, max: Number.POSITIVE_INFINITY },
    { mean: -2, deviation: 0.5, min: 0, max: Number.POSITIVE_INFINITY },
    { mean: 3, deviation: 2, min: 0, max: 6 },
    { mean: 3, deviation: 2, min: Number.NEGATIVE_INFINITY, max: 4 },
    { mean: 1.5, deviation: 0, min: 0, max: 1 },
  ])('is the mean of a Gaussian between bounds: %o', ({ mean, deviation, min, max }) => {
    // Midpoints of a fine grid out to ten deviations.
    const steps = 20_000;
    let sum = 0;
    for (let i = 0; i < steps; i++) {
      const z = -10 + (20 * (i + 0.5)) / steps;
      const density = (Math.exp(-(z ** 2) / 2) / Math.sqrt(2 * Math.PI)) * (20 / steps);
      sum += density * Math.min(max, Math.max(min, mean + deviation * z));
    }
    expect(clippedMean(mean, deviation, { min, max })).toBeCloseTo(sum, 6);
  });

  it('goes through sums and pooling, and ends at what no normalisation stands before', () => {
    const distributions = new Map([
      ['a', { mean: Float64Array.of(1, 2), deviation: Float64Array.of(1, 1) }],
      ['b', { mean: Float64Array.of(-3, 0), deviation: Float64Array.of(0, 0) }],
    ]);
    const graph = makeGraph({
      inputs: { a: [1, 2, 4, 4], b: [1, 2, 4, 4], c: [1, 2, 4, 4] },
      outputs: ['flat', 'other'],
      nodes: [
        makeNode('r', 'Relu', ['b'], ['r.out']),
        makeNode('sum', 'Add', ['a', 'r.out'], ['sum.out']),
        makeNode('pool', 'GlobalAveragePool', ['sum.out'], ['pool.out']),
        makeNode('flatten', 'Flatten', ['pool.out'], ['flat']),
        makeNode('mixed', 'Add', ['a', 'c'], ['other']),
      ],
    });
    expect(expectedMean('flat', graph, distributions)).toEqual(Float64Array.of(1, 2));
    expect(expectedMean('other', graph, distributions)).toBeUndefined();
  });
});

describe('cross-layer equalisation', () => {
  it('gives both sides of every channel the same range, and leaves the float model as it is', async () => {
    const original = normalized([1, 1.1], [2, 2]);
    const { graph, distributions } = prepared(original);
    // A quiet channel.
    const [weight, bias] = graph.nodes[0]!.inputs.slice(1) as [string, string];
    const quiet = (index: number, of: (at: number) => boolean) =>
      Array.from(weightsOf(graph, 'a', index), (value, at) => (of(at) ? value : value / 40));
    const uneven = { ...graph, initializers: new Map(graph.initializers) };
    uneven.initializers.set(
      weight,
      tensor(
        [2, 3, 3, 3],
        quiet(1, (at) => at < 27),
      ),
    );
    uneven.initializers.set(
      bias,
      tensor(
        [2],
        quiet(2, (at) => at < 1),
      ),
    );
    const result = equalizeLayers(uneven, planFor(uneven, { absorb: 0 }), new Map());
    const [a, b] = [weightsOf(result.graph, 'a'), weightsOf(result.graph, 'b')];
    for (const channel of [0, 1]) {
      const written = range(a.subarray(27 * channel, 27 * (channel + 1)));
      expect(range(b.filter((_, at) => at % 2 === channel)) / written).toBeCloseTo(1, 4);
    }
    const data = samplesFor(original, 3);
    for (let i = 0; i < data.length; i++) {
      const input = await data.sample(i);
      const [before, after] = [answer(uneven, input), answer(result.graph, input)];
      expect(furthest(before, after)).toBeLessThan(1e-4);
    }
    expect(distributions.size).toBe(1);
  });

  it('divides what is known of the channels too', () => {
    const { graph, distributions } = prepared(normalized([1, -2], [2, 3]));
    const result = equalizeLayers(graph, planFor(graph, { absorb: 0 }), distributions);
    const [before, after] = [graph, result.graph].map((own) => weightsOf(own, 'b'));
    const own = result.distributions.get('norm.out')!;
    expect(own.mean[0]! * (after![0]! / before![0]!)).toBeCloseTo(1, 5);
    expect(own.deviation[1]! * (after![1]! / before![1]!)).toBeCloseTo(3, 5);
  });

  const hardlyMoving = () => prepared(normalized([1, 1], [1, 1e-9]));

  it('brings no channel beyond the one that reaches furthest: tiny weights may have a bias', () => {
    const { graph, distributions } = hardlyMoving();
    const result = equalizeLayers(graph, planFor(graph, { absorb: 0 }), distributions);
    const { mean, deviation } = result.distributions.get('norm.out')!;
    expect(mean[1]! + 3 * deviation[1]!).toBeLessThan(1.01 * (mean[0]! + 3 * deviation[0]!));
  });

  it('goes by the biases where no normalisation tells how far channels reach', () => {
    const { graph } = hardlyMoving();
    const result = equalizeLayers(graph, planFor(graph, { absorb: 0 }), new Map());
    const [first, second] = Array.from(weightsOf(result.graph, 'a', 2), Math.abs);
    expect(second! / first!).toBeLessThan(1.01);
  });
});

describe('absorption of high biases', () => {
  it('moves β − 3γ behind the Relu and changes nothing for values above it', async () => {
    // The second channel is far above zero everywhere.
    const { graph, distributions } = prepared(normalized([0.1, 50], [1, 1]));
    const result = equalizeLayers(graph, planFor(graph, { 'cross-layer': 0 }), distributions);
    const [before, after] = [weightsOf(graph, 'a', 2), weightsOf(result.graph, 'a', 2)];
    expect(after[0]).toBe(before[0]);
    expect(before[1]! - after[1]!).toBeCloseTo(47, 4);
    expect(result.distributions.get('norm.out')!.mean[1]).toBeCloseTo(3, 10);
    const input = await samplesFor(graph, 1).sample(0);
    expect(furthest(answer(graph, input), answer(result.graph, input))).toBeLessThan(1e-3);
    expect(result.findings.map(({ code }) => code)).toEqual(['quantize/absorbed-biases']);
  });

  it('leaves a layer alone that adds zeros around its input: these were never absorbed', () => {
    const original = normalized([0.1, 50], [1, 1]);
    const padded = {
      ...original,
      nodes: original.nodes.map((node) =>
        node.name === 'b' ? { ...node, attributes: { pads: attribute.ints([1, 1, 1, 1]) } } : node,
      ),
    };
    const { graph, distributions } = prepared(padded);
    expect(equalizeLayers(graph, planFor(graph, { 'cross-layer': 0 }), distributions).graph).toBe(graph);
  });
});

describe('analytic bias correction', () => {
  it('takes the mean error of the codes away: −Σ (ŵ − w)·E[x]', () => {
    // Scale 1: 0.25 and 3.5 become 0 and 4.
    const means = { groups: 1, mean: () => Float64Array.of(2, 10, -1) };
    const { biasShift } = dataFree.quantize(problemOf([[0.25, 3.5, 7]], 'int4', { means }), {});
    expect([...biasShift!]).toEqual([0.25 * 2 - 0.5 * 10]);
    expect(dataFree.quantize(problemOf([[0.25, 3.5, 7]], 'int4', { means }), { correct: 0 }).biasShift).toBeUndefined();
  });

  it('knows the inputs of a layer behind a normalisation, each tap of a kernel alike', () => {
    const { graph, distributions } = prepared(normalized([1, -2], [0.5, 3]));
    const means = expectedInputs(graph, planFor(graph), distributions);
    expect([...means.keys()]).toEqual(['b']);
    const [first, second] = means.get('b')!.mean(0);
    const relu = { min: 0, max: Number.POSITIVE_INFINITY };
    expect([first, second]).toEqual([clippedMean(1, 0.5, relu), clippedMean(-2, 3, relu)]);
  });
});

it('needs no data and wins where channels differ', async () => {
  // A quiet channel in front of loud weights.
  const original = normalized([0.02, 1], [0.05, 2]);
  const uneven = random(3, [4, 2, 1, 1]).data as Float32Array;
  const weights = tensor(
    [4, 2, 1, 1],
    Array.from(uneven, (weight, at) => (at % 2 === 0 ? 40 * weight : weight)),
  );
  const { graph, distributions } = prepared({
    ...original,
    initializers: new Map(original.initializers).set('b.w', weights),
  });
  const error = async (plan: Plan) => {
    const result = equalizeLayers(graph, plan, distributions);
    const means = expectedInputs(result.graph, plan, result.distributions);
    const model = simulate(await assign(result.graph, plan, { ...noStatistics, means }));
    const data = samplesFor(graph, 6);
    let sum = 0;
    for (let i = 0; i < data.length; i++) {
      const input = await data.sample(i);
      const [float, held] = [answer(graph, input), answer(model, input)];
      float.forEach((value, k) => {
        sum += (held[k]! - value) ** 2;
      });
    }
    return sum;
  };
  const plain = uniformPlan(graph, words);
  expect(await error(planFor(graph))).toBeLessThan(0.5 * (await error(plain)));
});
