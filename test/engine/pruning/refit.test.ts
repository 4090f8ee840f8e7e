import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../engine/graph/graph.ts';
import type { PruneAmount } from '../../../engine/plan.ts';
import { pruneGraph } from '../../../engine/pruning/prune.ts';
import { refit } from '../../../engine/pruning/refit.ts';
import { float32Tensor, type Tensor } from '../../../engine/tensor.ts';
import { attribute, graphOf, outputDifference, randomNumbers, randomTensor } from '../passes/graphs.ts';
import { byReference, datasetOf } from '../quantize/small.ts';

const choice = (amount: PruneAmount) => ({ amount, criterion: { name: 'magnitude', arguments: {} }, origin: {} });

/** Data that span three directions only: what a layer does with the others nobody sees. */
const directions = [randomNumbers(108, 1), randomNumbers(108, 2), randomNumbers(108, 3)];
const sampleOf = (seed: number): Tensor => {
  const parts = randomNumbers(3, seed);
  return float32Tensor(
    [1, 3, 6, 6],
    Float32Array.from({ length: 108 }, (_, i) => directions.reduce((sum, own, k) => sum + own[i]! * parts[k]!, 0)),
  );
};
const samples = Array.from({ length: 24 }, (_, i) => new Map([['x', sampleOf(100 + i)]]));
const unseen = new Map([['x', sampleOf(7)]]);

const fitted = async (graph: Graph, nodes: Record<string, ReturnType<typeof choice>>) => {
  const pruned = await pruneGraph(graph, { nodes });
  return { pruned, graph: await refit(graph, pruned, datasetOf(samples), { compile: byReference }) };
};

/** A tensor whose first axis holds some rows and then half of each of them. */
function withHalves(tensor: Tensor): Tensor {
  const data = tensor.data as Float32Array;
  const dims = [tensor.dims[0]! * 2, ...tensor.dims.slice(1)];
  return float32Tensor(dims, Float32Array.of(...data, ...data.map((value) => value / 2)));
}

describe('what pruning leaves', () => {
  it('takes over from channels that said the same: of each pair one is enough', async () => {
    const graph = graphOf({
      inputs: { x: [1, 3, 6, 6] },
      constants: {
        'a.w': withHalves(randomTensor([4, 3, 3, 3], 1)),
        'a.b': withHalves(randomTensor([4], 2)),
        'b.w': randomTensor([5, 8, 1, 1], 5),
      },
      nodes: [
        ['Conv', 'x a.w a.b', 'a', { pads: attribute.ints([1, 1, 1, 1]) }],
        ['Relu', 'a', 'r'],
        ['Conv', 'r b.w', 'b'],
        ['GlobalAveragePool', 'b', 'y'],
      ],
      outputs: ['y'],
    });
    const { pruned, graph: after } = await fitted(graph, { 'Conv:a': choice({ kind: 'channels', share: 0.5 }) });
    // The halves are the ones with the smaller weights.
    expect(pruned.kept.get('Conv:a')).toEqual([0, 1, 2, 3]);
    const [before, left] = [pruned.graph, after].map((own) => outputDifference(graph, own, unseen));
    expect(before).toBeGreaterThan(0.05);
    expect(left).toBeLessThan(before! / 10);
    // What was pruned itself answers as before: only what is behind it changes.
    expect(after.initializers.get('a.w')).toEqual(pruned.graph.initializers.get('a.w'));
  });

  it('splits a layer along what the data show of it, not along its weights alone', async () => {
    const graph = graphOf({
      inputs: { x: [1, 3, 6, 6] },
      constants: { w: randomTensor([40, 108], 6), b: randomTensor([40], 7) },
      nodes: [
        ['Flatten', 'x', 'f'],
        ['Gemm', 'f w b', 'y', { transB: attribute.int(1) }],
      ],
      outputs: ['y'],
    });
    const { pruned, graph: after } = await fitted(graph, { 'Gemm:y': choice({ kind: 'rank', by: 'count', value: 3 }) });
    expect(outputDifference(graph, pruned.graph, unseen)).toBeGreaterThan(0.3);
    expect(outputDifference(graph, after, unseen)).toBeLessThan(0.05);
    expect(after.nodes.map(({ name }) => name)).toEqual(['Flatten:f', 'Gemm:y/down', 'Gemm:y']);
  });

  it('gets a bias alone where weights were set to zero, and is the same each time', async () => {
    const graph = graphOf({
      inputs: { x: [1, 3, 6, 6] },
      constants: { v: randomTensor([8, 3, 3, 3], 1), w: randomTensor([6, 8, 3, 3], 2) },
      nodes: [
        ['Conv', 'x v', 'a'],
        ['Relu', 'a', 'r'],
        ['Conv', 'r w', 'y'],
      ],
      outputs: ['y'],
    });
    const nodes = {
      'Conv:a': choice({ kind: 'channels', share: 0.25 }),
      'Conv:y': choice({ kind: 'weights', share: 0.5 }),
    };
    const [one, two] = [await fitted(graph, nodes), await fitted(graph, nodes)];
    const weightsOf = (own: Graph) => own.initializers.get(own.nodes.at(-1)!.inputs[1]!)!.data as Float32Array;
    const biasOf = (own: Graph) => own.initializers.get(own.nodes.at(-1)!.inputs[2] ?? '')?.data;
    expect(weightsOf(one.graph)).toEqual(weightsOf(one.pruned.graph));
    expect(biasOf(one.pruned.graph)).toBeUndefined();
    expect(biasOf(one.graph)).toHaveLength(6);
    expect(biasOf(two.graph)).toEqual(biasOf(one.graph));
    const [before, after] = [one.pruned.graph, one.graph].map((own) => outputDifference(graph, own, unseen));
    expect(after).toBeLessThan(before!);
  });
});
