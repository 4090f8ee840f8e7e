import { describe, expect, it } from 'vitest';
import { loadOnnxRuntime } from '../../../engine/env/node/onnxruntime.ts';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import type { Graph, Model } from '../../../engine/graph/graph.ts';
import { exportFindings } from '../../../engine/readings/export-findings.ts';
import { exportQdq } from '../../../engine/readings/export-qdq.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import {
  bytesOf,
  makeGraph,
  modelOf,
  type PlanOptions,
  quantize,
  random,
  samplesFor,
  uniformPlan,
} from '../quantize/small.ts';
import { runInteger } from './agreement.ts';

/** Three convolutions, one of them depthwise, and a clamp between them. */
function network(): Graph {
  return makeGraph({
    inputs: { x: [1, 16, 8, 8] },
    outputs: ['y'],
    constants: {
      'a.w': random(1, [32, 16, 3, 3], 0.5),
      'a.b': random(2, [32]),
      'd.w': random(3, [32, 1, 3, 3], 0.5),
      'c.w': random(4, [16, 32, 1, 1], 0.5),
      'c.b': random(5, [16]),
    },
    nodes: [
      makeNode('a', 'Conv', ['x', 'a.w', 'a.b'], ['a.y'], { pads: attribute.ints([1, 1, 1, 1]) }),
      makeNode('r', 'Relu', ['a.y'], ['r.y']),
      makeNode('d', 'Conv', ['r.y', 'd.w'], ['d.y'], { group: attribute.int(32) }),
      makeNode('c', 'Conv', ['d.y', 'c.w', 'c.b'], ['y']),
    ],
  });
}

/** The network in the given formats, both ways to write it, and the operators with weights that ONNX Runtime ran. */
async function written(options: PlanOptions) {
  const graph = network();
  const data = samplesFor(graph, 4);
  const quantized = await quantize(graph, uniformPlan(graph, options), data);
  const inputs = await samplesFor(graph, 1, 99).sample(0);
  const own = exportQdq(modelOf(graph), quantized);
  const contained = exportQdq(modelOf(graph), quantized, { container: 'int8' });
  return { quantized, inputs, own, contained, integers: runInteger(quantized, inputs).get('y')! };
}

async function run(model: Model, inputs: ReadonlyMap<string, Tensor>) {
  const runtime = await loadOnnxRuntime({ threads: 1 });
  const session = await runtime.createSession(bytesOf(model), { optimize: 'all', profile: true });
  const y = (await session.run(inputs)).get('y')!;
  const ops = session.endProfiling().map(({ op }) => op);
  await session.release();
  return { y, convolutions: ops.filter((op) => op.endsWith('Conv')) };
}

const weightsIn = ({ graph }: Model) => ['a', 'd', 'c'].map((layer) => graph.initializers.get(`${layer}.w_quantized`)!);

describe('weights of fewer than 8 bits in int8', () => {
  it.each<[string, PlanOptions]>([
    ['int4', { weights: 'int4' }],
    ['int4 per tensor', { weights: 'int4', granularity: 'per-tensor' }],
    ['uint4 with zero points', { weights: 'uint4', weightScheme: 'affine' }],
    ['int2', { weights: 'int2' }],
    ['ternary', { weights: 'ternary' }],
    ['int4 with uint4 activations', { weights: 'int4', activations: 'uint4' }],
  ])('%s: run as QLinearConv and give our integers exactly', async (_name, options) => {
    const { contained, inputs, integers } = await written(options);
    const { y, convolutions } = await run(contained, inputs);
    expect(convolutions).toEqual(['QLinearConv', 'QLinearConv', 'QLinearConv']);
    expect(y.data).toEqual(integers.data);
  });

  it('are the codes that the narrow type holds, for operator set 13', async () => {
    const { own, contained } = await written({ weights: 'int4' });
    expect(weightsIn(own).map(({ dtype }) => dtype)).toEqual(['int4', 'int4', 'int4']);
    expect(weightsIn(contained).map(({ dtype }) => dtype)).toEqual(['int8', 'int8', 'int8']);
    expect(weightsIn(contained).map(({ data }) => data)).toEqual(weightsIn(own).map(({ data }) => data));
    expect([own, contained].map(({ graph }) => graph.opsets.get(''))).toEqual([21, 13]);
  });

  it('take a byte each, where their own type takes half of one and runs in float', async () => {
    const { own, contained, inputs } = await written({ weights: 'int4' });
    const weights = weightsIn(own).reduce((sum, { data }) => sum + data.length, 0);
    const difference = bytesOf(contained).length - bytesOf(own).length;
    expect(Math.abs(difference - weights / 2)).toBeLessThan(0.02 * weights);
    const { convolutions } = await run(own, inputs);
    expect(convolutions.filter((op) => op === 'QLinearConv')).toEqual([]);
    expect(convolutions.length).toBe(3);
  });

  it('are told of where activations become int8, which x86 leaves in float', async () => {
    const { quantized } = await written({ weights: 'int4', activations: 'int4' });
    const told = (container?: 'int8') => exportFindings(quantized, container && { container }).map(({ code }) => code);
    expect(told()).toEqual([]);
    expect(told('int8')).toEqual(['export/int8-activations']);
  });

  it('keep their own type in blocks, which run in float either way', async () => {
    const { own, contained } = await written({ weights: 'int4', granularity: 'per-group(16)' });
    expect(bytesOf(contained)).toEqual(bytesOf(own));
  });
});
