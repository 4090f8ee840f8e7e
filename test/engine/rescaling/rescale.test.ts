import { describe, expect, it } from 'vitest';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { methods } from '../../../engine/methods/registry.ts';
import { verifyGraph } from '../../../engine/passes/index.ts';
import type { Plan } from '../../../engine/plan.ts';
import type { GatheredNumbers } from '../../../engine/quantize/kept-statistics.ts';
import { simulate } from '../../../engine/readings/simulate.ts';
import { rescale } from '../../../engine/rescaling/rescale.ts';
import { float32Tensor } from '../../../engine/tensor.ts';
import {
  answersNoise,
  byReference,
  datasetOf,
  makeGraph,
  type PlanOptions,
  quantize,
  random,
  samplesFor,
  uniformPlan,
} from '../quantize/small.ts';
import { convolutional, transformer, withOutliers } from './networks.ts';

type Arguments = Readonly<Record<string, number>>;

function planFor(graph: Graph, method: string, args: Arguments = {}, options: PlanOptions = {}): Plan {
  return uniformPlan(graph, { ...options, method, arguments: args });
}

const rescaled = (graph: Graph, plan: Plan, data = samplesFor(graph, 6)) =>
  rescale(graph, plan, data, { compile: byReference });

function answer(graph: Graph, input: Parameters<typeof evaluateGraph>[1]): Float32Array {
  return evaluateGraph(graph, input).get(graph.outputs[0]!)!.data as Float32Array;
}

/** Largest difference between two graphs' answers to samples that calibration did not see, beside their largest answer. */
async function difference(a: Graph, b: Graph): Promise<number> {
  const data = samplesFor(a, 4, 77);
  let [most, largest] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    const input = await data.sample(i);
    const [own, other] = [answer(a, input), answer(b, input)];
    own.forEach((value, k) => {
      most = Math.max(most, Math.abs(value - other[k]!));
      largest = Math.max(largest, Math.abs(value));
    });
  }
  return most / largest;
}

/** Decibels of a compressed model's answers. */
async function sqnr(graph: Graph, plan: Plan): Promise<number> {
  const data = samplesFor(graph, 12);
  const before = await rescaled(graph, plan, data);
  return answersNoise(graph, simulate(await quantize(before.graph, before.plan, data)), data);
}

const weights = (graph: Graph, name: string) =>
  graph.initializers.get(graph.nodes.find((node) => node.name === name)!.inputs[1]!)!.data as Float32Array;

describe('what was kept of an earlier run', () => {
  it('takes the place of running the model again, whatever the arguments; other samples are measured anew', async () => {
    const graph = transformer();
    const store = new Map<string, GatheredNumbers>();
    const compiled: string[][] = [];
    const once = (alpha: number, data: string) =>
      rescale(graph, planFor(graph, 'smooth-quant', { alpha }), samplesFor(graph, 6), {
        compile: (own, options) => {
          compiled.push([...(options?.observed ?? [])]);
          return byReference(own, options);
        },
        kept: {
          cache: { get: async (subject) => store.get(subject), put: async (...all) => void store.set(...all) },
          subject: () => data,
        },
      });
    const own = await once(0.75, 'data');
    expect(compiled).toHaveLength(1);
    expect((await once(0.75, 'data')).graph.initializers).toEqual(own.graph.initializers);
    await once(0.5, 'data');
    expect(compiled).toHaveLength(1);
    await once(0.5, 'others');
    expect(compiled[1]).toEqual(compiled[0]);
    expect((await rescaled(graph, planFor(graph, 'smooth-quant', { alpha: 0.75 }))).graph.initializers).toEqual(
      own.graph.initializers,
    );
  });
});

