import { describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Graph, GraphNode } from '../../../engine/graph/graph.ts';
import { codesOf } from '../../../engine/quantize/codes.ts';
import { importQdq, withoutRounding } from '../../../engine/readings/import-qdq.ts';
import { float32Tensor, int64Tensor, type Tensor } from '../../../engine/tensor.ts';
import { makeGraph, noise, random } from '../quantize/small.ts';

const { int, ints } = attribute;
const scalar = (value: number) => float32Tensor([], Float32Array.of(value));
const code = (dtype: 'int8' | 'uint8', value: number): Tensor => ({
  dtype,
  dims: [],
  data: (dtype === 'int8' ? Int8Array : Uint8Array).of(value),
});

/** A pair behind a value: scale 1/`steps`, zero point `zero`. */
const pair = (from: string, to: string, scale = 's', zero = 'z'): GraphNode[] => [
  makeNode(`${to}_q`, 'QuantizeLinear', [from, scale, zero], [`${to}_codes`]),
  makeNode(`${to}_d`, 'DequantizeLinear', [`${to}_codes`, scale, zero], [to]),
];

const next = noise(7);
const constants = {
  s: scalar(1 / 40),
  s2: scalar(1 / 25),
  z: code('uint8', 110),
  zs: code('int8', -3),
  w: { dtype: 'int8', dims: [6, 4, 3, 3], data: Int8Array.from({ length: 216 }, () => 127 * next()) } as const,
  ws: float32Tensor(
    [6],
    Float32Array.from({ length: 6 }, (_, i) => 0.002 + i / 5000),
  ),
  b: { dtype: 'int32', dims: [6], data: Int32Array.from({ length: 6 }, () => 3000 * next()) } as const,
  bs: float32Tensor(
    [6],
    Float32Array.from({ length: 6 }, (_, i) => Math.fround(Math.fround(0.002 + i / 5000) / 40)),
  ),
  bf: random(3, [6]),
};
const weights = [
  makeNode('w_d', 'DequantizeLinear', ['w', 'ws'], ['wd'], { axis: int(0) }),
  makeNode('b_d', 'DequantizeLinear', ['b', 'bs'], ['bd'], { axis: int(0) }),
];
const conv = (from: string, to: string, bias = 'bd') =>
  makeNode('conv', 'Conv', [from, 'wd', bias], [to], { pads: ints([1, 1, 1, 1]) });

function network(nodes: readonly GraphNode[], outputs: readonly string[], more: Record<string, Tensor> = {}): Graph {
  return makeGraph({ inputs: { x: [1, 4, 5, 6] }, outputs, constants: { ...constants, ...more }, nodes });
}

/** Names of the nodes that compute on codes; the executor's outputs are within a step of the float evaluation's. */
async function inCodes(graph: Graph, step = 1 / 25): Promise<string[]> {
  const inputs = new Map([['x', random(5, [1, 4, 5, 6], 2)]]);
  const program = await compile(graph, { mode: 'strict' });
  const [own, float] = [await program.run(inputs), evaluateGraph(graph, inputs)];
  for (const output of graph.outputs) {
    const [a, b] = [own.get(output)!, float.get(output)!];
    expect(a.dims).toEqual(b.dims);
    const values = b.data as Float32Array;
    (a.data as Float32Array).forEach((value, i) => {
      expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(step * 1.001);
    });
  }
  const report = program.report();
  program.dispose();
  expect(graph.nodes.filter(({ name }) => !report.some(({ node }) => node === name))).toEqual([]);
  return report.filter(({ integer }) => integer).map(({ node }) => node);
}

describe('a layer between pairs runs in integers', () => {
  it('with a Relu before its quantiser, which becomes a clamp of codes', async () => {
    const nodes = [
      ...pair('x', 'xd'),
      ...weights,
      conv('xd', 'c'),
      makeNode('r', 'Relu', ['c'], ['cr']),
      ...pair('cr', 'y', 's2'),
    ];
    expect(await inCodes(network(nodes, ['y']))).toEqual(['conv']);
  });

  it('with a float bias, and with one of another scale: its codes are made anew', async () => {
    const nodes = (bias: string) => [...pair('x', 'xd'), ...weights, conv('xd', 'c', bias), ...pair('c', 'y', 's2')];
    expect(await inCodes(network(nodes('bf'), ['y']))).toEqual(['conv']);
    expect(
      await inCodes(network(nodes('bd'), ['y'], { bs: float32Tensor([6], new Float32Array(6).fill(1 / 3000)) })),
    ).toEqual(['conv']);
  });

  it('and what only moves its output goes along, with or without a pair of its own', async () => {
    const nodes = [
      ...pair('x', 'xd'),
      ...weights,
      conv('xd', 'c'),
      ...pair('c', 'cd', 's2'),
      makeNode('t', 'Transpose', ['cd'], ['ct'], { perm: ints([0, 2, 3, 1]) }),
      makeNode('f', 'Flatten', ['ct'], ['y']),
    ];
    const { graph, assignment } = importQdq(network(nodes, ['y']))!;
    expect(graph.nodes.map(({ name }) => name)).toEqual(['conv', 't', 'f']);
    const codes = codesOf(graph, assignment);
    expect(graph.nodes.every((node) => codes.quantized(node))).toBe(true);
    expect(await inCodes(network(nodes, ['y']))).toContain('conv');
  });

  it('and a pair of other codes behind it is a table', async () => {
    const nodes = [
      ...pair('x', 'xd'),
      ...weights,
      conv('xd', 'c'),
      ...pair('c', 'cd', 's2'),
      ...pair('cd', 'y', 's', 'zs'),
    ];
    expect(await inCodes(network(nodes, ['y']))).toEqual(['conv', 'y_q']);
  });
});

