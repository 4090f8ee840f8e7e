import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forEachRun } from '../../../engine/formats/affine.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { inferTypes } from '../../../engine/graph/infer.ts';
import { modelToProto } from '../../../engine/graph/to-proto.ts';
import { valueTypeFromProto } from '../../../engine/graph/value-types.ts';
import { intAttribute } from '../../../engine/operators/shared/attributes.ts';
import type { PruneChoice } from '../../../engine/plan.ts';
import { cutChannels } from '../../../engine/pruning/cut-channels.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { attribute, graphOf, outputDifference, randomTensor } from '../passes/graphs.ts';
import { modelOf } from '../quantize/small.ts';
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

  it('are gone from what a file declares, too: of constants that are inputs as well', () => {
    const file = { ...modelOf(networkOf([['conv', 0]], 2)), irVersion: 3 };
    const read = graphFromProto(modelToProto(file)).graph;
    const { graph: cut } = cutChannels(read, choicesFor(read, 0.5));
    const written = modelToProto({ ...file, graph: cut }).graph!;
    const declared = new Map(written.input.map(({ name, type }) => [name, valueTypeFromProto(type)?.dims]));
    for (const [name, { dims }] of cut.initializers) expect(declared.get(name)).toEqual(dims);
    expect(declared.get(cut.nodes[0]!.inputs[1]!)).toEqual([3, 3, 3, 3]);
  });
});

/** The layers that keep channels in a small network, with the reason. */
const kept = (graph: Graph, choices: Readonly<Record<string, PruneChoice>>) =>
  cutChannels(graph, choices).findings.map(({ what }) => what);

describe('layers whose channels meet', () => {
  const residual = graphOf({
    inputs: { x: [1, 3, 4, 4] },
    constants: { a: randomTensor([4, 3, 1, 1], 1), b: randomTensor([4, 4, 3, 3], 2), c: randomTensor([2, 4, 1, 1], 3) },
    nodes: [
      ['Conv', 'x a', 'stem'],
      ['Conv', 'stem b', 'branch', { pads: attribute.ints([1, 1, 1, 1]) }],
      ['Add', 'stem branch', 'sum'],
      ['Conv', 'sum c', 'y'],
    ],
    outputs: ['y'],
  });

  it('lose the same ones, as many as the one that is to lose least', () => {
    const { graph, gone, findings } = cutChannels(residual, {
      'Conv:stem': channels(0.5),
      'Conv:branch': channels(0.25),
    });
    expect(gone.get('Conv:stem')).toEqual(gone.get('Conv:branch'));
    expect(graph.initializers.get('b')!.dims).toEqual([3, 3, 3, 3]);
    expect(graph.initializers.get('c')!.dims).toEqual([2, 3, 1, 1]);
    expect(findings.map(({ what }) => what)).toEqual([
      'Conv “Conv:stem” keeps all but 1 of its channels: it shares them with Conv “Conv:branch”, which is to lose fewer.',
    ]);
  });

  it('keep them where one of them is to keep its own', () => {
    expect(kept(residual, { 'Conv:stem': channels(0.5) })).toEqual([
      'Conv “Conv:stem” keeps its channels: Add “Add:sum” mixes them with other values.',
    ]);
  });
});

describe('channels that stay', () => {
  const shifted = (op: string, kernel: number, output = 'y') =>
    graphOf({
      inputs: { x: [1, 3, 6, 6] },
      constants: { a: randomTensor([4, 3, 1, 1], 1), b: randomTensor([2, 4, kernel, kernel], 2) },
      nodes: [
        ['Conv', 'x a', 'h'],
        [op, 'h', 'g'],
        ['Conv', 'g b', 'y', { pads: attribute.ints(new Array(4).fill((kernel - 1) / 2)) }],
      ],
      outputs: [output],
    });

  it('would not be zero where their reader pads with zeros; without padding they go into its bias', () => {
    const choices = { 'Conv:h': channels(0.5) };
    expect(kept(shifted('Relu', 3), choices)).toEqual([]);
    expect(kept(shifted('Sigmoid', 3), choices)).toEqual([
      'Conv “Conv:h” keeps its channels: Conv “Conv:y” pads with zeros, and they would not be zero there.',
    ]);
    const { graph, gone } = cutChannels(shifted('Sigmoid', 1), choices);
    expect(graph.nodes.at(-1)!.inputs).toHaveLength(3);
    expect(outputDifference(silenced(shifted('Sigmoid', 1), gone), graph)).toBeLessThan(1e-6);
  });

  it('are those of the model’s outputs, and those that an operator mixes', () => {
    expect(kept(shifted('Relu', 1, 'g'), { 'Conv:h': channels(0.5) })).toEqual([
      'Conv “Conv:h” keeps its channels: they are an output of the model.',
    ]);
    expect(kept(shifted('Softmax', 1), { 'Conv:h': channels(0.5) })).toEqual([
      'Conv “Conv:h” keeps its channels: Softmax “Softmax:g” looks across channels.',
    ]);
  });
});
