import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../../engine/data/dataset.ts';
import { formatNamed } from '../../../engine/formats/registry.ts';
import { makeNode } from '../../../engine/graph/build.ts';
import type { Expectation } from '../../../engine/plan.ts';
import { Cancelled } from '../../../engine/progress.ts';
import { float32Tensor, int64Tensor } from '../../../engine/tensor.ts';
import { choice, makeGraph, random, samplesFor, uniformPlan } from '../quantize/small.ts';
import { recipe, said } from './small.ts';

const planned = { method: 'layer-by-layer', observer: 'mse' } as const;

/** Two products; the channels between them are as loud as `loudness` says, and the second weighs them down again. */
function twoProducts(loudness: (channel: number) => number) {
  const factors = Float32Array.from({ length: 16 }, (_, i) => loudness(i));
  const second = random(2, [16, 4]);
  const quiet = Float32Array.from(second.data as Float32Array, (value, i) => value / factors[Math.floor(i / 4)]!);
  return makeGraph({
    inputs: { x: [1, 8] },
    outputs: ['y'],
    constants: { w1: random(1, [8, 16]), factors: float32Tensor([16], factors), w2: float32Tensor([16, 4], quiet) },
    nodes: [
      makeNode('a', 'MatMul', ['x', 'w1'], ['h']),
      makeNode('tame', 'Tanh', ['h'], ['t']),
      makeNode('loud', 'Mul', ['t', 'factors'], ['l']),
      makeNode('b', 'MatMul', ['l', 'w2'], ['y']),
    ],
  });
}

/** The logarithm of a power, as in front of networks that hear: its values span more than 255 steps do. */
const logarithm = makeGraph({
  inputs: { x: [1, 8] },
  outputs: ['y'],
  constants: {
    w1: random(1, [8, 64]),
    least: float32Tensor([1], Float32Array.of(1e-9)),
    w2: random(2, [64, 8]),
    w3: random(3, [8, 3]),
  },
  nodes: [
    makeNode('a', 'MatMul', ['x', 'w1'], ['h']),
    makeNode('square', 'Mul', ['h', 'h'], ['p']),
    makeNode('fourth', 'Mul', ['p', 'p'], ['q']),
    makeNode('bounded', 'Max', ['q', 'least'], ['m']),
    makeNode('log', 'Log', ['m'], ['l']),
    makeNode('b', 'MatMul', ['l', 'w2'], ['t']),
    makeNode('c', 'MatMul', ['t', 'w3'], ['y']),
  ],
});

const expectation = (text: string, quantity: string, limit: number): Expectation => ({
  ...{ text, quantity, measure: 'value', comparison: '>=', limit },
});

describe('outliers of channels', () => {
  it('go into the weights where the outputs gain by it', async () => {
    const graph = twoProducts((channel) => (channel === 3 ? 200 : 1));
    const plan = uniformPlan(graph, planned);
    const result = await recipe(graph, plan, samplesFor(graph, 100));
    expect(said(result)).toContainEqual(expect.stringMatching(/^Outliers of activations are moved into the weights/));
    expect(result.plan.nodes['b']!.weight!.method!.arguments['smooth']).toBeGreaterThan(0);
    // That the first layer reads an input of the model, which nothing can divide, is not told: nobody asked for factors.
    expect(result.compressed.findings.map(({ code }) => code)).not.toContain('quantize/not-rescaled');
  });

  it('are left where there are none', async () => {
    const graph = twoProducts(() => 1);
    const result = await recipe(graph, uniformPlan(graph, planned), samplesFor(graph, 100));
    expect(result.plan.nodes['b']!.weight!.method!.arguments).toEqual({});
  });
});

