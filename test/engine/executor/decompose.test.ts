import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import type { Kernels } from '../../../kernels/api.ts';
import { loadKernels } from '../../../kernels/loader.ts';
import { modelProto, node, valueInfo } from '../graph/protos.ts';
import { compared, filler, floats } from '../operators/against-runtime.ts';

const { f32, positive } = filler(6);
const ms = (op: string, inputs: string, output: string, attributes: Parameters<typeof node>[3] = {}) =>
  node(op, inputs, output, attributes, output.split(' ')[0]!, 'com.microsoft');

function graphWith(
  nodes: ReturnType<typeof node>[],
  inputs: Record<string, (number | string)[]>,
  constants: Record<string, Tensor>,
  outputs = ['y'],
  opset = 17,
): Graph {
  const infos = Object.entries(inputs).map(([name, dims]) => [name, valueInfo(name, dims)]);
  return graphFromProto(
    modelProto({
      nodes,
      inputs: Object.fromEntries(infos),
      constants,
      outputs,
      opset,
      opsets: { 'com.microsoft': 1 },
    }),
  ).graph;
}

describe('an operator that is a composition', () => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await loadKernels({ mode: 'strict' });
  });
  afterAll(() => kernels.dispose());

  async function run(graph: Graph, given: ReadonlyMap<string, Tensor>) {
    const program = await compile(graph, { mode: 'strict', kernels });
    const outputs = await program.run(given);
    const report = program.report();
    program.dispose();
    for (const [name, expected] of evaluateGraph(graph, given))
      expect(compared(outputs.get(name)!, expected, { tolerance: 1e-5 })).toBe('');
    return report.map(({ node: name, op, how, into, kernels: own }) => [name, op, how, into ?? own.join(' + ')]);
  }

  it('is reported as the whole, and its parts fuse with the layers around', async () => {
    const graph = graphWith(
      [node('MatMul', 'x w', 'p', {}, 'p'), ms('SkipLayerNormalization', 'p s g b', 'y')],
      { x: [2, 3, 8], s: [2, 3, 8] },
      { w: f32([8, 8]), g: positive([8]), b: f32([8]) },
    );
    const given = new Map([
      ['x', f32([2, 3, 8])],
      ['s', f32([2, 3, 8])],
    ]);
    // The sum with the skip is the product's residual; only the normalisation is left.
    expect(await run(graph, given)).toEqual([
      ['p', 'MatMul', 'kernel', 'gemm'],
      ['y', 'SkipLayerNormalization', 'kernel', 'layerNorm'],
    ]);
  });

  it('of several levels is written out to the last', async () => {
    const graph = graphWith(
      [ms('NhwcFusedConv', 'x w b z', 'y', { activation: 'Relu' })],
      { x: [1, 5, 5, 3], z: [1, 3, 3, 4] },
      { w: f32([4, 3, 3, 3]), b: f32([4]) },
    );
    const given = new Map([
      ['x', f32([1, 5, 5, 3])],
      ['z', f32([1, 3, 3, 4])],
    ]);
    const [[name, op, how, own]] = (await run(graph, given)) as [[string, string, string, string]];
    expect([name, op, how]).toEqual(['y', 'NhwcFusedConv', 'kernel']);
    // One convolution with addend and Relu inside: the transpositions cost nothing.
    expect(own).toMatch(/^conv2d \S+$/);
  });

  it('whose parts belong to the kernel before is reported as inside it', async () => {
    const graph = graphWith(
      [node('MatMul', 'x w', 'p', {}, 'p'), ms('BiasAdd', 'p b s', 'y')],
      { x: [2, 3, 8], s: [2, 3, 8] },
      { w: f32([8, 8]), b: f32([8]) },
    );
    const given = new Map([
      ['x', f32([2, 3, 8])],
      ['s', f32([2, 3, 8])],
    ]);
    expect(await run(graph, given)).toEqual([
      ['p', 'MatMul', 'kernel', 'gemm'],
      ['y', 'BiasAdd', 'fused', 'p'],
    ]);
  });

  it('takes the form of operators that the model’s operator set has', async () => {
    for (const opset of [10, 17, 18]) {
      const graph = graphWith(
        [
          node('SimplifiedLayerNormalization', 'x g', 'n', {}, 'n'),
          ms('FusedGemm', 'n w', 'y', { activation: 'Clip', activation_alpha: -0.25, activation_beta: 0.25 }),
        ],
        { x: [3, 8] },
        { g: positive([8]), w: f32([8, 4]) },
        ['y'],
        opset,
      );
      const report = await run(graph, new Map([['x', f32([3, 8])]]));
      expect(report.map(([name, , how]) => [name, how])).toEqual([
        ['n', 'kernel'],
        ['y', 'kernel'],
      ]);
    }
  });

  it('names no value that is there already', async () => {
    const graph = graphWith(
      [node('Relu', 'x', 'y/0', {}, 'r'), ms('BiasGelu', 'y/0 b', 'y')],
      { x: [2, 8] },
      { b: f32([8]) },
      ['y', 'y/0'],
    );
    await run(graph, new Map([['x', f32([2, 8])]]));
  });

  it('shows its outputs to observers like any other', async () => {
    const graph = graphWith([ms('BiasGelu', 'x b', 'h'), node('Relu', 'h', 'y')], { x: [2, 8] }, { b: f32([8]) });
    const given = new Map([['x', f32([2, 8])]]);
    const program = await compile(graph, { mode: 'strict', kernels, observed: ['h'] });
    const seen: string[] = [];
    await program.run(given, { observe: (value, { dims }) => seen.push(`${value} ${dims.join()}`) });
    program.dispose();
    expect(seen).toEqual(['h 2,8']);
  });

  it('stays whole, and says why, where a variant has no parts', async () => {
    const graph = graphWith(
      [ms('MatMulNBits', 'x w s', 'y', { K: 16, N: 4, bits: 4, block_size: 16 })],
      { x: [2, 16], s: [4, 1] },
      { w: { dtype: 'uint8', dims: [4, 1, 8], data: new Uint8Array(32).fill(0x5a) } },
    );
    const program = await compile(graph, { mode: 'strict', kernels });
    expect(program.report()).toMatchObject([
      { node: 'y', how: 'host', reason: 'the weights are only known while running' },
    ]);
    program.dispose();
  });

  it('that is malformed is a finding when it runs, and no crash before', async () => {
    const graph = graphWith(
      [ms('Attention', 'x w b', 'y', { num_heads: 3 })],
      { x: [1, 2, 4] },
      { w: f32([4, 12]), b: f32([12]) },
    );
    const given = new Map([['x', floats([1, 2, 4], 1, 2, 3, 4, 5, 6, 7, 8)]]);
    const program = await compile(graph, { mode: 'strict', kernels });
    await expect(program.run(given)).rejects.toMatchObject({ finding: { code: 'model/shape' } });
    program.dispose();
  });
});
