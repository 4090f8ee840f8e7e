import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { edgeKey, type QuantizedModel } from '../../../engine/quantize/assignment.ts';
import { outputCurvatures } from '../../../engine/quantize/output-curvature.ts';
import { reconstruct } from '../../../engine/quantize/reconstruct.ts';
import { simulate } from '../../../engine/readings/simulate.ts';
import { compressDigits, removeFolder } from '../run/digits.ts';
import { makeGraph, quantize, random, samplesFor, uniformPlan } from './small.ts';

const pads = attribute.ints([1, 1, 1, 1]);

/** Branches that are joined and pooled as in SqueezeNet, and a classifier. */
function network({ pool = 'MaxPool', softmax = true } = {}): Graph {
  const conv = (name: string, from: string, more = {}) =>
    makeNode(name, 'Conv', [from, `${name}.w`, `${name}.b`], [`${name}.y`], more);
  return makeGraph({
    inputs: { x: [1, 3, 8, 8] },
    outputs: [softmax ? 'y' : 'g.y'],
    constants: {
      ...{ 'a.w': random(1, [8, 3, 3, 3]), 'a.b': random(2, [8]) },
      ...{ 'b.w': random(3, [8, 8, 1, 1]), 'b.b': random(4, [8]) },
      ...{ 'c.w': random(5, [8, 8, 3, 3], 0.5), 'c.b': random(6, [8]) },
      ...{ 'd.w': random(7, [12, 16, 1, 1], 0.7), 'd.b': random(8, [12]) },
      ...{ 'g.w': random(9, [12, 5], 2), 'g.b': random(10, [5]) },
    },
    nodes: [
      conv('a', 'x', { pads }),
      makeNode('a.r', 'Relu', ['a.y'], ['a.r.y']),
      makeNode('p', pool, ['a.r.y'], ['p.y'], {
        kernel_shape: attribute.ints([3, 3]),
        strides: attribute.ints([2, 2]),
      }),
      conv('b', 'p.y'),
      makeNode('b.r', 'Relu', ['b.y'], ['b.r.y']),
      conv('c', 'p.y', { pads }),
      makeNode('c.r', 'Relu', ['c.y'], ['c.r.y']),
      makeNode('j', 'Concat', ['b.r.y', 'c.r.y'], ['j.y'], { axis: attribute.int(1) }),
      conv('d', 'j.y'),
      makeNode('d.r', 'Relu', ['d.y'], ['d.r.y']),
      makeNode('m', 'GlobalAveragePool', ['d.r.y'], ['m.y']),
      makeNode('f', 'Flatten', ['m.y'], ['f.y']),
      makeNode('g', 'Gemm', ['f.y', 'g.w', 'g.b'], ['g.y']),
      ...(softmax ? [makeNode('z', 'Softmax', ['g.y'], ['y'])] : []),
    ],
  });
}

const nodesOf = (graph: Graph, names: string) => graph.nodes.filter(({ name }) => names.split(' ').includes(name));