describe('the float graph stays the same', () => {
  it.each([
    {
      network: 'transformer',
      graph: transformer(),
      method: 'smooth-quant',
      layers: ['q', 'k', 'v', 'o', 'up', 'down'],
    },
    { network: 'transformer', graph: transformer(), method: 'awq', layers: ['q', 'k', 'v', 'up'] },
    { network: 'convolutions', graph: convolutional(), method: 'smooth-quant', layers: ['c', 'd'] },
    { network: 'convolutions', graph: convolutional(), method: 'awq', layers: ['c', 'd'] },
  ])('within rounding: $network, $method', async ({ graph, method, layers }) => {
    const result = await rescaled(graph, planFor(graph, method, {}, { weights: 'int4' }));
    verifyGraph(result.graph, 'rescale');
    for (const layer of layers) expect(weights(result.graph, layer), layer).not.toEqual(weights(graph, layer));
    expect(result.graph.nodes.map(({ name }) => name)).toEqual(graph.nodes.map(({ name }) => name));
    expect(await difference(graph, result.graph)).toBeLessThan(2e-5);
  });

  it('where one normalisation is written out in elementwise steps that share its factor', async () => {
    const graph = writtenOutNormalization();
    const result = await rescaled(graph, planFor(graph, 'smooth-quant'));
    expect(weights(result.graph, 'a')).not.toEqual(weights(graph, 'a'));
    expect(await difference(graph, result.graph)).toBeLessThan(2e-5);
  });

  it('where a multiplication is inserted', async () => {
    const graph = withShortcut();
    const result = await rescaled(graph, planFor(graph, 'smooth-quant', { insert: 1 }));
    verifyGraph(result.graph, 'rescale');
    expect(result.graph.nodes.filter(({ op }) => op === 'Mul')).toHaveLength(1);
    expect(await difference(graph, result.graph)).toBeLessThan(2e-5);
  });
});

/** x → scale·((x − mean)/deviation) + shift as γ/σ·x + (β − γ/σ·mean), which some converters write → product. */
function writtenOutNormalization(): Graph {
  return makeGraph({
    inputs: { x: [1, 5, 8] },
    outputs: ['y'],
    constants: {
      gamma: withOutliers(1, 8),
      beta: random(2, [8]),
      epsilon: float32Tensor([], Float32Array.of(1e-5)),
      'a.w': random(3, [8, 4]),
    },
    nodes: [
      makeNode('mean', 'ReduceMean', ['x'], ['mean.out'], { axes: attribute.ints([-1]) }),
      makeNode('centred', 'Sub', ['x', 'mean.out'], ['centred.out']),
      makeNode('square', 'Mul', ['centred.out', 'centred.out'], ['square.out']),
      makeNode('variance', 'ReduceMean', ['square.out'], ['variance.out'], { axes: attribute.ints([-1]) }),
      makeNode('positive', 'Add', ['variance.out', 'epsilon'], ['positive.out']),
      makeNode('root', 'Sqrt', ['positive.out'], ['root.out']),
      makeNode('inverse', 'Reciprocal', ['root.out'], ['inverse.out']),
      makeNode('factor', 'Mul', ['inverse.out', 'gamma'], ['factor.out']),
      makeNode('left', 'Mul', ['x', 'factor.out'], ['left.out']),
      makeNode('right', 'Mul', ['mean.out', 'factor.out'], ['right.out']),
      makeNode('shift', 'Sub', ['beta', 'right.out'], ['shift.out']),
      makeNode('norm', 'Add', ['left.out', 'shift.out'], ['norm.out']),
      makeNode('a', 'MatMul', ['norm.out', 'a.w'], ['y']),
    ],
  });
}

/** Normalisation → two products, and a shortcut round them. */
function withShortcut(): Graph {
  return makeGraph({
    inputs: { x: [1, 5, 8] },
    outputs: ['y'],
    opset: 17,
    constants: { gamma: withOutliers(1, 8), 'a.w': random(2, [8, 8]), 'b.w': random(3, [8, 8]) },
    nodes: [
      makeNode('norm', 'LayerNormalization', ['x', 'gamma'], ['norm.out']),
      makeNode('a', 'MatMul', ['norm.out', 'a.w'], ['a.out']),
      makeNode('b', 'MatMul', ['norm.out', 'b.w'], ['b.out']),
      makeNode('sum', 'Add', ['a.out', 'b.out'], ['sum.out']),
      makeNode('shortcut', 'Add', ['norm.out', 'sum.out'], ['y']),
    ],
  });
}

