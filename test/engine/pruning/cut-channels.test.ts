import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forEachRun } from '../../../engine/formats/affine.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { inferTypes } from '../../../engine/graph/infer.ts';
import type { PruneChoice } from '../../../engine/plan.ts';
import { cutChannels } from '../../../engine/pruning/cut-channels.ts';
import { intAttribute } from '../../../engine/operators/shared/attributes.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { outputDifference } from '../passes/graphs.ts';
import { networkOf, steps } from './networks.ts';

const channels = (share: number, criterion = 'magnitude'): PruneChoice => ({
  amount: { kind: 'channels', share },
  criterion: { name: criterion, arguments: {} },
  origin: {},
});
const products = new Set(['Conv', 'Gemm', 'MatMul']);

const choicesFor = (graph: Graph, share: number, picked: (at: number) => boolean = () => true) =>
  Object.fromEntries(
    graph.nodes.filter(({ op }, at) => products.has(op) && picked(at)).map(({ name }) => [name, channels(share)]),
  );

/** Weights and biases of the channels that are gone set to zero, by hand. */
function silenced(graph: Graph, gone: ReadonlyMap<string, Uint8Array>): Graph {
  const initializers = new Map(graph.initializers);
  for (const node of graph.nodes) {
    const mask = gone.get(node.name);
    if (!mask) continue;
    const axis = node.op === 'Conv' || intAttribute(node, 'transB', 0) === 1 ? 0 : 1;
    for (const [name, along] of [
      [node.inputs[1]!, axis],
      [node.inputs[2] ?? '', 0],
    ] as const) {
      const tensor = initializers.get(name);
      if (tensor) initializers.set(name, zeroAlong(tensor, along, mask));
    }
  }
  return { ...graph, initializers };
}

function zeroAlong(tensor: Tensor, axis: number, mask: Uint8Array): Tensor {
  const data = Float32Array.from(tensor.data as Float32Array);
  const inner = tensor.dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  forEachRun(data.length, mask.length, inner, (channel, from, to) => {
    if (mask[channel]) data.fill(0, from, to);
  });
  return { ...tensor, data };
}

const drawn = fc.record({
  picks: fc.array(fc.tuple(fc.constantFrom(...steps), fc.nat(20)), { minLength: 1, maxLength: 9 }),
  seed: fc.nat(1000),
  share: fc.constantFrom(0.2, 0.5, 0.8),
  asked: fc.constantFrom('all', 'some'),
});

describe('channels that are cut out of a graph', () => {
  it('leave what the whole graph computes with those channels at zero, whatever the network', () => {
    let cutAtAll = 0;
    fc.assert(
      fc.property(drawn, ({ picks, seed, share, asked }) => {
        const graph = networkOf(picks, seed);
        const choices = choicesFor(graph, share, (at) => asked === 'all' || (at * 7 + seed) % 3 > 0);
        const { graph: cut, gone } = cutChannels(graph, choices);
        if (gone.size > 0) cutAtAll++;
        expect(outputDifference(silenced(graph, gone), cut)).toBeLessThan(2e-5);
        // The shapes are those that inference finds, and each layer is as small as it was asked to be made.
        expect(inferTypes(cut).findings).toEqual([]);
        for (const [name, mask] of gone) {
          const [before, after] = [graph, cut].map((own) => {
            const node = own.nodes.find((one) => one.name === name)!;
            return own.types.get(node.outputs[0]!)!.dims!;
          });
          const lost = mask.reduce((sum, one) => sum + one, 0);
          const axis = graph.nodes.find((one) => one.name === name)!.op === 'Conv' ? 1 : before!.length - 1;
          expect(after).toEqual(before!.map((dim, at) => (at === axis ? (dim as number) - lost : dim)));
        }
      }),
      { numRuns: 150 },
    );
    expect(cutAtAll).toBeGreaterThan(75);
  });
});