describe('the range of activations', () => {
  const graph = twoProducts(() => 1);
  /** Of what the first layer is given, what lies between them, and what the second is given. */
  const observersOf = async (samples: Dataset) => {
    const { nodes } = (await recipe(graph, uniformPlan(graph, planned), samples)).plan;
    const observers = [nodes['a']!['input[0]'], nodes['a']!['output[0]'], nodes['b']!['input[0]']];
    return observers.map((choice) => choice!.observer);
  };

  it('is wider than what the samples show', async () => {
    const margin = { name: 'min-max', arguments: { margin: 0.1 } };
    expect(await observersOf(samplesFor(graph, 100))).toEqual([margin, margin, margin]);
  });

  it('is narrower where nearly every sample is answered better so', async () => {
    // Eight directions, all of them as long: nothing lies beyond what a few samples show.
    const known = samplesFor(graph, 8);
    const samples: Dataset = { ...known, length: 100, sample: (index) => known.sample(index % 8) };
    const exact = { name: 'min-max', arguments: {} };
    expect(await observersOf(samples)).toEqual([exact, exact, exact]);
  });
});

describe('layers that 8 bits ruin', () => {
  it('stay float, and are told', async () => {
    const samples = samplesFor(logarithm, 100);
    const result = await recipe(logarithm, uniformPlan(logarithm, planned), samples);
    expect(said(result)[0]).toMatch(/^The activations of \d+ layers stay float/);
    expect(result.plan.nodes['fourth']).toEqual({});
    // What lies behind the logarithm and its reader is none of them.
    expect(result.plan.nodes['c']!['output[0]']!.format).toBe('uint8');
  });

  it('stay in codes where their format is locked, and the outputs are told to be noisy', async () => {
    const plan = uniformPlan(logarithm, planned);
    const locked = { ...choice('uint8', { locked: true, observer: { name: 'mse', arguments: {} } }) };
    const nodes = Object.fromEntries(
      Object.entries(plan.nodes).map(([name, roles]) => [name, { ...roles, 'output[0]': locked }]),
    );
    const { compressed } = await recipe(logarithm, { ...plan, nodes }, samplesFor(logarithm, 100));
    expect(compressed.findings.map(({ code }) => code)).toContain('auto/noisy');
  });
});

describe('a budget of accuracy', () => {
  const graph = twoProducts(() => 1);
  const samples = samplesFor(graph, 100);

  it('leaves activations in float until it is met, where they make the noise', async () => {
    const { compressed, plan } = await recipe(graph, uniformPlan(graph, planned), samples, [
      expectation('sqnr >= 46 dB', 'sqnr', 46),
    ]);
    const codes = compressed.findings.map(({ code }) => code);
    expect(codes).not.toContain('auto/budget');
    expect(Object.values(plan.nodes).some((roles) => roles['output[0]'] === undefined)).toBe(true);
  });

  it('gives weights more bits, where these make the noise', async () => {
    const plan = uniformPlan(graph, { ...planned, weights: 'int2' });
    const free = await recipe(graph, plan, samples);
    const asked = await recipe(graph, plan, samples, [expectation('sqnr >= 25 dB', 'sqnr', 25)]);
    const bits = (nodes: typeof plan.nodes) =>
      Object.values(nodes).reduce((sum, { weight }) => sum + (weight ? formatNamed(weight.format).bits : 0), 0);
    expect(bits(asked.plan.nodes)).toBeGreaterThan(bits(free.plan.nodes));
  });

  it('is told to be missed where nothing meets it', async () => {
    const asked = [expectation('sqnr >= 200 dB', 'sqnr', 200)];
    const { compressed } = await recipe(graph, uniformPlan(graph, planned), samples, asked);
    const missed = compressed.findings.find(({ code }) => code === 'auto/budget');
    expect(missed!.what).toContain('“sqnr >= 200 dB” is missed with ');
  });
});