describe('smooth-quant', () => {
  /** Two channels through a factor of one, which is where the division goes. */
  const scaled = () =>
    makeGraph({
      inputs: { x: [1, 2] },
      outputs: ['y'],
      constants: {
        one: float32Tensor([2], Float32Array.of(1, 1)),
        w: float32Tensor([2, 3], Float32Array.of(1, -4, 2, 0.25, 0.125, 0)),
      },
      nodes: [makeNode('factor', 'Mul', ['x', 'one'], ['f']), makeNode('a', 'MatMul', ['f', 'w'], ['y'])],
    });
  const samples = datasetOf(
    [
      [16, -1],
      [-2, 0.5],
    ].map((x) => new Map([['x', float32Tensor([1, 2], Float32Array.from(x))]])),
  );

  it.each([
    // max|X| = 16, 1 and max|W| = 4, 1/4.
    { alpha: 0.5, factors: [2, 2] },
    { alpha: 1, factors: [16, 1] },
    { alpha: 0, factors: [0.25, 4] },
  ])('multiplies by max|X|^α / max|W|^(1−α): $alpha', async ({ alpha, factors }) => {
    const graph = scaled();
    const result = await rescaled(graph, planFor(graph, 'smooth-quant', { alpha }), samples);
    expect([...weights(result.graph, 'factor')]).toEqual(factors.map((factor) => 1 / factor));
    expect([...weights(result.graph, 'a')]).toEqual(
      [1, -4, 2, 0.25, 0.125, 0].map((weight, at) => weight * factors[at < 3 ? 0 : 1]!),
    );
  });

  it('leaves channels that are silent as they are', async () => {
    const graph = scaled();
    const silent = datasetOf([new Map([['x', float32Tensor([1, 2], Float32Array.of(16, 0))]])]);
    const result = await rescaled(graph, planFor(graph, 'smooth-quant'), silent);
    expect([...weights(result.graph, 'factor')]).toEqual([1 / 2, 1]);
  });

  it('keeps a multiplication that it divides by in float: its factors would share one scale', async () => {
    const graph = scaled();
    const { plan } = await rescaled(graph, planFor(graph, 'smooth-quant'), samples);
    expect(Object.keys(plan.nodes)).toEqual(['a']);
  });

  it('wins where inputs have outliers', async () => {
    const graph = transformer();
    const plain = await sqnr(graph, uniformPlan(graph));
    const smooth = await sqnr(graph, planFor(graph, 'smooth-quant'));
    expect(smooth).toBeGreaterThan(plain + 6);
  });
});

describe('smoothing before another method', () => {
  const choosing = methods
    .filter(({ arguments: own }) => own.some(({ name }) => name === 'smooth'))
    .map(({ name }) => name);

  it.each(choosing)('multiplies by the factors of `smooth-quant`: %s', async (method) => {
    const graph = transformer();
    const own = await rescaled(graph, planFor(graph, method, { smooth: 0.6 }));
    const smooth = await rescaled(graph, planFor(graph, 'smooth-quant', { alpha: 0.6 }));
    expect([...own.graph.initializers]).toEqual([...smooth.graph.initializers]);
  });

  it('is left out unless it is asked for', async () => {
    const graph = transformer();
    for (const method of choosing) expect((await rescaled(graph, planFor(graph, method))).graph).toBe(graph);
    expect(choosing).toContain('gptq');
  });
});