describe('a layer stays float, and the pairs around it are kept,', () => {
  it.each<readonly [string, readonly GraphNode[], readonly string[]]>([
    [
      'where a value before its quantiser is given out',
      [...pair('x', 'xd'), ...weights, conv('xd', 'c'), ...pair('c', 'y', 's2')],
      ['y', 'c'],
    ],
    [
      'where another layer reads it before its quantiser',
      [
        ...pair('x', 'xd'),
        ...weights,
        conv('xd', 'c'),
        ...pair('c', 'd', 's2'),
        makeNode('a', 'Sub', ['c', 'd'], ['y']),
      ],
      ['y'],
    ],
    ['where its input is float', [...weights, conv('x', 'c'), ...pair('c', 'y', 's2')], ['y']],
    ['where nothing quantises its output', [...pair('x', 'xd'), ...weights, conv('xd', 'y')], ['y']],
    [
      'where two quantisers read it',
      [...pair('x', 'xd'), ...weights, conv('xd', 'c'), ...pair('c', 'y', 's2'), ...pair('c', 'v', 's', 'zs')],
      ['y', 'v'],
    ],
  ])('%s', async (_, nodes, outputs) => {
    expect(await inCodes(network(nodes, outputs))).not.toContain('conv');
  });

  it('where the weight’s scales lie along another axis', async () => {
    const nodes = [
      ...pair('x', 'xd'),
      makeNode('w_d', 'DequantizeLinear', ['w', 'wi'], ['wd'], { axis: int(1) }),
      makeNode('conv', 'Conv', ['xd', 'wd'], ['c']),
      ...pair('c', 'y', 's2'),
    ];
    const graph = network(nodes, ['y'], { wi: float32Tensor([4], new Float32Array(4).fill(0.003)) });
    expect(await inCodes(graph)).not.toContain('conv');
  });
});

it('weights alone in codes keep their entry: the network is float', () => {
  const { graph, assignment } = importQdq(network([...weights, conv('x', 'y')], ['y']))!;
  expect(graph.initializers.get('wd')!.dtype).toBe('float32');
  expect([...assignment.entries.values()].map(({ format }) => format)).toEqual(['int8']);
});

it('weights with scales by blocks are not rounded again by the Reshape behind them', async () => {
  const graph = makeGraph({
    inputs: { x: [1, 4, 5, 6] },
    outputs: ['y'],
    opset: 21,
    constants: {
      codes: { ...constants.w, dims: [6, 36] },
      scales: random(4, [6, 4], 0.01),
      shape: int64Tensor([4], [6, 4, 3, 3]),
    },
    nodes: [
      makeNode('w_d', 'DequantizeLinear', ['codes', 'scales'], ['flat'], { axis: int(1), block_size: int(9) }),
      makeNode('reshape', 'Reshape', ['flat', 'shape'], ['w']),
      makeNode('conv', 'Conv', ['x', 'w'], ['y'], { pads: ints([1, 1, 1, 1]) }),
    ],
  });
  // Within rounding of sums, not of codes.
  expect(await inCodes(graph, 1e-4)).toEqual([]);
});

it('without rounding, the network is the one before it was quantised', () => {
  const nodes = [
    ...pair('x', 'xd'),
    ...weights,
    conv('xd', 'c'),
    makeNode('e', 'Exp', ['c'], ['ce']),
    ...pair('ce', 'ed'),
    makeNode('n', 'Neg', ['ed'], ['y']),
  ];
  const { graph, held } = withoutRounding(importQdq(network(nodes, ['y']))!);
  expect(graph.nodes.map(({ op }) => op)).toEqual(['Conv', 'Exp', 'Neg']);
  expect(held.get('ce')).toBe('uint8');
});

it('a graph without such nodes is not a quantised model', () => {
  expect(
    importQdq(makeGraph({ inputs: { x: [1] }, outputs: ['y'], nodes: [makeNode('n', 'Neg', ['x'], ['y'])] })),
  ).toBeUndefined();
});
