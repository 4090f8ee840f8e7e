import { describe, expect, it } from 'vitest';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { methods } from '../../../engine/methods/registry.ts';
import { edgeKey, type QuantizedModel } from '../../../engine/quantize/assignment.ts';
import { reconstruct } from '../../../engine/quantize/reconstruct.ts';
import { sensitivity } from '../../../engine/quantize/sensitivity.ts';
import { exportQdq } from '../../../engine/readings/export-qdq.ts';
import { rescale } from '../../../engine/rescaling/rescale.ts';
import { byReference, makeGraph, modelOf, quantize, random, samplesFor, uniformPlan } from './small.ts';

/** A detector's head on two scales: a convolution and the same one on what is left of its input after pooling. */
function pyramid(bias = 'b'): Graph {
  const pads = { pads: attribute.ints([1, 1, 1, 1]) };
  return makeGraph({
    inputs: { x: [1, 3, 8, 8] },
    outputs: ['fine', 'coarse'],
    constants: {
      ...{ 'stem.w': random(1, [8, 3, 3, 3]), 'stem.b': random(2, [8]) },
      ...{ w: random(3, [6, 8, 3, 3]), b: random(4, [6]), other: random(5, [6]) },
    },
    nodes: [
      makeNode('stem', 'Conv', ['x', 'stem.w', 'stem.b'], ['s'], pads),
      makeNode('relu', 'Relu', ['s'], ['r']),
      makeNode('head', 'Conv', ['r', 'w', 'b'], ['fine'], pads),
      makeNode('pool', 'MaxPool', ['r'], ['p'], {
        kernel_shape: attribute.ints([4, 4]),
        strides: attribute.ints([4, 4]),
      }),
      makeNode('again', 'Conv', ['p', 'w', bias], ['coarse'], pads),
    ],
  });
}

/** One product three times, each on what the one before it made. */
function recurrent(): Graph {
  const step = (name: string, from: string, to: string) => [
    makeNode(name, 'MatMul', [from, 'w'], [`${name}.out`]),
    makeNode(`${name}.tanh`, 'Tanh', [`${name}.out`], [to]),
  ];
  return makeGraph({
    inputs: { x: [1, 12] },
    outputs: ['y'],
    constants: { w: random(3, [12, 12], 0.6) },
    nodes: [...step('a', 'x', 'h1'), ...step('b', 'h1', 'h2'), ...step('c', 'h2', 'y')],
  });
}

const layerwise = methods.filter(({ needs, together }) => needs === 'samples' && together !== true);

async function compressed(graph: Graph, method: string): Promise<QuantizedModel> {
  const plan = uniformPlan(graph, { weights: 'int4', method, observer: 'mse' });
  const data = samplesFor(graph, 24);
  return reconstruct(await quantize(graph, plan, data), plan, data, { compile: byReference });
}

const codesOf = ({ assignment }: QuantizedModel, node: string) =>
  assignment.entries.get(edgeKey(node, 'weight'))!.codes;

/** Tensors of int4 codes that an export holds. */
function stored(graph: Graph, model: QuantizedModel): number {
  const exported = exportQdq(modelOf(graph), model);
  return Array.from(exported.graph.initializers.values()).filter(
    ({ dtype, dims }) => dtype === 'int4' && dims.length === 4,
  ).length;
}

describe.each(layerwise)('weights that several layers read, by $name', ({ name }) => {
  it('get codes once, which the export holds once', async () => {
    const graph = pyramid();
    const model = await compressed(graph, name);
    expect(codesOf(model, 'again')).toEqual(codesOf(model, 'head'));
    // The stem’s, and these.
    expect(stored(graph, model)).toBe(2);
  });

  it('get codes once where each reader follows on the one before it', async () => {
    const model = await compressed(recurrent(), name);
    expect(codesOf(model, 'b')).toEqual(codesOf(model, 'a'));
    expect(codesOf(model, 'c')).toEqual(codesOf(model, 'a'));
  });
});

describe('layers that read one tensor of weights', () => {
  it('have codes of their own where their biases differ', async () => {
    const model = await compressed(pyramid('other'), 'layer-by-layer');
    expect(codesOf(model, 'again')).not.toEqual(codesOf(model, 'head'));
  });

  it('answer better than rounded to nearest', async () => {
    const graph = pyramid();
    const noise = async (model: QuantizedModel) => {
      const layers = new Set(['head', 'again']);
      const found = await sensitivity(graph, model, samplesFor(graph, 24), {
        compile: byReference,
        samples: 24,
        layers,
      });
      return found.map(({ sqnr }) => sqnr);
    };
    const plan = uniformPlan(graph, { weights: 'int4', observer: 'mse' });
    const nearest = await noise(await quantize(graph, plan, samplesFor(graph, 24)));
    const chosen = await noise(await compressed(graph, 'layer-by-layer'));
    for (const [i, sqnr] of chosen.entries()) expect(sqnr).toBeGreaterThan(nearest[i]!);
  });

  it('are not rescaled, as each would need a copy', async () => {
    const graph = recurrent();
    const plan = uniformPlan(graph, { method: 'smooth-quant' });
    const { findings, graph: same } = await rescale(graph, plan, samplesFor(graph, 6), { compile: byReference });
    expect(same).toBe(graph);
    expect(findings.some(({ why }) => why?.startsWith('Other layers have the same weights') === true)).toBe(true);
  });
});