describe('several outputs', () => {
  it('are all heard, whatever their magnitudes', async () => {
    const graph = makeGraph({
      inputs: { x: [1, 8] },
      outputs: ['loud', 'y'],
      constants: { ...Object.fromEntries(logarithm.initializers), w0: random(4, [8, 8], 1000) },
      nodes: [makeNode('other', 'MatMul', ['x', 'w0'], ['loud']), ...logarithm.nodes],
    });
    const result = await recipe(graph, uniformPlan(graph, planned), samplesFor(graph, 100));
    expect(said(result)[0]).toMatch(/^The activations of \d+ layers stay float/);
    expect(result.plan.nodes['fourth']).toEqual({});
    expect(result.plan.nodes['other']!['output[0]']!.format).toBe('uint8');
  });
});

describe('a detector that selects boxes itself', () => {
  it('is judged by the boxes and scores that it selects from, however many it selects', async () => {
    const int64 = (...values: number[]) => int64Tensor([values.length], values);
    const graph = makeGraph({
      inputs: { x: [1, 64] },
      outputs: ['selected'],
      constants: {
        ...{ w: random(1, [64, 80]), v: random(2, [64, 40]) },
        ...{ boxes: int64(1, 20, 4), scores: int64(1, 2, 20), most: int64(10) },
        ...{ overlap: float32Tensor([1], Float32Array.of(0.4)), least: float32Tensor([1], Float32Array.of(0.5)) },
      },
      nodes: [
        makeNode('a', 'MatMul', ['x', 'w'], ['a1']),
        makeNode('a.s', 'Sigmoid', ['a1'], ['a2']),
        makeNode('a.r', 'Reshape', ['a2', 'boxes'], ['a3']),
        makeNode('b', 'MatMul', ['x', 'v'], ['b1']),
        makeNode('b.s', 'Sigmoid', ['b1'], ['b2']),
        makeNode('b.r', 'Reshape', ['b2', 'scores'], ['b3']),
        makeNode('select', 'NonMaxSuppression', ['a3', 'b3', 'most', 'overlap', 'least'], ['selected']),
      ],
    });
    const plan = uniformPlan(graph, { ...planned, weights: 'int2' });
    const result = await recipe(graph, plan, samplesFor(graph, 40));
    expect(said(result)[0]).toMatch(/^Activations are observed by/);
    expect(said(result)[1]).toMatch(/^The weights of \d of 2 layers get more bits/);
  });
});

describe('few samples', () => {
  const graph = twoProducts(() => 1);
  const toldOf = async (count: number) => {
    const { compressed } = await recipe(graph, uniformPlan(graph, planned), samplesFor(graph, count));
    return compressed.findings.filter(({ code }) => code === 'auto/few-samples').map(({ what }) => what);
  };

  it.each([
    [1, 'Every choice rests on 1 calibration sample.'],
    [6, 'Every choice rests on 6 calibration samples.'],
  ])('are enough for a model, %i of them, and told', async (count, what) => {
    expect(await toldOf(count)).toEqual([what]);
  });

  it('are not told of where there are sixteen', async () => {
    expect(await toldOf(16)).toEqual([]);
  });
});

describe('progress', () => {
  const graph = twoProducts(() => 1);
  const plan = uniformPlan(graph, planned);

  it('tells of all trials as one stage, and never goes beyond its end', async () => {
    const told: number[] = [];
    await recipe(graph, plan, samplesFor(graph, 100), [], {
      signal: new AbortController().signal,
      report: (stage, done, total) => {
        if (stage === 'Trying settings') told.push(done / total);
      },
    });
    expect(told.length).toBeGreaterThan(10);
    for (const share of told) expect(share).toBeLessThanOrEqual(1);
  });

  it('hears of a cancel between two trials', async () => {
    const owner = new AbortController();
    const report = (stage: string, done: number) => {
      if (stage === 'Trying settings' && done > 1) owner.abort();
    };
    const run = recipe(graph, plan, samplesFor(graph, 100), [], { signal: owner.signal, report });
    await expect(run).rejects.toThrow(Cancelled);
  });
});
