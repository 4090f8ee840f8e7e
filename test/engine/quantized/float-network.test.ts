import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import type { Graph, GraphNode } from '../../../engine/graph/graph.ts';
import { summarize } from '../../../engine/graph/summary.ts';
import { decodeModel } from '../../../engine/onnx/codec.ts';
import { floatNetwork } from '../../../engine/quantized/float-network.ts';
import { layersInCodes } from '../../../engine/quantized/layers-in-codes.ts';
import { quantizedStyle } from '../../../engine/quantized/recognize.ts';
import { exportQdq } from '../../../engine/readings/export-qdq.ts';
import { float32Tensor, type Tensor } from '../../../engine/tensor.ts';
import { shared } from '../../shared.ts';
import { makeGraph, modelOf, quantize, random, samplesFor, uniformPlan } from '../quantize/small.ts';

function written(graph: Graph): Graph {
  const float = floatNetwork(graph);
  if ('reason' in float) throw new Error(float.reason);
  return float;
}

const operators = ({ nodes }: Graph) => nodes.map(({ op }) => op);

/** Largest difference between two answers, as a part of the largest value. */
function difference(a: Graph, b: Graph, inputs: ReadonlyMap<string, Tensor>): number {
  const [output] = a.outputs as [string];
  const [x, y] = [a, b].map((graph) => evaluateGraph(graph, inputs).get(output)!.data as Float32Array) as [
    Float32Array,
    Float32Array,
  ];
  const largest = Math.max(...x.map(Math.abs));
  return Math.max(...x.map((value, i) => Math.abs(value - y[i]!))) / largest;
}

/** Convolution, Relu, pool, product. */
function chain(): Graph {
  return makeGraph({
    inputs: { x: [1, 3, 6, 6] },
    outputs: ['y'],
    constants: { w: random(1, [4, 3, 3, 3]), v: random(2, [4, 5]) },
    nodes: [
      makeNode('conv', 'Conv', ['x', 'w'], ['c']),
      makeNode('relu', 'Relu', ['c'], ['r']),
      makeNode('pool', 'GlobalAveragePool', ['r'], ['p']),
      makeNode('flat', 'Flatten', ['p'], ['f']),
      makeNode('product', 'MatMul', ['f', 'v'], ['y']),
    ],
  });
}

async function quantizedChain(): Promise<{ readonly qdq: Graph; readonly weights: Float32Array }> {
  const graph = chain();
  const data = samplesFor(graph, 4);
  const model = await quantize(graph, uniformPlan(graph), data);
  return {
    qdq: exportQdq(modelOf(model.graph), model).graph,
    weights: graph.initializers.get('w')!.data as Float32Array,
  };
}

