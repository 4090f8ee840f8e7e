import { describe, expect, it } from 'vitest';
import { type Interval, lowerBound, placeIntervals } from '../../../engine/executor/arena.ts';
import { compile } from '../../../engine/executor/compile.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import type { Graph, GraphNode } from '../../../engine/graph/graph.ts';
import { inferTypes } from '../../../engine/graph/infer.ts';
import { summarize } from '../../../engine/graph/summary.ts';
import { decodeModel, encodeModel } from '../../../engine/onnx/codec.ts';
import { optimize } from '../../../engine/passes/index.ts';
import { float32Tensor } from '../../../engine/tensor.ts';
import { deepModel } from './deep-model.ts';

const load = (nodes: number) => graphFromProto(decodeModel(encodeModel(deepModel(nodes))));

describe('a model of ten thousand nodes', () => {
  it('is read, described, simplified, planned and run', async () => {
    const model = load(10_000);
    expect(model.graph.nodes.length).toBeGreaterThanOrEqual(10_000);
    const summary = summarize(model);
    expect(summary.outputs[0]!.shape).toEqual(['batch', 8, 8, 8]);
    const { graph } = optimize(model.graph);
    expect(graph.nodes.some((node) => node.op === 'BatchNormalization')).toBe(false);
    const dims = [2, 8, 8, 8];
    const program = await compile(graph, { mode: 'strict', inputDims: new Map([['x', dims]]) });
    expect(program.report().filter(({ how }) => how === 'reference')).toEqual([]);
    const image = float32Tensor(dims, new Float32Array(1024).fill(1e-3));
    const [output] = (await program.run(new Map([['x', image]]))).values();
    expect(output!.dims).toEqual(dims);
    program.dispose();
  });

  // Work that grows with the square of the graph would double a node's share when the graph doubles.
  const kinds: readonly (readonly [string, (graph: Graph) => void | Promise<void>])[] = [
    ['inference', (graph) => void inferTypes(graph)],
    ['a summary', (graph) => void summarize({ ...model, graph })],
    ['the passes', (graph) => void optimize(graph)],
    ['planning', async (graph) => (await compile(graph, { mode: 'strict' })).dispose()],
  ];
  it.each(kinds)('takes no more looks at a node for %s than one of half the size', async (_, work) => {
    const [half, whole] = [await looks(500, work), await looks(1000, work)];
    expect(half).toBeGreaterThan(1);
    expect(whole / half).toBeLessThan(1.05);
  });

  it('has its buffers compared only with those of their time', () => {
    const comparisons = (count: number) => {
      let reads = 0;
      const intervals = Array.from({ length: count }, (_, step): Interval => {
        const bytes = 64 + 64 * (Math.imul(step, 2654435761) >>> 25);
        return {
          bytes,
          get first() {
            reads++;
            return step;
          },
          last: step + 3,
        };
      });
      expect(placeIntervals(intervals).bytes).toBeLessThan(2 * lowerBound(intervals));
      return reads / count;
    };
    expect(comparisons(8000) / comparisons(4000)).toBeLessThan(1.2);
  });
});

const model = load(20);

/** Reads of `inputs`, a node, while the work is done on a graph of about `count` nodes. */
async function looks(count: number, work: (graph: Graph) => void | Promise<void>): Promise<number> {
  let reads = 0;
  const { graph } = load(count);
  const nodes = graph.nodes.map(
    (node): GraphNode => ({
      ...node,
      get inputs() {
        reads++;
        return node.inputs;
      },
    }),
  );
  await work({ ...graph, nodes });
  return reads / nodes.length;
}
