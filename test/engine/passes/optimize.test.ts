import { describe, expect, test } from 'vitest';
import type { Attribute, Graph } from '../../../engine/graph/graph.ts';
import { optimize } from '../../../engine/passes/index.ts';
import { float32Tensor, int64Tensor } from '../../../engine/tensor.ts';
import { attribute, graphOf, operatorsOf, outputDifference, randomTensor } from './graphs.ts';

const positive = (dims: readonly number[], seed: number) => {
  const { data } = randomTensor(dims, seed);
  return float32Tensor(
    dims,
    (data as Float32Array).map((x) => Math.abs(x) + 0.1),
  );
};
const norm = (channels: number) => ({
  gamma: randomTensor([channels], 11),
  beta: randomTensor([channels], 12),
  mean: randomTensor([channels], 13),
  variance: positive([channels], 14),
});
const ints = (...values: number[]) => int64Tensor([values.length], values);

/** A branch of an If: nodes over values of the graph around it. */
const branch = (nodes: Parameters<typeof graphOf>[0]['nodes'], outputs: string): Attribute => ({
  kind: 'graph',
  value: { ...graphOf({ inputs: {}, nodes, outputs: outputs.split(' ') }), opsets: new Map() },
});

interface Case {
  readonly name: string;
  readonly graph: Graph;
  /** Operators left, in order. */
  readonly left: string;
  readonly absorbed?: Record<string, string[]>;
}

const fusions: readonly Case[] = [
  {
    name: 'a fused convolution is written out',
    graph: graphOf({
      inputs: { x: ['N', 3, 5, 5] },
      constants: { w: randomTensor([4, 3, 3, 3]), b: randomTensor([4]) },
      nodes: [
        ['com.microsoft.FusedConv', 'x w b', 'c', { activation: attribute.string('Relu') }],
        ['MaxPool', 'c', 'y', { kernel_shape: attribute.ints([2, 2]) }],
      ],
      outputs: ['y'],
    }),
    left: 'Conv Relu MaxPool',
  },
  {
    name: 'a channels-last convolution with an addend and a clip becomes a channels-first one between transpositions',
    graph: graphOf({
      inputs: { x: ['N', 5, 5, 3], z: ['N', 3, 3, 4] },
      constants: { w: randomTensor([4, 3, 3, 3]), b: randomTensor([4]) },
      nodes: [
        [
          'com.microsoft.NhwcFusedConv',
          'x w b z',
          'y',
          { activation: attribute.string('Clip'), activation_params: attribute.floats([-0.5, 0.5]) },
        ],
      ],
      outputs: ['y'],
    }),
    left: 'Transpose Transpose Conv Add Clip Transpose',
  },
  {
    name: 'transpositions and a factor of a fused product go into its weights',
    graph: graphOf({
      inputs: { x: ['N', 4] },
      constants: { w: randomTensor([5, 4]) },
      nodes: [['com.microsoft.FusedMatMul', 'x w', 'y', { transB: attribute.int(1), alpha: attribute.float(0.25) }]],
      outputs: ['y'],
    }),
    left: 'MatMul',
  },
  {
    name: 'a fused Gemm, and Gelu with a bias',
    graph: graphOf({
      inputs: { x: ['N', 4] },
      constants: { w: randomTensor([4, 5]), c: randomTensor([5]), b: randomTensor([5], 2) },
      nodes: [
        ['com.microsoft.FusedGemm', 'x w c', 'g', { activation: attribute.string('Tanh') }],
        ['com.microsoft.BiasGelu', 'g b', 'y'],
      ],
      outputs: ['y'],
    }),
    left: 'Gemm Tanh Add Gelu',
  },
];

