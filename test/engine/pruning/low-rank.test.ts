import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../engine/graph/graph.ts';
import { inferTypes } from '../../../engine/graph/infer.ts';
import type { PruneAmount, PruneChoice } from '../../../engine/plan.ts';
import { factorize, truncated } from '../../../engine/pruning/low-rank.ts';
import { pruneGraph } from '../../../engine/pruning/prune.ts';
import { float32Tensor, type Tensor } from '../../../engine/tensor.ts';
import { attribute, graphOf, outputDifference, randomNumbers, randomTensor } from '../passes/graphs.ts';

type By = 'count' | 'share' | 'energy';
const rank = (by: By, value: number): PruneChoice => ({
  amount: { kind: 'rank', by, value },
  criterion: { name: 'magnitude', arguments: {} },
  origin: {},
});
const ofRank = (value: number) => ({ kind: 'rank', by: 'count', value }) as Extract<PruneAmount, { kind: 'rank' }>;

/** A matrix that is the product of two: it has no higher rank. */
function lowRank(rows: number, columns: number, of: number, seed: number): Float32Array {
  const [a, b] = [randomNumbers(rows * of, seed), randomNumbers(of * columns, seed + 1)];
  return Float32Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let k = 0; k < of; k++) sum += a[i * of + k]! * b[k * columns + j]!;
    return sum;
  });
}

const tensor = (dims: readonly number[], data: Float32Array): Tensor => float32Tensor(dims, data);

/** A strided, padded convolution, a Gemm with alpha, beta and weights by rows, and a MatMul, with weights of rank 3. */
const net = (seed = 1): Graph =>
  graphOf({
    inputs: { x: [2, 6, 7, 5] },
    constants: {
      'conv.w': tensor([12, 6, 3, 2], lowRank(12, 36, 3, seed)),
      'conv.b': randomTensor([12], seed + 2),
      'gemm.w': tensor([10, 192], lowRank(10, 192, 3, seed + 3)),
      'gemm.b': randomTensor([1, 10], seed + 4),
      'matmul.w': tensor([10, 9], lowRank(10, 9, 3, seed + 5)),
    },
    nodes: [
      [
        'Conv',
        'x conv.w conv.b',
        'a',
        { strides: attribute.ints([2, 1]), pads: attribute.ints([1, 0, 1, 1]), dilations: attribute.ints([1, 2]) },
      ],
      ['Relu', 'a', 'r'],
      ['Flatten', 'r', 'f'],
      [
        'Gemm',
        'f gemm.w gemm.b',
        'g',
        { transB: attribute.int(1), alpha: attribute.float(0.5), beta: attribute.float(2) },
      ],
      ['MatMul', 'g matmul.w', 'y'],
    ],
    outputs: ['y'],
  });
const all = (choice: PruneChoice) => ({ 'Conv:a': choice, 'Gemm:g': choice, 'MatMul:y': choice });

describe('a layer that becomes two of a lower rank', () => {
  it('computes the same where its weights have no higher rank, under its own name and one derived from it', async () => {
    const graph = net();
    const { graph: split, added, findings } = await factorize(graph, all(rank('count', 3)));
    expect(findings).toEqual([]);
    expect([...added]).toEqual([
      ['Conv:a/down', 'Conv:a'],
      ['Gemm:g/down', 'Gemm:g'],
      ['MatMul:y/down', 'MatMul:y'],
    ]);
    expect(split.nodes.map(({ name }) => name)).toEqual([
      ...['Conv:a/down', 'Conv:a', 'Relu:r', 'Flatten:f', 'Gemm:g/down', 'Gemm:g', 'MatMul:y/down', 'MatMul:y'],
    ]);
    expect(outputDifference(graph, split)).toBeLessThan(1e-5);
    expect(inferTypes(split).findings).toEqual([]);
    const dims = (at: number) => split.initializers.get(split.nodes[at]!.inputs[1]!)!.dims;
    expect([dims(0), dims(1), dims(4), dims(5), dims(6), dims(7)]).toEqual([
      ...[
        [3, 6, 3, 2],
        [12, 3, 1, 1],
        [3, 192],
        [10, 3],
        [10, 3],
        [3, 9],
      ],
    ]);
  });

  it('gives a Gemm the third input that it had to have until operator set 11', async () => {
    const { graph } = await factorize({ ...net(), opsets: new Map([['', 9]]) }, all(rank('count', 3)));
    const down = graph.nodes.find(({ name }) => name === 'Gemm:g/down')!;
    expect(graph.initializers.get(down.inputs[2]!)).toEqual(float32Tensor([3], new Float32Array(3)));
  });

  it('keeps the energy that it is asked to keep, with the least rank that does', async () => {
    const { graph } = await factorize(net(), all(rank('energy', 0.999_999)));
    for (const node of graph.nodes.filter(({ name }) => name.endsWith('/down')))
      expect(graph.types.get(node.outputs[0]!)!.dims!.at(node.op === 'Conv' ? 1 : -1)).toBe(3);
  });

  it('is the nearest of its rank: what is lost is what the smaller singular values hold', () => {
    const sizes = fc.record({ outputs: fc.integer({ min: 1, max: 12 }), inputs: fc.integer({ min: 1, max: 12 }) });
    fc.assert(
      fc.property(sizes, fc.nat(10_000), ({ outputs, inputs }, seed) => {
        const values = Float64Array.from(randomNumbers(outputs * inputs, seed));
        const lost = Array.from({ length: Math.min(outputs, inputs) }, (_, k) => {
          const { down, up, rank: own } = truncated({ values, outputs, inputs }, ofRank(k + 1));
          expect(own).toBe(k + 1);
          let error = 0;
          for (let o = 0; o < outputs; o++) {
            for (let i = 0; i < inputs; i++) {
              let sum = values[o * inputs + i]!;
              for (let j = 0; j < own; j++) sum -= up[o * own + j]! * down[j * inputs + i]!;
              error += sum * sum;
            }
          }
          return error;
        });
        // The full rank loses nothing; each rank more takes off a square of a singular value, the next never a larger one.
        const energy = values.reduce((sum, value) => sum + value * value, 0);
        expect(lost.at(-1)!).toBeLessThan(1e-12 * Math.max(1, energy));
        const squares = [energy, ...lost].map((own, k, list) => own - (list[k + 1] ?? 0)).slice(0, -1);
        for (let k = 1; k < squares.length; k++) expect(squares[k]!).toBeLessThanOrEqual(squares[k - 1]! + 1e-9);
      }),
    );
  });

  it('is left whole where two would have as many weights, or where its groups are products of their own', async () => {
    const grouped = graphOf({
      inputs: { x: [1, 4, 3, 3] },
      constants: { w: randomTensor([4, 1, 3, 3]), v: randomTensor([8, 4, 1, 1]) },
      nodes: [
        ['Conv', 'x w', 'a', { group: attribute.int(4) }],
        ['Conv', 'a v', 'b'],
      ],
      outputs: ['b'],
    });
    const { graph, findings, layers } = await pruneGraph(grouped, {
      nodes: { 'Conv:a': rank('count', 1), 'Conv:b': rank('share', 0.75) },
    });
    expect(findings.map(({ code, what }) => [code, what])).toEqual([
      ['prune/rank', 'Conv “Conv:a” is not split: its groups are products of their own.'],
      ['prune/rank', 'Conv “Conv:b” is not split: two of rank 3 have 36 weights, and it has 32.'],
    ]);
    expect(layers.size).toBe(0);
    expect(graph.nodes).toEqual(grouped.nodes);
  });
});