describe('curvature of the outputs', () => {
  const curvature = async (graph: Graph, count: number) => {
    const found = await outputCurvatures(graph, nodesOf(graph, 'a b c d'), samplesFor(graph, count), {
      ...{ compile, mode: 'strict', seed: 3 },
    });
    if ('reason' in found) throw new Error(found.reason);
    return found;
  };

  /** E over samples and places of W·J·Wᵀ behind the gates of `d`, worked out from its answers. */
  const expected = async (graph: Graph, count: number, inner: (logits: readonly number[]) => number[][]) => {
    const data = samplesFor(graph, count);
    const weights = graph.initializers.get('g.w')!.data as Float32Array;
    const sum = new Float64Array(144);
    for (let i = 0; i < count; i++) {
      const seen = evaluateGraph({ ...graph, outputs: ['d.y', 'g.y'] }, await data.sample(i));
      const own = inner([...(seen.get('g.y')!.data as Float32Array)]);
      const answers = seen.get('d.y')!.data as Float32Array;
      const places = answers.length / 12;
      for (let place = 0; place < places; place++)
        for (let at = 0; at < 144; at++) {
          const [a, b] = [Math.floor(at / 12), at % 12];
          if (answers[a * places + place]! <= 0 || answers[b * places + place]! <= 0) continue;
          for (let j = 0; j < 5; j++)
            for (let k = 0; k < 5; k++)
              sum[at]! += (weights[a * 5 + j]! * own[j]![k]! * weights[b * 5 + k]!) / places ** 2;
        }
    }
    return sum;
  };

  /** Distance of the directions, whatever the factor in front. */
  const apart = (a: Float64Array, b: Float64Array) => {
    const dot = (x: Float64Array, y: Float64Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
    return 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  };

  it('is that of squared differences for a model without a last Softmax', async () => {
    const graph = network({ softmax: false });
    const unit = (logits: readonly number[]) => logits.map((_, j) => logits.map((_, k) => (j === k ? 1 : 0)));
    const found = (await curvature(graph, 128)).get('d')!;
    expect(apart(found, await expected(graph, 128, unit))).toBeLessThan(0.02);
  });

  it('is the Fisher information of the probabilities behind a Softmax', async () => {
    const graph = network();
    const fisher = (logits: readonly number[]) => {
      const most = Math.max(...logits);
      const parts = logits.map((logit) => Math.exp(logit - most));
      const sum = parts.reduce((a, b) => a + b, 0);
      const p = parts.map((part) => part / sum);
      return p.map((a, j) => p.map((b, k) => (j === k ? a : 0) - a * b));
    };
    const found = (await curvature(graph, 128)).get('d')!;
    expect(apart(found, await expected(graph, 128, fisher))).toBeLessThan(0.05);
  });

  it('is the Fisher information of each place where a Softmax goes over channels', async () => {
    const graph = makeGraph({
      inputs: { x: [1, 3, 4, 4] },
      outputs: ['y'],
      constants: { 'a.w': random(1, [6, 3, 1, 1], 2), 'g.w': random(9, [4, 6, 1, 1], 2) },
      nodes: [
        makeNode('a', 'Conv', ['x', 'a.w'], ['a.y']),
        makeNode('g', 'Conv', ['a.y', 'g.w'], ['z']),
        makeNode('s', 'Softmax', ['z'], ['y'], { axis: attribute.int(1) }),
      ],
    });
    const [count, data] = [128, samplesFor(graph, 128)];
    const found = await outputCurvatures(graph, nodesOf(graph, 'a'), data, { compile, mode: 'strict', seed: 3 });
    if ('reason' in found) throw new Error(found.reason);
    const weights = graph.initializers.get('g.w')!.data as Float32Array;
    const sum = new Float64Array(36);
    for (let i = 0; i < count; i++) {
      const y = evaluateGraph(graph, await data.sample(i)).get('y')!.data as Float32Array;
      for (let place = 0; place < 16; place++) {
        const p = [0, 1, 2, 3].map((c) => y[c * 16 + place]!);
        for (let at = 0; at < 36; at++)
          for (let j = 0; j < 4; j++)
            for (let k = 0; k < 4; k++)
              sum[at]! +=
                weights[j * 6 + Math.floor(at / 6)]! *
                ((j === k ? p[j]! : 0) - p[j]! * p[k]!) *
                weights[k * 6 + (at % 6)]!;
      }
    }
    expect(apart(found.get('a')!, sum)).toBeLessThan(0.05);
  });

  it('is that of all outputs, each beside its own magnitude', async () => {
    const heads = (loudness: number, outputs = ['box', 'score']) =>
      makeGraph({
        inputs: { x: [1, 6] },
        outputs,
        constants: { w: random(1, [6, 5]), p: random(2, [5, 4], loudness), q: random(3, [5, 4]) },
        nodes: [
          makeNode('a', 'MatMul', ['x', 'w'], ['h']),
          makeNode('b', 'MatMul', ['h', 'p'], ['box']),
          makeNode('c', 'MatMul', ['h', 'q'], ['score']),
        ],
      });
    const of = async (graph: Graph) => {
      const found = await outputCurvatures(graph, nodesOf(graph, 'a'), samplesFor(graph, 128), {
        ...{ compile, mode: 'strict', seed: 3 },
      });
      if ('reason' in found) throw new Error(found.reason);
      return found.get('a')!;
    };
    const [quiet, loud] = [await of(heads(1)), await of(heads(1000))];
    expect(apart(quiet, loud)).toBeLessThan(1e-6);
    for (const one of ['box', 'score']) expect(apart(await of(heads(1, [one])), quiet)).toBeGreaterThan(0.02);
  });

  it('names what no gradient goes through', async () => {
    const graph = network({ pool: 'LpPool' });
    const found = await outputCurvatures(graph, nodesOf(graph, 'a'), samplesFor(graph, 2), {
      ...{ compile, mode: 'strict', seed: 0 },
    });
    expect(found).toMatchObject({ node: { name: 'p' }, reason: 'there is no gradient of LpPool' });
  });
});

async function compressed(graph: Graph, method: string, weights = 'int3', samples = 120) {
  const plan = uniformPlan(graph, { weights, method, float: ['z'] });
  const data = samplesFor(graph, samples);
  return await reconstruct(await quantize(graph, plan, data), plan, data, { compile });
}

/** Mean KL divergence of the probabilities from the float model's, on data that nothing was chosen on. */
async function divergence(graph: Graph, model: QuantizedModel): Promise<number> {
  const data = samplesFor(graph, 60, 77);
  const rounded = simulate(model);
  let sum = 0;
  for (let i = 0; i < data.length; i++) {
    const sample = await data.sample(i);
    const [p, q] = [graph, rounded].map((each) => evaluateGraph(each, sample).get('y')!.data as Float32Array);
    for (const [c, own] of p!.entries()) sum += own * Math.log((own + 1e-9) / (q![c]! + 1e-9));
  }
  return sum / data.length;
}

describe('Fisher rounding', () => {
  afterAll(removeFolder);

  it('leaves the probabilities closer to the float model’s than channels one by one', async () => {
    const graph = network();
    const apart = await divergence(graph, await compressed(graph, 'layer-by-layer'));
    expect(await divergence(graph, await compressed(graph, 'fisher-rounding'))).toBeLessThan(0.9 * apart);
  });

  it('gives the same codes again, and leaves 8 bits to `layer-by-layer`', async () => {
    const graph = network();
    const weights = ({ assignment }: QuantizedModel) =>
      ['a', 'b', 'c', 'd', 'g'].map((name) => assignment.entries.get(edgeKey(name, 'weight'))!.codes);
    const first = weights(await compressed(graph, 'fisher-rounding', 'int3', 24));
    expect(weights(await compressed(graph, 'fisher-rounding', 'int3', 24))).toEqual(first);
    expect(weights(await compressed(graph, 'layer-by-layer', 'int3', 24))).not.toEqual(first);
    expect(weights(await compressed(graph, 'fisher-rounding', 'int8', 24))).toEqual(
      weights(await compressed(graph, 'layer-by-layer', 'int8', 24)),
    );
  });

  it('does as `layer-by-layer`, and says why, where an operator has no gradient', async () => {
    const graph = network({ pool: 'LpPool' });
    const [own, other] = [
      await compressed(graph, 'fisher-rounding', 'int3', 24),
      await compressed(graph, 'layer-by-layer', 'int3', 24),
    ];
    expect(own.assignment.entries.get(edgeKey('c', 'weight'))!.codes).toEqual(
      other.assignment.entries.get(edgeKey('c', 'weight'))!.codes,
    );
    expect(own.findings.map(({ code, why }) => [code, why])).toContainEqual([
      'quantize/no-curvature',
      'No gradient goes through LpPool “p”: there is no gradient of LpPool.',
    ]);
  });

  it('runs from a spec to a model that ONNX Runtime runs', async () => {
    const { report, drop, runtime } = await compressDigits('weights int4 using fisher-rounding  activations uint8');
    expect(report.findings.map(({ code }) => code)).not.toContain('quantize/no-curvature');
    expect(runtime).toMatch(/^onnxruntime/);
    expect(drop).toBeLessThan(2);
  });
});
