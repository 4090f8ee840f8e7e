import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { MatrixProducts, transposed } from '../../../engine/gradients/matrix-products.ts';
import { Network } from '../../../engine/gradients/network.ts';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Graph, GraphNode } from '../../../engine/graph/graph.ts';
import { float32Tensor, type Tensor } from '../../../engine/tensor.ts';
import { makeGraph, noise, random } from '../quantize/small.ts';

const products = new MatrixProducts(compile, 'strict');
afterAll(() => products.dispose());

const { int, ints } = attribute;
const samples = 3;
const x = [samples, 4, 7, 6];

function graphOf(nodes: readonly GraphNode[], constants: Record<string, Tensor> = {}, input = x): Graph {
  return makeGraph({ inputs: { x: [1, ...input.slice(1)] }, outputs: ['y'], constants, nodes });
}

const pads = ints([1, 1, 1, 1]);
/** Every operator with a gradient, alone or between layers that learn. */
const graphs: readonly (readonly [string, Graph])[] = [
  [
    'a convolution with pads and strides',
    graphOf([makeNode('c', 'Conv', ['x', 'w', 'b'], ['y'], { pads, strides: ints([2, 2]) })], {
      w: random(1, [5, 4, 3, 3]),
      b: random(2, [5]),
    }),
  ],
  [
    'a convolution padded as SAME',
    graphOf(
      [makeNode('c', 'Conv', ['x', 'w'], ['y'], { auto_pad: attribute.string('SAME_UPPER'), strides: ints([2, 2]) })],
      { w: random(1, [5, 4, 3, 2]) },
    ),
  ],
  [
    'a dilated convolution',
    graphOf([makeNode('c', 'Conv', ['x', 'w'], ['y'], { dilations: ints([2, 1]) })], { w: random(1, [2, 4, 2, 3]) }),
  ],
  [
    'a convolution of single places',
    graphOf([makeNode('c', 'Conv', ['x', 'w', 'b'], ['y'])], { w: random(1, [5, 4, 1, 1]), b: random(2, [5]) }),
  ],
  [
    'a depthwise convolution',
    graphOf([makeNode('c', 'Conv', ['x', 'w', 'b'], ['y'], { group: int(4), pads, strides: ints([2, 1]) })], {
      w: random(1, [4, 1, 3, 3]),
      b: random(2, [4]),
    }),
  ],
  [
    'a product',
    graphOf([makeNode('c', 'Gemm', ['x', 'w', 'b'], ['y'])], { w: random(1, [6, 5]), b: random(2, [5]) }, [samples, 6]),
  ],
  [
    'a transposed product',
    graphOf(
      [makeNode('c', 'Gemm', ['x', 'w', 'b'], ['y'], { transB: int(1) })],
      { w: random(1, [5, 6]), b: random(2, [5]) },
      [samples, 6],
    ),
  ],
  [
    'a matrix without bias',
    graphOf([makeNode('c', 'MatMul', ['x', 'w'], ['y'])], { w: random(1, [6, 5]) }, [samples, 6]),
  ],
  [
    'a residual block, pooled and flattened',
    graphOf(
      [
        makeNode('a', 'Conv', ['x', 'a.w', 'a.b'], ['a.y'], { pads }),
        makeNode('r', 'Relu', ['a.y'], ['r.y']),
        makeNode('d', 'Conv', ['r.y', 'd.w'], ['d.y'], { pads, group: int(4) }),
        makeNode('s', 'Conv', ['x', 's.w'], ['s.y']),
        makeNode('+', 'Add', ['d.y', 's.y'], ['+.y']),
        makeNode('6', 'Clip', ['+.y', 'low', 'high'], ['6.y']),
        makeNode('p', 'AveragePool', ['6.y'], ['p.y'], { kernel_shape: ints([7, 3]), strides: ints([7, 3]) }),
        makeNode('f', 'Flatten', ['p.y'], ['f.y']),
        makeNode('g', 'Gemm', ['f.y', 'g.w', 'g.b'], ['y']),
      ],
      {
        ...{
          'a.w': random(1, [4, 4, 3, 3]),
          'a.b': random(2, [4]),
          'd.w': random(3, [4, 1, 3, 3]),
          's.w': random(4, [4, 4, 1, 1]),
        },
        ...{
          'g.w': random(5, [8, 3]),
          'g.b': random(6, [3]),
          low: float32Tensor([], Float32Array.of(-0.5)),
          high: float32Tensor([], Float32Array.of(2)),
        },
      },
    ),
  ],
  [
    'branches that are pooled by their largest elements and joined',
    graphOf(
      [
        makeNode('a', 'Conv', ['x', 'a.w', 'a.b'], ['a.y'], { pads }),
        makeNode('b', 'Conv', ['a.y', 'b.w'], ['b.y']),
        makeNode('c', 'Conv', ['a.y', 'c.w'], ['c.y'], { pads }),
        makeNode('j', 'Concat', ['b.y', 'c.y', 'a.y'], ['j.y'], { axis: int(-3) }),
        makeNode('m', 'MaxPool', ['j.y'], ['m.y'], {
          ...{ kernel_shape: ints([3, 2]), strides: ints([2, 1]), pads: ints([1, 0, 1, 1]), dilations: ints([1, 2]) },
        }),
        makeNode('d', 'Conv', ['m.y', 'd.w'], ['y']),
      ],
      {
        ...{ 'a.w': random(1, [4, 4, 3, 3]), 'a.b': random(2, [4]), 'b.w': random(3, [2, 4, 1, 1]) },
        ...{ 'c.w': random(4, [3, 4, 3, 3]), 'd.w': random(5, [3, 9, 1, 1], 0.2) },
      },
    ),
  ],
  [
    'a layer whose output is read twice, pooled whole',
    graphOf(
      [
        makeNode('a', 'Conv', ['x', 'w'], ['a.y']),
        makeNode('+', 'Add', ['a.y', 'a.y'], ['+.y']),
        makeNode('p', 'GlobalAveragePool', ['+.y'], ['p.y']),
        makeNode('f', 'Flatten', ['p.y'], ['y']),
      ],
      { w: random(1, [3, 4, 1, 1]) },
    ),
  ],
];

