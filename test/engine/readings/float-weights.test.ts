import { describe, expect, it } from 'vitest';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Graph, GraphNode } from '../../../engine/graph/graph.ts';
import type { Plan } from '../../../engine/plan.ts';
import { exportQdq } from '../../../engine/readings/export-qdq.ts';
import { importQdq } from '../../../engine/readings/import-qdq.ts';
import { simulate } from '../../../engine/readings/simulate.ts';
import { relativeError, runInOnnxRuntime } from '../../onnxruntime.ts';
import { bytesOf, makeGraph, modelOf, quantize, random, samplesFor, uniformPlan } from '../quantize/small.ts';

/** One channel at the input, a sum that reads what a layer reads too, and a matrix product at the end, rounded as the rest. */
const network = (): Graph =>
  makeGraph({
    inputs: { x: [1, 1, 7, 7] },
    outputs: ['y'],
    constants: {
      'a.w': random(1, [6, 1, 3, 3]),
      'a.b': random(2, [6]),
      'b.w': random(3, [6, 6, 3, 3]),
      'b.b': random(4, [6]),
      'g.w': random(5, [6, 8]),
      'g.b': random(6, [8]),
    },
    nodes: [
      makeNode('a', 'Conv', ['x', 'a.w', 'a.b'], ['a.y'], { pads: attribute.ints([1, 1, 1, 1]) }),
      makeNode('r', 'Relu', ['a.y'], ['r.y']),
      makeNode('b', 'Conv', ['r.y', 'b.w', 'b.b'], ['b.y'], { pads: attribute.ints([1, 1, 1, 1]) }),
      makeNode('s', 'Add', ['b.y', 'r.y'], ['s.y']),
      makeNode('p', 'GlobalAveragePool', ['s.y'], ['p.y']),
      makeNode('f', 'Flatten', ['p.y'], ['f.y']),
      makeNode('g', 'Gemm', ['f.y', 'g.w', 'g.b'], ['y']),
    ],
  });

async function exported(weights: string, change: (plan: Plan) => Plan = (plan) => plan, activations = 'uint8') {
  const graph = network();
  const plan = change(uniformPlan(graph, { weights, activations }));
  const data = samplesFor(graph, 4);
  const quantized = await quantize(graph, plan, data);
  return { quantized, model: exportQdq(modelOf(graph), quantized), inputs: await data.sample(1) };
}

const nodeNamed = ({ nodes }: Graph, name: string) => nodes.find((node) => node.name === name)!;
const producerOf = ({ nodes }: Graph, value: string) => nodes.find(({ outputs }) => outputs.includes(value));

/** The same file with one scale in place of many. */
function withOneScale(graph: Graph): Graph {
  const initializers = new Map(graph.initializers);
  const nodes = graph.nodes.map((node): GraphNode => {
    if (node.op !== 'DequantizeLinear' || graph.initializers.has(node.inputs[0]!) || !node.attributes['axis'])
      return node;
    const quantize = producerOf(graph, node.inputs[0]!)!;
    return { ...node, inputs: [node.inputs[0]!, ...quantize.inputs.slice(1)], attributes: {} };
  });
  return { ...graph, nodes, initializers };
}

async function differenceOfLevels(graph: Graph, inputs: Awaited<ReturnType<typeof exported>>['inputs']) {
  const bytes = bytesOf(modelOf(graph));
  const [all, disabled] = await Promise.all(
    (['all', 'disabled'] as const).map(async (level) => (await runInOnnxRuntime(bytes, inputs, level)).get('y')!),
  );
  return { all: all!, difference: relativeError(all!, disabled!) };
}

describe('weights that a file holds as floats between 8-bit activations', () => {
  it.each(['kmeans(2)', 'kmeans(4)', 'lq(2)', 'bcq(2)', 'hfp8-143', 'fp16', 'bf16'])(
    '%s: ONNX Runtime’s optimiser leaves them as they are',
    async (weights) => {
      const { quantized, model, inputs } = await exported(weights);
      const { all, difference } = await differenceOfLevels(model.graph, inputs);
      expect(difference).toBeLessThan(1e-6);
      // Of 255 steps of the output one may be lost where a sum lies on the edge between two.
      expect(relativeError(all, evaluateGraph(simulate(quantized), inputs).get('y')!)).toBeLessThan(1.5 / 128);
    },
  );

  it.each(['uint8', 'int8', 'uint16'])('with %s activations as well', async (activations) => {
    const { model, inputs } = await exported('kmeans(2)', undefined, activations);
    expect((await differenceOfLevels(model.graph, inputs)).difference).toBeLessThan(1e-6);
  });

  it('and those of layers that stay float', async () => {
    const { model, inputs } = await exported('int8', ({ nodes, ...plan }) => {
      const { weight: _weight, bias: _bias, ...activations } = nodes['b']!;
      return { ...plan, nodes: { ...nodes, b: activations } };
    });
    expect(producerOf(model.graph, nodeNamed(model.graph, 'b').inputs[1]!)).toBeUndefined();
    expect((await differenceOfLevels(model.graph, inputs)).difference).toBeLessThan(1e-6);
  });

  it('which it does not where the input states its scale once', async () => {
    const { model, inputs } = await exported('kmeans(2)');
    expect((await differenceOfLevels(withOneScale(model.graph), inputs)).difference).toBeGreaterThan(1e-3);
  });
});

describe('the scale of the input of such a layer', () => {
  it('is stated along the first axis behind the batch that has more than one index', async () => {
    const { model } = await exported('kmeans(2)');
    const lengths = ['a', 'b', 'g'].map((name) => {
      const dequantize = producerOf(model.graph, nodeNamed(model.graph, name).inputs[0]!)!;
      return [dequantize.attributes['axis'], model.graph.initializers.get(dequantize.inputs[1]!)!.dims];
    });
    expect(lengths).toEqual([
      [attribute.int(2), [7]],
      [attribute.int(1), [6]],
      [attribute.int(1), [6]],
    ]);
  });

  it('is that of the tensor once for all others that read it, and no node is left that nothing reads', async () => {
    const { model } = await exported('kmeans(2)');
    const sum = nodeNamed(model.graph, 's');
    const read = producerOf(model.graph, sum.inputs[1]!)!;
    expect(model.graph.initializers.get(read.inputs[1]!)!.dims).toEqual([]);
    const used = new Set([...model.graph.outputs, ...model.graph.nodes.flatMap(({ inputs }) => inputs)]);
    expect(model.graph.nodes.filter(({ outputs }) => !outputs.some((value) => used.has(value)))).toEqual([]);
  });

  it('is stated once where the weights are integers', async () => {
    const { model } = await exported('int8');
    expect(withOneScale(model.graph)).toEqual(model.graph);
  });

  it('reads back as one scale', async () => {
    const { model } = await exported('kmeans(2)');
    const imported = importQdq(model.graph)!;
    const once = importQdq(withOneScale(model.graph))!;
    expect(imported.assignment.inputs).toEqual(once.assignment.inputs);
    expect(imported.graph.nodes.map(({ name, op }) => [name, op])).toEqual(
      once.graph.nodes.map(({ name, op }) => [name, op]),
    );
  });
});