describe('the float network of a QDQ model', () => {
  it('has no quantiser, the layers by their names, and weights within half a step of what they were', async () => {
    const { qdq, weights } = await quantizedChain();
    expect(quantizedStyle(qdq.nodes)).toBe('QDQ');
    const float = written(qdq);
    expect(quantizedStyle(float.nodes)).toBeUndefined();
    expect(float.nodes.map(({ name }) => name)).toEqual(expect.arrayContaining(['conv', 'pool', 'flat', 'product']));
    const conv = float.nodes.find(({ name }) => name === 'conv')!;
    const own = float.initializers.get(conv.inputs[1]!)!.data as Float32Array;
    const step = Math.max(...weights.map(Math.abs)) / 127;
    expect(Math.max(...own.map((value, i) => Math.abs(value - weights[i]!)))).toBeLessThanOrEqual(0.51 * step);
    expect(own).not.toEqual(weights);
  });

  it('keeps a Relu that stood nowhere but in the codes', async () => {
    const { qdq } = await quantizedChain();
    expect(operators(qdq)).not.toContain('Relu');
    const float = written(qdq);
    const sample = await samplesFor(chain(), 1, 9).sample(0);
    expect(difference(qdq, float, sample)).toBeLessThan(0.05);
    expect(operators(float).filter((op) => op === 'Clip')).toHaveLength(3);
    const clip = float.nodes.find(({ op }) => op === 'Clip')!;
    expect(float.initializers.get(clip.inputs[1]!)!.data[0]).toBe(0);
  });

  it('makes one Clip of a Relu and the codes behind it, and none behind what only moves values', () => {
    const scale = float32Tensor([], Float32Array.of(0.05));
    const zero: Tensor = { dtype: 'uint8', dims: [], data: Uint8Array.of(20) };
    const pair = (from: string, to: string): GraphNode[] => [
      makeNode(`${to}_q`, 'QuantizeLinear', [from, 's', 'z'], [`${to}_codes`]),
      makeNode(`${to}_d`, 'DequantizeLinear', [`${to}_codes`, 's', 'z'], [to]),
    ];
    const graph = makeGraph({
      inputs: { x: [1, 2, 4, 4] },
      outputs: ['y'],
      constants: { s: scale, z: zero, w: random(3, [2, 2, 1, 1], 8) },
      nodes: [
        makeNode('conv', 'Conv', ['x', 'w'], ['c']),
        makeNode('relu', 'Relu', ['c'], ['r']),
        ...pair('r', 'a'),
        makeNode('pool', 'MaxPool', ['a'], ['p'], { kernel_shape: attribute.ints([2, 2]) }),
        ...pair('p', 'b'),
        makeNode('end', 'Sigmoid', ['b'], ['y']),
      ],
    });
    const float = written(graph);
    expect(operators(float)).toEqual(['Conv', 'Clip', 'MaxPool', 'Sigmoid']);
    const [, low, high] = float.nodes[1]!.inputs.map((name) => float.initializers.get(name)?.data[0]);
    expect(low).toBe(0);
    expect(high).toBe(Math.fround(235 * Math.fround(0.05)));
  });
});

describe('the float network of operators on codes', () => {
  const step = (value: number) => float32Tensor([], Float32Array.of(value));
  const byte = (value: number): Tensor => ({ dtype: 'uint8', dims: [], data: Uint8Array.of(value) });
  const graph = makeGraph({
    inputs: { x: [1, 2, 4, 4] },
    outputs: ['y'],
    constants: {
      s: step(0.01),
      z: byte(128),
      t: step(0.04),
      w: { dtype: 'int8', dims: [3, 2, 1, 1], data: Int8Array.of(90, -70, 100, 60, -100, 127) },
      ws: float32Tensor([3], Float32Array.of(0.01, 0.02, 0.005)),
      wz: { dtype: 'int8', dims: [3], data: new Int8Array(3) },
      bias: { dtype: 'int32', dims: [3], data: Int32Array.of(1000, -500, 3000) },
    },
    nodes: [
      makeNode('q', 'QuantizeLinear', ['x', 's', 'z'], ['xq']),
      makeNode('conv', 'QLinearConv', ['xq', 's', 'z', 'w', 'ws', 'wz', 't', 'z', 'bias'], ['cq']),
      makeNode('pool', 'MaxPool', ['cq'], ['pq'], { kernel_shape: attribute.ints([2, 2]) }),
      makeNode('d', 'DequantizeLinear', ['pq', 't', 'z'], ['y']),
    ],
  });

  it('is the float convolution with its bias, the pool in float', async () => {
    expect(quantizedStyle(graph.nodes)).toBe('QOperator');
    const float = written(graph);
    expect(operators(float)).toEqual(['Conv', 'Clip', 'MaxPool', 'Identity']);
    const bias = float.initializers.get(float.nodes[0]!.inputs[2]!)!.data as Float32Array;
    expect(Array.from(bias).map((value) => Number(value.toFixed(4)))).toEqual([0.1, -0.1, 0.15]);
    expect(difference(graph, float, await samplesFor(graph, 1, 4).sample(0))).toBeLessThan(0.02);
  });

  it('is told where nodes are malformed, and a summary is made all the same', () => {
    const broken = (name: string, op: string, inputs: readonly string[]): Graph => ({
      ...graph,
      nodes: [makeNode(name, op, inputs, ['y'])],
    });
    for (const own of [
      broken('a', 'QLinearConv', ['x']),
      broken('b', 'QuantizeLinear', []),
      broken('c', 'QLinearAdd', ['x', 's', 'z', '', '']),
      broken('d', 'QuantizeLinear', ['x', 'w', 'z']),
    ]) {
      expect(floatNetwork(own)).toHaveProperty('reason');
      expect(summarize(modelOf(own)).quantized).toHaveProperty('reason');
    }
    expect(() => floatNetwork(broken('e', 'DequantizeLinear', []))).not.toThrow();
  });

  it('is told where it is none: scales that are chosen while the model runs', () => {
    const dynamic = makeGraph({
      inputs: { x: [2, 2] },
      outputs: ['y'],
      constants: { b: { dtype: 'uint8', dims: [2, 2], data: Uint8Array.of(1, 2, 3, 4) } },
      nodes: [
        makeNode('dynamic', 'DynamicQuantizeLinear', ['x'], ['q', 's', 'z']),
        makeNode('product', 'MatMulInteger', ['q', 'b', 'z'], ['y']),
      ],
    });
    expect(floatNetwork(dynamic)).toEqual({ reason: 'MatMulInteger “product” has no float form here' });
    expect(summarize(modelOf(dynamic)).quantized).toEqual({
      style: 'QOperator',
      reason: 'MatMulInteger “product” has no float form here',
    });
  });
});

