import { describe, expect, it } from 'vitest';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { methods } from '../../../engine/methods/registry.ts';
import { Cancelled } from '../../../engine/progress.ts';
import type { QuantizedModel } from '../../../engine/quantize/assignment.ts';
import { widestFrontier } from '../../../engine/quantize/frontier.ts';
import { needsReconstruction, reconstruct } from '../../../engine/quantize/reconstruct.ts';
import { exportQdq } from '../../../engine/readings/export-qdq.ts';
import { simulate } from '../../../engine/readings/simulate.ts';
import { relativeError, runInOnnxRuntime } from '../../onnxruntime.ts';
import {
  byReference,
  bytesOf,
  makeGraph,
  modelOf,
  type PlanOptions,
  quantize,
  random,
  samplesFor,
  uniformPlan,
} from './small.ts';

const layerwise = methods.filter(({ needs }) => needs === 'samples').map(({ name }) => name);

/** x → conv → Relu → depthwise conv → Relu → conv, with a shortcut round the last two. */
function residual(): Graph {
  const conv = (name: string, from: string, attributes = {}) =>
    makeNode(name, 'Conv', [from, `${name}.w`, `${name}.b`], [`${name}.out`], attributes);
  return makeGraph({
    inputs: { x: [1, 3, 8, 8] },
    outputs: ['y'],
    constants: {
      'a.w': random(1, [6, 3, 3, 3]),
      'a.b': random(2, [6]),
      'b.w': random(3, [6, 1, 3, 3]),
      'b.b': random(4, [6]),
      'c.w': random(5, [6, 6, 1, 1]),
      'c.b': random(6, [6]),
    },
    nodes: [
      conv('a', 'x', { pads: attribute.ints([1, 1, 1, 1]) }),
      makeNode('r', 'Relu', ['a.out'], ['r.out']),
      conv('b', 'r.out', { pads: attribute.ints([1, 1, 1, 1]), group: attribute.int(6) }),
      makeNode('s', 'Relu', ['b.out'], ['s.out']),
      conv('c', 's.out'),
      makeNode('add', 'Add', ['r.out', 'c.out'], ['y']),
    ],
  });
}

/** x → product → Relu → product; the second weight lies the other way round. */
function perceptron(): Graph {
  return makeGraph({
    inputs: { x: [1, 12] },
    outputs: ['y'],
    constants: { w1: random(1, [12, 10]), b1: random(2, [10]), w2: random(3, [5, 10]), b2: random(4, [5]) },
    nodes: [
      makeNode('a', 'Gemm', ['x', 'w1', 'b1'], ['a.out']),
      makeNode('r', 'Relu', ['a.out'], ['r.out']),
      makeNode('b', 'Gemm', ['r.out', 'w2', 'b2'], ['y'], { transB: attribute.int(1) }),
    ],
  });
}

/** With samples for them: a convolution sees many places of each. */
const networks = { residual: [residual, 24], perceptron: [perceptron, 200] } as const;

async function compressed(graph: Graph, options: PlanOptions, samples = 24) {
  const plan = uniformPlan(graph, options);
  const data = samplesFor(graph, samples);
  const assigned = await quantize(graph, plan, data);
  return needsReconstruction(plan) ? reconstruct(assigned, plan, data, { compile: byReference }) : assigned;
}

/** Mean squared difference of the outputs from the float model's, on data that nothing was chosen on. */
async function errorOf(graph: Graph, model: QuantizedModel): Promise<number> {
  const data = samplesFor(graph, 8, 77);
  const rounded = simulate(model);
  let sum = 0;
  for (let i = 0; i < data.length; i++) {
    const sample = await data.sample(i);
    const exact = evaluateGraph(graph, sample).get('y')!.data as Float32Array;
    const actual = evaluateGraph(rounded, sample).get('y')!.data as Float32Array;
    exact.forEach((value, at) => {
      sum += (value - actual[at]!) ** 2;
    });
  }
  return sum;
}