const cases: readonly Case[] = [
  ...fusions,
  {
    name: 'batch norm folds into the convolution before it',
    graph: graphOf({
      inputs: { x: ['N', 3, 5, 5] },
      constants: { w: randomTensor([4, 3, 3, 3]), b: randomTensor([4]), ...norm(4) },
      nodes: [
        ['Conv', 'x w b', 'c'],
        ['BatchNormalization', 'c gamma beta mean variance', 'n'],
        ['Relu', 'n', 'y'],
      ],
      outputs: ['y'],
    }),
    left: 'Conv Relu',
    absorbed: { 'Conv:c': ['BatchNormalization:n'] },
  },
  {
    name: 'batch norm folds into a grouped convolution without bias that is the output',
    graph: graphOf({
      inputs: { x: [1, 4, 6] },
      constants: { w: randomTensor([6, 2, 3]), ...norm(6) },
      nodes: [
        ['Conv', 'x w', 'c', { group: attribute.int(2) }],
        ['BatchNormalization', 'c gamma beta mean variance', 'y', { epsilon: attribute.float(0.01) }],
      ],
      outputs: ['y'],
    }),
    left: 'Conv',
  },
  {
    name: 'padding with zeros, then batch norm, both merge into the convolution',
    graph: graphOf({
      inputs: { x: [1, 3, 6, 6] },
      constants: { w: randomTensor([4, 3, 3, 3]), pads: ints(0, 0, 0, 1, 0, 0, 1, 2), ...norm(4) },
      nodes: [
        ['Pad', 'x pads', 'p'],
        ['Conv', 'p w', 'c', { strides: attribute.ints([2, 2]), pads: attribute.ints([1, 0, 0, 1]) }],
        ['BatchNormalization', 'c gamma beta mean variance', 'y'],
      ],
      outputs: ['y'],
    }),
    left: 'Conv',
    absorbed: { 'Conv:c': ['Pad:p', 'BatchNormalization:y'] },
  },
  {
    name: 'padding with ones stays',
    graph: graphOf({
      inputs: { x: [1, 3, 6, 6] },
      constants: {
        w: randomTensor([4, 3, 3, 3]),
        pads: ints(0, 0, 1, 1, 0, 0, 1, 1),
        one: float32Tensor([], Float32Array.of(1)),
      },
      nodes: [
        ['Pad', 'x pads one', 'p'],
        ['Conv', 'p w', 'y'],
      ],
      outputs: ['y'],
    }),
    left: 'Pad Conv',
  },
  {
    name: 'padding of channels stays',
    graph: graphOf({
      inputs: { x: [1, 2, 6, 6] },
      constants: { w: randomTensor([4, 3, 3, 3]), pads: ints(0, 0, 1, 1, 0, 1, 1, 1) },
      nodes: [
        ['Pad', 'x pads', 'p'],
        ['Conv', 'p w', 'y'],
      ],
      outputs: ['y'],
    }),
    left: 'Pad Conv',
  },
  {
    name: 'batch norm folds into a transposed convolution with groups',
    graph: graphOf({
      inputs: { x: [1, 4, 3, 3] },
      constants: { w: randomTensor([4, 3, 2, 2]), ...norm(6) },
      nodes: [
        ['ConvTranspose', 'x w', 'c', { group: attribute.int(2), strides: attribute.ints([2, 2]) }],
        ['BatchNormalization', 'c gamma beta mean variance', 'y'],
      ],
      outputs: ['y'],
    }),
    left: 'ConvTranspose',
  },
  {
    name: 'batch norm folds into Gemm, whose alpha, beta and transB are respected',
    graph: graphOf({
      inputs: { x: ['N', 5] },
      constants: { w: randomTensor([4, 5]), b: randomTensor([4]), ...norm(4) },
      nodes: [
        ['Gemm', 'x w b', 'c', { alpha: attribute.float(0.5), beta: attribute.float(2), transB: attribute.int(1) }],
        ['BatchNormalization', 'c gamma beta mean variance', 'y'],
      ],
      outputs: ['y'],
    }),
    left: 'Gemm',
  },
  {
    name: 'batch norm behind MatMul makes a Gemm',
    graph: graphOf({
      inputs: { x: ['N', 5] },
      constants: { w: randomTensor([5, 4]), ...norm(4) },
      nodes: [
        ['MatMul', 'x w', 'c'],
        ['BatchNormalization', 'c gamma beta mean variance', 'y'],
      ],
      outputs: ['y'],
    }),
    left: 'Gemm',
  },
  {
    name: 'batch norm before an unpadded convolution folds forward',
    graph: graphOf({
      inputs: { x: [1, 4, 5, 5] },
      constants: { w: randomTensor([6, 2, 3, 3]), b: randomTensor([6]), ...norm(4) },
      nodes: [
        ['BatchNormalization', 'x gamma beta mean variance', 'n'],
        ['Conv', 'n w b', 'y', { group: attribute.int(2) }],
      ],
      outputs: ['y'],
    }),
    left: 'Conv',
  },
  {
    name: 'batch norm before a padded convolution stays, because padding adds zeros after it',
    graph: graphOf({
      inputs: { x: [1, 4, 5, 5] },
      constants: { w: randomTensor([6, 4, 3, 3]), ...norm(4) },
      nodes: [
        ['BatchNormalization', 'x gamma beta mean variance', 'n'],
        ['Conv', 'n w', 'y', { pads: attribute.ints([1, 1, 1, 1]) }],
      ],
      outputs: ['y'],
    }),
    left: 'BatchNormalization Conv',
  },
  {
    name: 'batch norm stays when the convolution has another reader',
    graph: graphOf({
      inputs: { x: [1, 3, 5, 5] },
      constants: { w: randomTensor([4, 3, 3, 3]), ...norm(4) },
      nodes: [
        ['Conv', 'x w', 'c'],
        ['BatchNormalization', 'c gamma beta mean variance', 'n'],
        ['Add', 'n c', 'y'],
      ],
      outputs: ['y'],
    }),
    left: 'Conv BatchNormalization Add',
  },
  {
    name: 'weights shared by two convolutions are not changed for both',
    graph: graphOf({
      inputs: { x: [1, 3, 5, 5] },
      constants: { w: randomTensor([4, 3, 3, 3]), ...norm(4) },
      nodes: [
        ['Conv', 'x w', 'c'],
        ['BatchNormalization', 'c gamma beta mean variance', 'n'],
        ['Conv', 'x w', 'd'],
        ['Add', 'n d', 'y'],
      ],
      outputs: ['y'],
    }),
    left: 'Conv Conv Add',
  },
  {
    name: 'a constant per channel added or multiplied behind a convolution becomes weights and bias',
    graph: graphOf({
      inputs: { x: [2, 3, 5, 5] },
      constants: {
        w: randomTensor([4, 3, 1, 1]),
        add: randomTensor([4, 1, 1], 3),
        times: randomTensor([1, 4, 1, 1], 4),
        two: float32Tensor([], Float32Array.of(2)),
      },
      nodes: [
        ['Conv', 'x w', 'c'],
        ['Add', 'c add', 'd'],
        ['Mul', 'times d', 'e'],
        ['Sub', 'two e', 'f'],
        ['Div', 'f two', 'y'],
      ],
      outputs: ['y'],
    }),
    left: 'Conv',
  },
  {
    name: 'a constant that enlarges the result stays',
    graph: graphOf({
      inputs: { x: [1, 3, 5, 5] },
      constants: { w: randomTensor([4, 3, 1, 1]), add: randomTensor([2, 4, 1, 1], 3) },
      nodes: [
        ['Conv', 'x w', 'c'],
        ['Add', 'c add', 'y'],
      ],
      outputs: ['y'],
    }),
    left: 'Conv Add',
  },
  {
    name: 'MatMul and Add become a Gemm; of rank three they stay',
    graph: graphOf({
      inputs: { x: ['N', 5], z: [2, 3, 5] },
      constants: { w: randomTensor([5, 4]), v: randomTensor([5, 4], 2), b: randomTensor([4]), c: randomTensor([4]) },
      nodes: [
        ['MatMul', 'x w', 'm'],
        ['Add', 'm b', 'y'],
        ['MatMul', 'z v', 'n'],
        ['Add', 'n c', 'u'],
      ],
      outputs: ['y', 'u'],
    }),
    left: 'Gemm MatMul Add',
  },
  {
    name: 'what depends on constants alone is computed, shapes included',
    graph: graphOf({
      inputs: { x: [2, 3, 4] },
      constants: { a: randomTensor([3, 3]), zero: ints(0), one: int64Tensor([], [1]), minus: ints(-1) },
      nodes: [
        ['Shape', 'x', 's'],
        ['Gather', 's one', 'g'],
        ['Unsqueeze', 'g zero', 'u'],
        ['Concat', 'u minus', 'shape', { axis: attribute.int(0) }],
        ['Reshape', 'x shape', 'r'],
        ['Transpose', 'a', 't'],
        ['Reshape', 't shape', 'q'],
        ['MatMul', 'q r', 'm'],
        ['Identity', 'm', 'y'],
      ],
      outputs: ['y'],
    }),
    left: 'Reshape MatMul',
  },
  {
    name: 'identities, dropout and transposes that undo each other go',
    graph: graphOf({
      inputs: { x: ['N', 3, 4, 4] },
      nodes: [
        ['Identity', 'x', 'a'],
        ['Dropout', 'a', 'b'],
        ['Transpose', 'b', 'c', { perm: attribute.ints([0, 2, 3, 1]) }],
        ['Transpose', 'c', 'd', { perm: attribute.ints([0, 3, 1, 2]) }],
        ['Relu', 'd', 'e'],
        ['Identity', 'e', 'y'],
      ],
      outputs: ['y'],
    }),
    left: 'Relu',
  },
  {
    name: 'two transposes or two reshapes in a row become one',
    graph: graphOf({
      inputs: { x: [2, 3, 4, 5] },
      constants: { a: ints(6, 20), b: ints(5, -1) },
      nodes: [
        ['Transpose', 'x', 't', { perm: attribute.ints([0, 2, 3, 1]) }],
        ['Transpose', 't', 'u', { perm: attribute.ints([0, 2, 3, 1]) }],
        ['Reshape', 'u a', 'v'],
        ['Reshape', 'v b', 'y'],
      ],
      outputs: ['y'],
    }),
    left: 'Transpose Reshape',
  },
  {
    name: 'an If whose condition follows from constants becomes the branch that it takes, whatever names that uses',
    graph: graphOf({
      inputs: { x: [2, 3] },
      constants: { a: ints(4), b: ints(4), w: randomTensor([3, 3]) },
      nodes: [
        ['Exp', 'x', 't'],
        ['Equal', 'a b', 'c'],
        [
          'If',
          'c',
          'y z',
          {
            then_branch: branch(
              [
                ['MatMul', 't w', 'u'],
                ['Tanh', 'u', 'w2'],
              ],
              'w2 t',
            ),
            else_branch: branch([['Neg', 't', 'u']], 'u u'),
          },
        ],
        ['Add', 'y z', 'u'],
      ],
      outputs: ['u'],
    }),
    left: 'Exp MatMul Tanh Add',
  },
  {
    name: 'what no output depends on goes',
    graph: graphOf({
      inputs: { x: [1, 4] },
      constants: { unused: randomTensor([9]) },
      nodes: [
        ['Relu', 'x', 'y'],
        ['Sigmoid', 'y', 'nobody'],
      ],
      outputs: ['y'],
    }),
    left: 'Relu',
  },
];

