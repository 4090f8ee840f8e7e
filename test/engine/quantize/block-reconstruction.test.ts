import { describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { encodeTensor } from '../../../engine/formats/held-tensor.ts';
import { formatNamed } from '../../../engine/formats/registry.ts';
import { hasGradient } from '../../../engine/gradients/network.ts';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { edgeKey, type QuantizedModel } from '../../../engine/quantize/assignment.ts';
import { reconstruct } from '../../../engine/quantize/reconstruct.ts';
import { stretchesOf } from '../../../engine/quantize/stretches.ts';
import { exportQdq } from '../../../engine/readings/export-qdq.ts';
import { simulate } from '../../../engine/readings/simulate.ts';
import { runInOnnxRuntime } from '../../onnxruntime.ts';
import { stepsApart } from '../readings/agreement.ts';
import { bytesOf, makeGraph, modelOf, quantize, random, samplesFor, uniformPlan } from './small.ts';

const pads = attribute.ints([1, 1, 1, 1]);
const conv = (name: string, from: string, attributes = {}) =>
  makeNode(name, 'Conv', [from, `${name}.w`, `${name}.b`], [`${name}.y`], attributes);

/** Two layers in a row, a residual block of three, and a classifier behind a pool. @param act operator in the residual block */
function network(act = 'Relu'): Graph {
  return makeGraph({
    inputs: { x: [1, 3, 8, 8] },
    outputs: ['y'],
    constants: {
      ...{
        'a.w': random(1, [8, 3, 3, 3]),
        'a.b': random(2, [8]),
        'b.w': random(3, [8, 1, 3, 3]),
        'b.b': random(4, [8]),
      },
      ...{
        'c.w': random(5, [8, 8, 1, 1]),
        'c.b': random(6, [8]),
        'd.w': random(7, [8, 8, 3, 3], 0.3),
        'd.b': random(8, [8]),
      },
      ...{ 's.w': random(9, [8, 8, 1, 1]), 's.b': random(10, [8]), 'g.w': random(11, [8, 5]), 'g.b': random(12, [5]) },
    },
    nodes: [
      conv('a', 'x', { pads }),
      makeNode('a.r', 'Relu', ['a.y'], ['a.r.y']),
      conv('b', 'a.r.y', { pads, group: attribute.int(8) }),
      makeNode('b.r', 'Relu', ['b.y'], ['b.r.y']),
      conv('c', 'b.r.y'),
      makeNode('c.r', act, ['c.y'], ['c.r.y']),
      conv('d', 'c.r.y', { pads }),
      conv('s', 'b.r.y'),
      makeNode('+', 'Add', ['d.y', 's.y'], ['+.y']),
      makeNode('+.r', 'Relu', ['+.y'], ['+.r.y']),
      makeNode('p', 'GlobalAveragePool', ['+.r.y'], ['p.y']),
      makeNode('f', 'Flatten', ['p.y'], ['f.y']),
      makeNode('g', 'Gemm', ['f.y', 'g.w', 'g.b'], ['g.y']),
      makeNode('z', 'Softmax', ['g.y'], ['y']),
    ],
  });
}

const layers = ['a', 'b', 'c', 'd', 's', 'g'];

describe('stretches', () => {
  const found = (most: number, graph = network()) =>
    stretchesOf(graph, new Set(layers), most, ({ op }) => hasGradient(op)).map(({ input, outputs, nodes }) => [
      input,
      outputs[0],
      nodes
        .map(({ name }) => name)
        .filter((name) => layers.includes(name))
        .join(' '),
    ]);

  it('take residual blocks whole, activations and pools with what they follow, and end before what has no gradient', () => {
    expect(found(2)).toEqual([
      ['x', 'b.r.y', 'a b'],
      ['b.r.y', 'f.y', 'c d s'],
      ['f.y', 'g.y', 'g'],
    ]);
  });

  it('are longer where more layers may be in one', () => {
    expect(found(5)).toEqual([
      ['x', 'f.y', 'a b c d s'],
      ['f.y', 'g.y', 'g'],
    ]);
    expect(found(16)).toEqual([['x', 'g.y', 'a b c d s g']]);
  });

  it('leave out blocks through which no gradient goes', () => {
    expect(found(2, network('Softplus'))).toEqual([
      ['x', 'b.r.y', 'a b'],
      ['f.y', 'g.y', 'g'],
    ]);
  });
});

async function compressed(
  graph: Graph,
  method: string,
  weights = 'int2',
  samples = 40,
): Promise<
  QuantizedModel & {
    readonly findings: readonly { readonly code: string; readonly what: string; readonly why?: string | undefined }[];
  }
> {
  const plan = uniformPlan(graph, { weights, method, float: ['z'] });
  const data = samplesFor(graph, samples);
  return await reconstruct(await quantize(graph, plan, data), plan, data, { compile });
}

/** Squared difference of the logits from the float model's, on data that nothing was chosen on. */
async function errorOf(graph: Graph, model: QuantizedModel): Promise<number> {
  const data = samplesFor(graph, 30, 77);
  const rounded = simulate(model);
  let sum = 0;
  for (let i = 0; i < data.length; i++) {
    const sample = await data.sample(i);
    const [exact, own] = [graph, rounded].map(
      (each) => evaluateGraph({ ...each, outputs: ['g.y'] }, sample).get('g.y')!,
    );
    (exact!.data as Float32Array).forEach((value, at) => {
      sum += (value - (own!.data as Float32Array)[at]!) ** 2;
    });
  }
  return sum;
}

describe('block reconstruction', () => {
  it('comes closer to the float model than layers one by one', async () => {
    const graph = network();
    const apart = await errorOf(graph, await compressed(graph, 'layer-by-layer', 'int3', 160));
    expect(await errorOf(graph, await compressed(graph, 'block-reconstruction', 'int3', 160))).toBeLessThan(
      0.95 * apart,
    );
  });

  it('moves codes, scales and biases, and leaves weights that are zero', async () => {
    const graph = network();
    const zeros = graph.initializers.get('d.w')!.data as Float32Array;
    for (let k = 0; k < zeros.length; k += 3) zeros[k] = 0;
    const [apart, own] = [await compressed(graph, 'layer-by-layer'), await compressed(graph, 'block-reconstruction')];
    const entry = ({ assignment }: QuantizedModel, role: string) => assignment.entries.get(edgeKey('d', role))!;
    expect(entry(own, 'weight').scale).not.toEqual(entry(apart, 'weight').scale);
    expect(entry(own, 'bias').codes).not.toEqual(entry(apart, 'bias').codes);
    const moved = layers.some((name) => {
      const codes = [own, apart].map(
        ({ assignment }) => assignment.entries.get(edgeKey(name, 'weight'))!.codes as Int8Array,
      );
      return codes[0]!.some((code, k) => code !== codes[1]![k]);
    });
    expect(moved).toBe(true);
    const codes = entry(own, 'weight').codes as Int8Array;
    for (let k = 0; k < zeros.length; k += 3) expect(codes[k]).toBe(0);
  });

  it('is exported as it is simulated: ONNX Runtime agrees', async () => {
    const graph = network();
    const model = await compressed(graph, 'block-reconstruction', 'int4');
    const inputs = await samplesFor(graph, 1, 5).sample(0);
    const logits = (each: Graph) => ({ ...each, outputs: ['g.y'] });
    const simulated = evaluateGraph(logits(simulate(model)), inputs).get('g.y')!;
    const exported = exportQdq(modelOf(logits(graph)), { ...model, graph: logits(model.graph) });
    const judged = (await runInOnnxRuntime(bytesOf(exported), inputs)).get('g.y')!;
    expect(stepsApart(judged, simulated, model.assignment.entries.get(edgeKey('g', 'output[0]'))!)).toBeLessThanOrEqual(
      2,
    );
  });

  it.each(['kmeans(2)', 'e2m1'])('rounds %s, which it does not take, to nearest, and says so', async (weights) => {
    const { graph, assignment, findings } = await compressed(network(), 'block-reconstruction', weights);
    for (const name of layers) {
      const { codes, ...entry } = assignment.entries.get(edgeKey(name, 'weight'))!;
      const { data, dims } = graph.initializers.get(graph.nodes.find((node) => node.name === name)!.inputs[1]!)!;
      expect(codes).toEqual(encodeTensor(formatNamed(weights), data as Float32Array, dims, entry));
    }
    expect(findings.map(({ code }) => code)).toContain('quantize/method-fallback');
  });

  it('leaves layers as they are, and says which and why, where a shape has no gradient', async () => {
    const graph = network();
    const odd = {
      ...graph,
      nodes: graph.nodes.map((node) =>
        node.name === 'd' ? { ...node, attributes: { pads, group: attribute.int(2) } } : node,
      ),
    };
    const weight = random(7, [8, 4, 3, 3], 0.3);
    const grouped = {
      ...odd,
      initializers: new Map(graph.initializers).set('d.w', weight),
      types: new Map(graph.types).set('d.w', { dtype: 'float32', dims: weight.dims }),
    } as Graph;
    const { findings } = await compressed(grouped, 'block-reconstruction');
    expect(
      findings.filter(({ code }) => code === 'quantize/block-fallback').map(({ what, why }) => `${what} ${why}`),
    ).toEqual([
      'The layers “c”, “d”, “s”, “g” got their codes one by one instead of together. No gradient goes through Conv “d”: its channels are in groups of several.',
    ]);
  });
});