describe.each(layerwise)('%s', (method) => {
  describe.each(Object.keys(networks) as (keyof typeof networks)[])('%s', (network) => {
    it.each(['int4', 'int3'])('comes closer to the float model than rounding to nearest in %s', async (weights) => {
      const [make, samples] = networks[network];
      const graph = make();
      const plain = await errorOf(graph, await compressed(graph, { weights }, samples));
      const own = await errorOf(graph, await compressed(graph, { weights, method }, samples));
      expect(own).toBeLessThan(0.9 * plain);
    });
  });

  it('chooses the same codes again', async () => {
    const graph = residual();
    const [first, again] = [
      await compressed(graph, { weights: 'int4', method }),
      await compressed(graph, { weights: 'int4', method }),
    ];
    expect([...again.assignment.entries.values()].map(({ codes }) => codes)).toEqual(
      [...first.assignment.entries.values()].map(({ codes }) => codes),
    );
  });

  it('keeps to the grid: codes inside their range, biases in steps of input and weight', async () => {
    const { assignment } = await compressed(residual(), { weights: 'int4', method });
    for (const { codes, range } of assignment.entries.values())
      for (const code of (codes as Int8Array | undefined) ?? []) {
        expect(code).toBeGreaterThanOrEqual(range[0]);
        expect(code).toBeLessThanOrEqual(range[1]);
      }
  });

  it('ends where it is cancelled', async () => {
    const graph = residual();
    const plan = uniformPlan(graph, { weights: 'int4', method });
    const data = samplesFor(graph, 4);
    const assigned = await quantize(graph, plan, data);
    const abort = new AbortController();
    const progress = { signal: abort.signal, report: (_: string, done: number) => done === 1 && abort.abort() };
    const run = reconstruct(assigned, plan, data, {
      compile: byReference,
      progress: { ...progress, report: (stage, done) => void progress.report(stage, done) },
    });
    await expect(run).rejects.toBeInstanceOf(Cancelled);
  });
});

describe('gptq', () => {
  it.each([
    { weights: 'int3', granularity: 'per-tensor' },
    { weights: 'int3', granularity: 'per-group(4)' },
    { weights: 'uint3', weightScheme: 'affine', granularity: 'per-group(8)' },
    { weights: 'int3', granularity: 'per-block(2x4)', scale: 'power-of-two-scale' },
    { weights: 'int3', granularity: 'per-kernel' },
    { weights: 'int3', granularity: 'per-tap' },
    { weights: 'e2m1', granularity: 'per-group(6)' },
    { weights: 'mxfp4', granularity: 'per-group(32)' },
    { weights: 'kmeans(3)', granularity: 'per-tensor' },
  ] as const)('comes closer to the float model than rounding to nearest in $weights $granularity', async (options) => {
    const graph = residual();
    const plain = await errorOf(graph, await compressed(graph, options));
    const own = await compressed(graph, { ...options, method: 'gptq' });
    expect(own.findings.map(({ code }) => code)).not.toContain('quantize/method-fallback');
    expect(await errorOf(graph, own)).toBeLessThan(0.9 * plain);
  });

  it.each([
    { weights: 'int4', granularity: 'per-group(5)' },
    { weights: 'uint4', weightScheme: 'affine', granularity: 'per-block(2x4)' },
    { weights: 'mxfp4', granularity: 'per-group(32)' },
  ] as const)('is exported as it was chosen in $weights $granularity', async (options) => {
    const graph = perceptron();
    const model = await compressed(graph, { ...options, activations: 'float', method: 'gptq' }, 50);
    const inputs = await samplesFor(graph, 1).sample(0);
    const judged = await runInOnnxRuntime(bytesOf(exportQdq(modelOf(graph), model)), inputs, 'all');
    const simulated = evaluateGraph(simulate(model), inputs).get('y')!;
    expect(relativeError(judged.get('y')!, simulated)).toBeLessThan(1e-5);
  });
});

it('keeps a shortcut until it is read', () => {
  // r.out (6·8·8) for the Add, and s.out of the same size.
  expect(widestFrontier(residual(), ['x', 'r.out', 's.out'])).toBe(2 * 6 * 64);
});