const espcn = shared('models', 'qonnx_espcn_x3_nnresize_quant.onnx');
describe.skipIf(espcn === undefined)('the float network of a QONNX model (needs shared models)', () => {
  it('answers as the model does, but for the rounding', async () => {
    const { graph } = graphFromProto(decodeModel(new Uint8Array(readFileSync(espcn!))));
    expect(quantizedStyle(graph.nodes)).toBe('QONNX');
    const float = written(graph);
    expect(quantizedStyle(float.nodes)).toBeUndefined();
    const [input] = graph.inputs as [string];
    const dims = graph.types.get(input)!.dims!.map((dim) => (typeof dim === 'number' ? dim : 1));
    const positive = (random(3, dims).data as Float32Array).map(Math.abs);
    const inputs = new Map([[input, float32Tensor(dims, positive)]]);
    const answers: Float32Array[] = [];
    for (const each of [graph, float]) {
      const program = await compile(each, { mode: 'strict' });
      answers.push(Float32Array.from((await program.run(inputs)).get(graph.outputs[0]!)!.data as Float32Array));
      program.dispose();
    }
    const [own, other] = answers as [Float32Array, Float32Array];
    const energy = own.reduce((sum, value) => sum + value * value, 0);
    const noise = own.reduce((sum, value, i) => sum + (value - other[i]!) ** 2, 0);
    expect(noise).toBeGreaterThan(0);
    expect(noise).toBeLessThan(energy / 10);
  });
});

describe('layers in codes', () => {
  it('are those around quantisers, also behind what only moves values; others are left to the spec', () => {
    const scale = float32Tensor([], Float32Array.of(0.05));
    const graph = makeGraph({
      inputs: { x: [1, 4] },
      outputs: ['y'],
      constants: { s: scale, w: random(1, [4, 4]), v: random(2, [4, 4]) },
      nodes: [
        makeNode('free', 'MatMul', ['x', 'w'], ['a']),
        makeNode('apart', 'Sigmoid', ['a'], ['b']),
        makeNode('before', 'MatMul', ['b', 'v'], ['c']),
        makeNode('clamp', 'Relu', ['c'], ['d']),
        makeNode('q', 'QuantizeLinear', ['d', 's'], ['codes']),
        makeNode('dq', 'DequantizeLinear', ['codes', 's'], ['e']),
        makeNode('moved', 'Identity', ['e'], ['f']),
        makeNode('behind', 'Sigmoid', ['f'], ['g']),
        makeNode('end', 'MatMul', ['g', 'w'], ['y']),
      ],
    });
    const { layers } = summarize(modelOf(graph));
    const found = [...layersInCodes(layers)].sort((a, b) => a - b).map((index) => layers[index]!.name);
    expect(found).toEqual(['before', 'clamp', 'q', 'dq', 'moved', 'behind']);
  });
});
