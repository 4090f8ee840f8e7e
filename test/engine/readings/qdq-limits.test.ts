import { describe, expect, it } from 'vitest';
import { loadOnnxRuntime } from '../../../engine/env/node/onnxruntime.ts';
import { formatNamed } from '../../../engine/formats/registry.ts';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { limitOf } from '../../../engine/quantize/limits.ts';
import { exportQdq, type QdqOptions } from '../../../engine/readings/export-qdq.ts';
import { qdqLimits } from '../../../engine/readings/qdq-limits.ts';
import { bytesOf, makeGraph, modelOf, quantize, random, samplesFor, uniformPlan } from '../quantize/small.ts';

/** Two layers of each operator, so that what runs on codes has codes before and behind it. */
const graphs: Readonly<Record<string, Graph>> = {
  Conv: makeGraph({
    inputs: { x: [1, 16, 6, 6] },
    outputs: ['y'],
    constants: { w: random(1, [16, 16, 3, 3], 0.5), b: random(2, [16]), v: random(3, [16, 16, 3, 3], 0.5) },
    nodes: [makeNode('one', 'Conv', ['x', 'w', 'b'], ['h']), makeNode('two', 'Conv', ['h', 'v'], ['y'])],
  }),
  Gemm: makeGraph({
    inputs: { x: [4, 32] },
    outputs: ['y'],
    constants: { w: random(1, [32, 32], 0.5), b: random(2, [32]), v: random(3, [32, 32], 0.5) },
    nodes: [
      makeNode('one', 'Gemm', ['x', 'w', 'b'], ['h'], { transB: attribute.int(1) }),
      makeNode('two', 'Gemm', ['h', 'v'], ['y']),
    ],
  }),
  MatMul: makeGraph({
    inputs: { x: [4, 32] },
    outputs: ['y'],
    constants: { w: random(1, [32, 32], 0.5), v: random(3, [32, 32], 0.5) },
    nodes: [makeNode('one', 'MatMul', ['x', 'w'], ['h']), makeNode('two', 'MatMul', ['h', 'v'], ['y'])],
  }),
  Add: makeGraph({
    inputs: { x: [4, 32], z: [4, 32] },
    outputs: ['y'],
    nodes: [makeNode('one', 'Add', ['x', 'z'], ['h']), makeNode('two', 'Add', ['h', 'z'], ['y'])],
  }),
};
const weightFormats = [
  ...['int8', 'uint8', 'int6', 'int5', 'int4', 'uint4', 'int3', 'uint3', 'int2', 'int16', 'int32'],
  ...['kmeans(2)', 'bcq(2)', 'dual(int4)', 'fp16', 'bf16'],
];
const activationFormats = ['uint8', 'int8', 'uint7', 'uint4', 'uint16', 'int16'];

/** What ONNX Runtime makes of a network with these formats. */
async function measured(graph: Graph, op: string, weights: string, activations: string, options: QdqOptions) {
  const weightScheme = formatNamed(weights).signed ? 'symmetric' : 'affine';
  const samples = samplesFor(graph, 2);
  const quantized = await quantize(graph, uniformPlan(graph, { weights, weightScheme, activations }), samples);
  const runtime = await loadOnnxRuntime({ threads: 1 });
  try {
    const bytes = bytesOf(exportQdq(modelOf(graph), quantized, options));
    const session = await runtime.createSession(bytes, { optimize: 'all', profile: true });
    await session.run(await samples.sample(0));
    const ran = session.endProfiling();
    await session.release();
    return ran.some((node) => node.op === op) ? 'float' : 'integer';
  } catch (error) {
    expect(String(error)).toContain('This is an invalid model');
    return 'refused';
  }
}

async function compare(
  op: string,
  graph: Graph,
  weights: string,
  activationFormats: readonly string[],
  options: QdqOptions,
) {
  const scheme = formatNamed(weights).signed ? 'symmetric' : 'affine';
  const [found, told]: [Record<string, string>, Record<string, string>] = [{}, {}];
  for (const activations of activationFormats) {
    found[activations] = await measured(graph, op, weights, activations, options);
    const formats = { op, activations: { format: activations, scheme: 'affine' } };
    const layer = op === 'Add' ? formats : { ...formats, weights: { format: weights, scheme } };
    told[activations] = limitOf(qdqLimits, layer, options.container)?.outcome ?? 'integer';
  }
  expect(told).toEqual(found);
}

describe.each(Object.entries(graphs))('what ONNX Runtime makes of %s in an exported model', (op, graph) => {
  it.each(op === 'Add' ? ['int8'] : weightFormats)(
    'with weights %s is what the table says',
    (weights) => compare(op, graph, weights, activationFormats, {}),
    60_000,
  );

  it.each(op === 'Add' ? ['int8'] : ['int4', 'uint4', 'int2', 'uint2', 'ternary'])(
    'with weights %s in 8-bit containers is what the table says',
    (weights) => compare(op, graph, weights, ['uint8', 'int8', 'uint4', 'int4', 'uint2'], { container: 'int8' }),
    60_000,
  );

  it.each(op === 'Add' ? [] : ['int4', 'uint4', 'int2', 'int6'])(
    'with weights %s packed is what the table says',
    (weights) => compare(op, graph, weights, ['uint8', 'int8', 'uint4', 'uint16'], { container: 'packed' }),
    60_000,
  );
});
