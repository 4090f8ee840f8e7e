import { describe, expect, it } from 'vitest';
import { backends } from '../../../engine/backends/registry.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Graph, GraphNode } from '../../../engine/graph/graph.ts';
import type { Assignment } from '../../../engine/quantize/assignment.ts';
import { exportQdq } from '../../../engine/readings/export-qdq.ts';
import { integerGraph } from '../../../engine/readings/integer.ts';
import { simulate } from '../../../engine/readings/simulate.ts';
import { openInOnnxRuntime } from '../../onnxruntime.ts';
import { bytesOf, makeGraph, modelOf, quantize, random, samplesFor } from '../quantize/small.ts';
import { planFor } from './plan.ts';

function node(
  op: string,
  name: string,
  inputs: readonly string[],
  attributes: GraphNode['attributes'] = {},
): GraphNode {
  return { op, domain: '', name, inputs, outputs: [name], attributes };
}

/** A residual block, and a head: what the backends place differently. */
function residual(): Graph {
  const pads = { pads: { kind: 'ints', value: [1, 1, 1, 1] } } as const;
  return makeGraph({
    inputs: { x: [1, 3, 6, 6] },
    outputs: ['logits'],
    constants: {
      w1: random(1, [4, 3, 3, 3]),
      w2: random(2, [4, 4, 3, 3]),
      w3: random(3, [4, 5]),
    },
    nodes: [
      node('Conv', 'conv1', ['x', 'w1'], pads),
      node('Relu', 'relu1', ['conv1']),
      node('Conv', 'conv2', ['relu1', 'w2'], pads),
      node('Add', 'sum', ['conv2', 'relu1']),
      node('Relu', 'relu2', ['sum']),
      node('GlobalAveragePool', 'pool', ['relu2']),
      node('Flatten', 'flat', ['pool']),
      node('MatMul', 'logits', ['flat', 'w3']),
    ],
  });
}

/** Where activations are rounded: values that are left in codes, and inputs that a layer rounds for itself. */
function roundedIn(graph: Graph, { entries, inputs }: Assignment): string[] {
  const found = [...inputs.keys()];
  for (const { name, inputs: read } of graph.nodes) {
    for (const key of entries.keys()) {
      const [owner, role] = key.split('\u0000') as [string, string];
      if (owner !== name) continue;
      if (role === 'output[0]') found.push(name);
      const index = /^input\[(\d+)\]$/.exec(role)?.[1];
      if (index !== undefined) found.push(`${read[Number(index)]} → ${name}`);
    }
  }
  return found;
}

const whole = ['x', 'conv1', 'relu1', 'conv2', 'sum', 'relu2', 'pool', 'flat'];
const products = ['x', 'relu1 → conv2', 'flat'];
const expected: Readonly<Record<string, readonly string[]>> = {
  onnxruntime: [...whole, 'logits'],
  'onnxruntime-avx2': [...whole, 'logits'],
  // The second convolution's accumulator goes into the sum.
  tensorrt: whole.filter((value) => value !== 'conv2'),
  tvm: whole,
  snpe: whole,
  fbgemm: whole,
  // The sum reads the first block's output as it was.
  acl: products,
  academic: products,
};

describe.each(backends.map((backend) => [backend.name, backend] as const))('the backend %s', (name, backend) => {
  const graph = residual();
  const data = samplesFor(graph, 4);
  const quantized = quantize(graph, planFor(graph, backend), data);

  it('rounds where its placement says', async () => {
    expect(roundedIn(graph, (await quantized).assignment)).toEqual(expected[name]);
  });

  it('is computed alike by simulation, integer graph and export in ONNX Runtime', async () => {
    const model = await quantized;
    const sample = await data.sample(0);
    const run = (reading: Graph) => evaluateGraph(reading, sample).get('logits')!.data as Float32Array;
    const simulated = run(simulate(model));
    const largest = Math.max(...simulated.map(Math.abs));
    const session = await openInOnnxRuntime(bytesOf(exportQdq(modelOf(model.graph), model)));
    const exported = (await session.run(sample)).get('logits')!.data as Float32Array;
    const integers = run(integerGraph(model));
    for (const [i, value] of simulated.entries()) {
      expect(Math.abs(integers[i]! - value)).toBeLessThan(0.02 * largest);
      expect(Math.abs(exported[i]! - value)).toBeLessThan(0.02 * largest);
    }
  });
});