describe('awq', () => {
  const normalized = makeGraph({
    inputs: { x: [1, 6, 32] },
    outputs: ['y'],
    opset: 17,
    constants: { gamma: withOutliers(1, 32), 'a.w': random(2, [32, 24]) },
    nodes: [
      makeNode('norm', 'LayerNormalization', ['x', 'gamma'], ['norm.out']),
      makeNode('a', 'MatMul', ['norm.out', 'a.w'], ['y']),
    ],
  });

  it.each(['per-channel', 'per-group(8)'] as const)('wins where some channels are loud: %s', async (granularity) => {
    const options = { weights: 'int4', granularity, activations: 'float' } as const;
    const plain = await sqnr(normalized, uniformPlan(normalized, options));
    const aware = await sqnr(normalized, planFor(normalized, 'awq', { clip: 0 }, options));
    const cut = await sqnr(normalized, planFor(normalized, 'awq', { clip: 1 }, options));
    expect(aware).toBeGreaterThan(plain + 3);
    expect(cut).toBeGreaterThan(aware);
  });

  it('takes codes that are no integers', async () => {
    const options = { weights: 'e2m1', activations: 'float' } as const;
    const plain = await sqnr(normalized, uniformPlan(normalized, options));
    expect(await sqnr(normalized, planFor(normalized, 'awq', {}, options))).toBeGreaterThan(plain + 3);
  });

  it('does nothing where plain rounding is exact', async () => {
    const graph = withShortcut();
    const exact = { ...graph, initializers: new Map(graph.initializers) };
    for (const name of ['a.w', 'b.w']) {
      // Every column holds the largest code of 4 bits.
      const codes = Float32Array.from({ length: 64 }, (_, at) => (at < 8 ? 7 : (at % 15) - 7));
      exact.initializers.set(name, float32Tensor([8, 8], codes));
    }
    const result = await rescaled(exact, planFor(exact, 'awq', { insert: 1 }, { weights: 'int4' }));
    expect(result.graph).toBe(exact);
  });
});

describe('what cannot be rescaled', () => {
  const refusals = async (graph: Graph, plan: Plan) =>
    (await rescaled(graph, plan)).findings
      .filter(({ code }) => code === 'quantize/not-rescaled')
      .map(({ what, why }) => `${what} ${why}`);

  it('is said with the reader that stands in the way', async () => {
    const graph = withShortcut();
    const [said] = await refusals(graph, planFor(graph, 'smooth-quant'));
    expect(said).toBe(
      'The input channels of “a”, “b” are not scaled for `smooth-quant`. Nothing in front of them can take the factors: “norm.out” is read by Add “shortcut” as well.',
    );
  });

  it('is said of inputs of the model and of operators that pass no factors on', async () => {
    const graph = makeGraph({
      inputs: { x: [1, 4] },
      outputs: ['y'],
      constants: { 'a.w': random(1, [4, 4]), 'b.w': random(2, [4, 4]) },
      nodes: [
        makeNode('a', 'MatMul', ['x', 'a.w'], ['a.out']),
        makeNode('s', 'Sigmoid', ['a.out'], ['s.out']),
        makeNode('b', 'MatMul', ['s.out', 'b.w'], ['y']),
      ],
    });
    expect(await refusals(graph, planFor(graph, 'smooth-quant'))).toEqual([
      'The input channels of “a”, “b” are not scaled for `smooth-quant`. Nothing in front of them can take the factors: “x” is an input of the model; factors do not pass through Sigmoid “s”.',
    ]);
  });

  it('is said of layers that read the same and are asked for different factors', async () => {
    const graph = transformer();
    const plan = planFor(graph, 'smooth-quant');
    const { weight } = plan.nodes['q']!;
    const other = { ...weight!, method: { name: 'smooth-quant', arguments: { alpha: 0.8 } } };
    const said = await refusals(graph, { ...plan, nodes: { ...plan.nodes, q: { ...plan.nodes['q'], weight: other } } });
    expect(said[0]).toContain('different methods or arguments');
  });

  it('is said of activations that stay float: they have no outliers to be rid of', async () => {
    const graph = transformer();
    const said = await refusals(graph, planFor(graph, 'smooth-quant', {}, { activations: 'float' }));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/“q”, “k”, “v”, “o” and 2 more .* Their inputs stay float/);
  });
});
