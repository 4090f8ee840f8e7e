import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { float32Tensor, int64Tensor, type Tensor } from '../../../engine/tensor.ts';
import type { Kernels } from '../../../kernels/api.ts';
import { loadKernels } from '../../../kernels/loader.ts';
import { relativeError } from '../../onnxruntime.ts';
import { attribute, graphOf, randomInputs, randomTensor } from '../passes/graphs.ts';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await loadKernels({ mode: 'strict' });
});
afterAll(() => kernels.dispose());

const scalar = (value: number) => float32Tensor([], Float32Array.of(value));
type Nodes = Parameters<typeof graphOf>[0]['nodes'];

/** Operators whose kernels run, after the result was held against the reference evaluation. */
async function kernelsOf(graph: Graph, observed: readonly string[] = []): Promise<string[]> {
  const inputs = randomInputs(graph);
  const program = await compile(graph, { mode: 'strict', kernels, observed, inputDims: dimsOf(inputs) });
  const [outputs, expected] = [await program.run(inputs), evaluateGraph(graph, inputs)];
  for (const value of graph.outputs)
    expect(relativeError(outputs.get(value)!, expected.get(value)!), value).toBeLessThan(1e-5);
  const report = program.report();
  program.dispose();
  expect(report.map(({ node }) => node).sort()).toEqual(graph.nodes.map(({ name }) => name).sort());
  return report.flatMap((entry) => entry.kernels);
}

const dimsOf = (inputs: ReadonlyMap<string, Tensor>) => new Map([...inputs].map(([name, { dims }]) => [name, dims]));

const moments: Nodes = [
  ['ReduceMean', 'x', 'm', { axes: attribute.ints([-1]) }],
  ['Sub', 'x m', 'd'],
];
const norm = { gamma: randomTensor([6], 2), beta: randomTensor([6], 3), epsilon: scalar(1e-3), two: scalar(2) };

describe('LayerNormalization is found', () => {
  const torch: Nodes = [
    ...moments,
    ['Pow', 'd two', 's'],
    ['ReduceMean', 's', 'v', { axes: attribute.ints([2]) }],
    ['Add', 'v epsilon', 'e'],
    ['Sqrt', 'e', 'r'],
    ['Div', 'd r', 'n'],
    ['Mul', 'n gamma', 'g'],
    ['Add', 'g beta', 'y'],
  ];
  const tensorflow: Nodes = [
    ...moments,
    ['Mul', 'd d', 's'],
    ['ReduceMean', 's', 'v', { axes: attribute.ints([-1]) }],
    ['Add', 'v epsilon', 'e'],
    ['Sqrt', 'e', 'q'],
    ['Reciprocal', 'q', 'r'],
    ['Mul', 'r gamma', 'g'],
    ['Mul', 'x g', 'p'],
    ['Mul', 'm g', 'w'],
    ['Sub', 'beta w', 'b'],
    ['Add', 'p b', 'y'],
  ];
  const inputs = { x: [2, 5, 6] };

  it.each([
    ['as PyTorch writes it', torch],
    ['as TensorFlow writes it', tensorflow],
  ])('%s', async (_, nodes) => {
    expect(await kernelsOf(graphOf({ inputs, constants: norm, nodes, outputs: ['y'] }))).toEqual(['layerNorm']);
  });

  it('behind another product that its input comes from', async () => {
    const nodes: Nodes = [['Mul', 'z z', 'x'], ...tensorflow];
    const graph = graphOf({ inputs: { z: [2, 5, 6] }, constants: norm, nodes, outputs: ['y'] });
    expect(await kernelsOf(graph)).toEqual(['mul', 'layerNorm']);
  });

  it('but not where somebody needs a value inside, or the axis is another', async () => {
    expect(await kernelsOf(graphOf({ inputs, constants: norm, nodes: torch, outputs: ['y', 'v'] }))).not.toContain(
      'layerNorm',
    );
    const graph = graphOf({ inputs, constants: norm, nodes: torch, outputs: ['y'] });
    expect(await kernelsOf(graph, ['n'])).not.toContain('layerNorm');
    const across = torch.map(([op, from, to, own]) => [op, from, to, own && { axes: attribute.ints([1]) }] as const);
    expect(await kernelsOf(graphOf({ inputs, constants: norm, nodes: across as Nodes, outputs: ['y'] }))).not.toContain(
      'layerNorm',
    );
  });
});