/** [N, C, …] with its channels first. */
const channelsFirst = ({ data, dims: [n, c, ...rest] }: Tensor) => {
  const places = rest.reduce((a, b) => a * b, 1);
  const out = new Float32Array(data.length);
  for (let i = 0; i < n!; i++)
    for (let j = 0; j < c!; j++)
      for (let k = 0; k < places; k++)
        out[(j * n! + i) * places + k] = (data as Float32Array)[(i * c! + j) * places + k]!;
  return out;
};

function networkOf(graph: Graph): { network: Network; input: Tensor } {
  const dims = [samples, ...(graph.types.get('x')!.dims as number[]).slice(1)];
  const network = Network.of(graph, dims, products);
  if (!(network instanceof Network)) throw new Error(network.reason);
  for (const layer of network.layers.values()) layer.learns = true;
  return { network, input: random(9, dims) };
}

describe.each(graphs)('%s', (_, graph) => {
  it('gives what the reference evaluation gives', async () => {
    const { network, input } = networkOf(graph);
    const own = (await network.forward(channelsFirst(input))).get('y')!;
    const wanted = channelsFirst(evaluateGraph({ ...graph, types: new Map() }, new Map([['x', input]])).get('y')!);
    for (const [i, value] of wanted.entries()) expect(Math.abs(own[i]! - value)).toBeLessThan(1e-5);
  });

  it('has the slopes of finite differences', async () => {
    const { network, input } = networkOf(graph);
    const given = channelsFirst(input);
    const next = noise(4);
    const first = (await network.forward(given)).get('y')!;
    const weighting = first.map(() => next());
    const loss = async () => (await network.forward(given)).get('y')!.reduce((sum, y, i) => sum + y * weighting[i]!, 0);
    await network.backward(weighting);
    for (const [name, layer] of network.layers) {
      const slopes = [layer.rowSlopes.slice(), layer.biasSlopes.slice()];
      for (const [at, parameters] of [layer.rows, layer.bias].entries()) {
        for (let i = 0; i < parameters.length; i += Math.ceil(parameters.length / 12)) {
          const [kept, step] = [parameters[i]!, 2 ** -7];
          const at2 = async (value: number) => {
            parameters[i] = value;
            return await loss();
          };
          const numeric = ((await at2(kept + step)) - (await at2(kept - step))) / (2 * step);
          parameters[i] = kept;
          const slope = slopes[at]![i]!;
          expect(Math.abs(slope - numeric), `${name} ${at} ${i}`).toBeLessThan(0.03 + 0.03 * Math.abs(numeric));
        }
      }
    }
  });
});

describe('a rounding', () => {
  it('passes slopes between its outermost codes and none beyond', async () => {
    const round = makeNode(
      'q',
      'FakeQuantize',
      ['c.y'],
      ['y'],
      {
        ...{ scale: attribute.tensor(float32Tensor([1], Float32Array.of(0.5))), low: int(0), high: int(3) },
        zero_point: attribute.tensor({ dtype: 'int32', dims: [1], data: Int32Array.of(1) }),
      },
      'qspec',
    );
    const graph = graphOf(
      [makeNode('c', 'MatMul', ['x', 'w'], ['c.y']), round],
      { w: float32Tensor([1, 1], Float32Array.of(1)) },
      [samples, 1],
    );
    const { network } = networkOf(graph);
    const out = (await network.forward(Float32Array.of(-0.6, 0.3, 1.2))).get('y')!;
    expect([...out]).toEqual([-0.5, 0.5, 1]);
    await network.backward(Float32Array.of(1, 1, 1));
    expect([...network.layers.get('c')!.rowSlopes]).toEqual([Math.fround(0.3)]);
  });
});

describe('what has no gradient', () => {
  it.each([
    ['Softmax', makeNode('s', 'Softmax', ['x'], ['y']), {}, 'there is no gradient of Softmax'],
    [
      'grouped convolution',
      makeNode('s', 'Conv', ['x', 'w'], ['y'], { group: int(2) }),
      { w: random(1, [4, 2, 1, 1]) },
      'its channels are in groups of several',
    ],
    [
      'overlapping pools',
      makeNode('s', 'AveragePool', ['x'], ['y'], { kernel_shape: ints([3, 3]) }),
      {},
      'its windows overlap, leave gaps or reach beyond the input',
    ],
    [
      'concatenation of places',
      makeNode('s', 'Concat', ['x', 'x'], ['y'], { axis: int(2) }),
      {},
      'it joins something else than channels of activations',
    ],
  ] as const)('%s is named with the reason', (_, node, constants, reason) => {
    expect(Network.of(graphOf([node], constants), x, products)).toEqual({ node, reason });
  });
});

it('a matrix is transposed', () => {
  const rows = 37;
  const matrix = Float32Array.from({ length: rows * 18 }, (_, i) => i);
  const turned = transposed(matrix, rows, 18);
  for (const [i, value] of matrix.entries()) expect(turned[(i % 18) * rows + Math.floor(i / 18)]).toBe(value);
});