describe('optimize', () => {
  test.each(cases)('$name', ({ graph, left, absorbed }) => {
    const result = optimize(graph);
    expect(operatorsOf(result.graph)).toBe(left);
    expect(outputDifference(graph, result.graph)).toBeLessThan(2e-6);
    if (absorbed) expect(Object.fromEntries(result.absorbed)).toEqual(absorbed);
  });

  test('the part with the weights keeps the name of a fused layer, and all names stay unique', () => {
    const { graph } = optimize(fusions[1]!.graph);
    const name = 'com.microsoft.NhwcFusedConv:y';
    expect(graph.nodes.find(({ op }) => op === 'Conv')!.name).toBe(name);
    expect(new Set(graph.nodes.map((own) => own.name)).size).toBe(graph.nodes.length);
  });

  test('the graph that was given is as it was', () => {
    const { graph } = cases[0]!;
    const before = JSON.stringify([graph.nodes, [...graph.initializers]]);
    optimize(graph);
    expect(JSON.stringify([graph.nodes, [...graph.initializers]])).toBe(before);
  });

  test('a second run finds nothing to do', () => {
    for (const { graph } of cases) {
      const once = optimize(graph).graph;
      expect(operatorsOf(optimize(once).graph)).toBe(operatorsOf(once));
    }
  });
});