describe('Gelu is found', () => {
  const inputs = { x: [3, 7] };
  const constants = {
    half: scalar(0.5),
    one: scalar(1),
    root: scalar(Math.SQRT2),
    three: scalar(3),
    cubic: scalar(0.044715),
    outer: scalar(Math.sqrt(2 / Math.PI)),
  };

  it.each<[string, Nodes, string]>([
    [
      'by erf',
      [
        ['Div', 'x root', 'a'],
        ['Erf', 'a', 'e'],
        ['Add', 'e one', 'b'],
        ['Mul', 'x b', 'c'],
        ['Mul', 'c half', 'y'],
      ],
      'gelu',
    ],
    [
      'by tanh and a power',
      [
        ['Pow', 'x three', 'p'],
        ['Mul', 'p cubic', 'q'],
        ['Add', 'x q', 'a'],
        ['Mul', 'a outer', 'u'],
        ['Tanh', 'u', 't'],
        ['Add', 't one', 'b'],
        ['Mul', 'x half', 'h'],
        ['Mul', 'h b', 'y'],
      ],
      'geluTanh',
    ],
    [
      'by tanh and products',
      [
        ['Mul', 'x x', 's'],
        ['Mul', 's x', 'p'],
        ['Mul', 'cubic p', 'q'],
        ['Add', 'q x', 'a'],
        ['Mul', 'outer a', 'u'],
        ['Tanh', 'u', 't'],
        ['Add', 'one t', 'b'],
        ['Mul', 'b x', 'h'],
        ['Mul', 'half h', 'y'],
      ],
      'geluTanh',
    ],
  ])('%s', async (_, nodes, kernel) => {
    expect(await kernelsOf(graphOf({ inputs, constants, nodes, outputs: ['y'] }))).toEqual([kernel]);
  });

  it('but not with another number in it', async () => {
    const nodes: Nodes = [
      ['Mul', 'x root', 'a'],
      ['Erf', 'a', 'e'],
      ['Add', 'e one', 'b'],
      ['Mul', 'x b', 'c'],
      ['Mul', 'c half', 'y'],
    ];
    expect(await kernelsOf(graphOf({ inputs, constants, nodes, outputs: ['y'] }))).toContain('erf');
  });
});

describe('matrix products', () => {
  it('take a factor, and pack keys as they lie', async () => {
    const graph = graphOf({
      inputs: { q: [1, 2, 5, 4], k: [1, 2, 5, 4] },
      constants: { scale: scalar(0.5) },
      nodes: [
        ['Transpose', 'k', 't', { perm: attribute.ints([0, 1, 3, 2]) }],
        ['MatMul', 'q t', 'p'],
        ['Div', 'p scale', 's'],
        ['Softmax', 's', 'y'],
      ],
      outputs: ['y'],
    });
    expect(await kernelsOf(graph)).toEqual(['gemm, right side packed while running', 'softmax']);
  });

  it('take a residual and a clamp behind a reshape', async () => {
    const graph = graphOf({
      inputs: { x: [6, 4], r: [2, 3, 5] },
      constants: { w: randomTensor([4, 5]), shape: int64Tensor([3], [2, 3, 5]) },
      nodes: [
        ['MatMul', 'x w', 'p'],
        ['Reshape', 'p shape', 'q'],
        ['Add', 'q r', 's'],
        ['Relu', 's', 'y'],
      ],
      outputs: ['y'],
    });
    expect(await kernelsOf(graph)).toEqual(['gemm']);
  });
});
