import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { makeNode } from '../../../engine/graph/build.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { type LayerSummary, type ModelSummary, summarize } from '../../../engine/graph/summary.ts';
import { graphOfSummary } from '../../../engine/graph/summary-graph.ts';
import { optimize } from '../../../engine/passes/index.ts';
import type { PruneAmount, PruneChoice, PrunePlan } from '../../../engine/plan.ts';
import { foresee } from '../../../engine/pruning/foresee.ts';
import { pruneGraph } from '../../../engine/pruning/prune.ts';
import { loadModel, prepare } from '../../../engine/run/load.ts';
import { hasShared, shared } from '../../shared.ts';
import { attribute } from '../passes/graphs.ts';
import { makeGraph, modelOf, random } from '../quantize/small.ts';
import { networkOf, steps } from './networks.ts';

const choice = (amount: PruneAmount): PruneChoice => ({
  amount,
  criterion: { name: 'magnitude', arguments: {} },
  origin: {},
});
const planFor = (names: readonly string[], amount: (at: number) => PruneAmount | undefined): PrunePlan => ({
  nodes: Object.fromEntries(
    names.flatMap((name, at) => {
      const own = amount(at);
      return own ? [[name, choice(own)]] : [];
    }),
  ),
});
const products = ({ layers }: ModelSummary) =>
  layers.filter(({ quantization, weightInput }) => quantization === 'compute' && weightInput !== null);
const namesOf = (summary: ModelSummary) => products(summary).map(({ name }) => name);
const figures = ({ layers, totals }: ModelSummary) => ({
  totals,
  layers: layers.map(({ name, op, parameters, weightBytes, biasBytes, macs, operations, inputBytes, outputBytes }) =>
    [name, op, parameters, weightBytes, biasBytes, macs, operations, inputBytes, outputBytes].join(' '),
  ),
});

/** The summary that a run comes to: passes, then pruning, with the weights at hand. */
async function run(graph: Graph, plan: PrunePlan): Promise<ModelSummary> {
  const pruned = await pruneGraph(optimize(graph).graph, plan);
  return summarize({ ...modelOf(graph), graph: pruned.graph });
}

/** A layer as a broken file may have it. */
function without(layer: LayerSummary, what: 'input' | 'constant' | 'shape' | 'rank' | 'attributes'): LayerSummary {
  switch (what) {
    case 'input':
      return { ...layer, inputs: layer.inputs.slice(1) };
    case 'constant':
      return { ...layer, inputs: layer.inputs.slice(0, -1) };
    case 'shape':
      return { ...layer, outputs: layer.outputs.map((output) => ({ ...output, shape: null })) };
    case 'rank':
      return { ...layer, inputs: layer.inputs.map((input) => ({ ...input, shape: input.shape?.slice(1) ?? null })) };
    case 'attributes':
      return { ...layer, attributes: {} };
  }
}

describe('what pruning will leave, by shapes alone', () => {
  it('is what it leaves, or where weights decide no less', async () => {
    let certain = 0;
    let open = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...steps), fc.nat(20)), { minLength: 1, maxLength: 9 }),
        fc.nat(1000),
        fc.constantFrom(0.2, 0.5, 0.8),
        fc.constantFrom('all', 'some', 'ranks too'),
        async (picks, seed, share, asked) => {
          const graph = networkOf(picks, seed);
          const summary = summarize(modelOf(graph));
          const plan = planFor(namesOf(summary), (at) => {
            if (asked === 'some' && (at * 7 + seed) % 3 === 0) return undefined;
            return asked === 'ranks too' && at % 2
              ? { kind: 'rank', by: 'share', value: share / 4 }
              : { kind: 'channels', share };
          });
          const foreseen = foresee(summary, plan, { fitted: false })!;
          const real = await run(graph, plan);
          if (foreseen.open.size === 0) {
            certain++;
            expect(figures(foreseen.summary)).toEqual(figures(real));
          } else {
            open++;
            expect(foreseen.summary.totals.parameters).toBeGreaterThanOrEqual(real.totals.parameters);
            expect(foreseen.summary.totals.macs).toBeGreaterThanOrEqual(real.totals.macs);
          }
        },
      ),
      { numRuns: 200 },
    );
    expect(certain).toBeGreaterThan(100);
    expect(open).toBeGreaterThan(5);
  });

  it('rests on weights where a rank is one of the energy of singular values', () => {
    const summary = summarize(modelOf(networkOf([['conv', 1]], 1)));
    const names = namesOf(summary);
    const plan = planFor(names, () => ({ kind: 'rank', by: 'energy', value: 0.9 }));
    const { open, added, summary: left } = foresee(summary, plan, { fitted: false })!;
    expect([...open].length).toBeGreaterThan(0);
    expect(added.size).toBe(0);
    expect(left.totals.parameters).toBe(summary.totals.parameters);
  });

  it('makes no exception of a model that lacks inputs, shapes or attributes', () => {
    let foreseen = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...steps), fc.nat(20)), { minLength: 1, maxLength: 6 }),
        fc.array(fc.tuple(fc.nat(40), fc.constantFrom('input', 'constant', 'shape', 'rank', 'attributes')), {
          maxLength: 3,
        }),
        (picks, faults) => {
          const whole = summarize(modelOf(networkOf(picks, 3)));
          const layers = whole.layers.map((layer, at) =>
            faults.reduce(
              (own, [where, what]) => (where % whole.layers.length === at ? without(own, what) : own),
              layer,
            ),
          );
          const plan = planFor(namesOf(whole), (at) =>
            at % 2 ? { kind: 'rank', by: 'share', value: 0.2 } : { kind: 'channels', share: 0.4 },
          );
          if (foresee({ ...whole, layers }, plan, { fitted: true })) foreseen++;
        },
      ),
      { numRuns: 150 },
    );
    expect(foreseen).toBeGreaterThan(50);
  });

  /** A convolution that is to lose channels, a depthwise one that keeps its bias, and one behind that pads or does not. */
  const chain = (padding: number, isBiased: boolean) =>
    makeGraph({
      inputs: { x: [1, 3, 8, 8] },
      outputs: ['y'],
      constants: {
        'first.w': random(1, [8, 3, 1, 1]),
        'first.b': random(2, [8]),
        'deep.w': random(3, [8, 1, 3, 3]),
        ...(isBiased && { 'deep.b': random(4, [8]) }),
        'last.w': random(5, [4, 8, 3, 3]),
        'last.b': random(6, [4]),
      },
      nodes: [
        makeNode('first', 'Conv', ['x', 'first.w', 'first.b'], ['a']),
        makeNode('deep', 'Conv', ['a', 'deep.w', ...(isBiased ? ['deep.b'] : [])], ['b'], {
          group: attribute.int(8),
          pads: attribute.ints([1, 1, 1, 1]),
        }),
        makeNode('last', 'Conv', ['b', 'last.w', 'last.b'], ['y'], {
          pads: attribute.ints([padding, padding, padding, padding]),
        }),
      ],
    });

  it.each([
    ['rests on a bias that a padded reader would see', 1, true, ['first'], 8],
    ['does not where the reader takes it into its own', 0, true, [], 4],
    ['does not where there is none', 1, false, [], 4],
  ])('%s', (_, padding, isBiased, open, channels) => {
    const plan: PrunePlan = { nodes: { first: choice({ kind: 'channels', share: 0.5 }) } };
    const foreseen = foresee(summarize(modelOf(chain(padding, isBiased))), plan, { fitted: false })!;
    expect([...foreseen.open]).toEqual(open);
    expect(foreseen.summary.layers[0]!.outputs[0]!.shape).toEqual([1, channels, 8, 8]);
  });

  it('has the biases that fitting gives to layers without', () => {
    const summary = summarize(modelOf(chain(0, false)));
    const plan: PrunePlan = { nodes: { first: choice({ kind: 'channels', share: 0.5 }) } };
    const biases = (fitted: boolean) =>
      foresee(summary, plan, { fitted })!.summary.layers.map(({ biasBytes }) => biasBytes);
    expect(biases(false)).toEqual([16, 0, 16]);
    expect(biases(true)).toEqual([16, 16, 16]);
  });
});

describe.skipIf(!hasShared)('of real networks (needs shared models)', () => {
  const models = [
    'mlperf_tiny_ic_resnet8_bn_fp32',
    'mlperf_tiny_kws_dscnn_bn_fp32',
    'mlperf_tiny_vww_mobilenetv1_025_bn_fp32',
    'st_mobilenet_v2_035_128_chfirst',
    'st_ssd_mobilenet_v1_025_256',
    'squeezenet_fp32_from_fp16',
    'deeploy_cct_1_16_16_64_fp32',
    'deeplabv3_mnv2_dm05_pascal_qat_fp32',
    'yunet_s_320',
  ];
  it.each(models)('%s keeps the shapes and costs of the run', async (name) => {
    const loaded = await loadModel(nodeHost(), shared('models', `${name}.onnx`)!);
    const { graph } = prepare(loaded);
    let pruned = 0;
    for (const amount of [
      { kind: 'channels', share: 0.3 },
      { kind: 'rank', by: 'share', value: 0.25 },
    ] as const) {
      const plan = planFor(namesOf(loaded.summary), (at) => (at % 4 === 3 ? undefined : amount));
      const foreseen = foresee(loaded.summary, plan, { fitted: false })!;
      const real = await pruneGraph(graph, plan);
      expect([...foreseen.open]).toEqual([]);
      expect(figures(foreseen.summary)).toEqual(figures(summarize({ ...loaded.model, graph: real.graph })));
      expect([...foreseen.added]).toEqual([...real.added]);
      pruned += real.layers.size;
    }
    expect(pruned).toBeGreaterThan(0);
  });
});

describe.skipIf(!hasShared)('the graph that a summary tells of (needs shared models)', () => {
  it.each(['st_yamnet_256_64x96_tl', 'super_resolution_10', 'kwt1_keyword_transformer_fp32', 'tflm_micro_speech_fp32'])(
    'has the summary of %s',
    async (name) => {
      const { model, summary } = await loadModel(nodeHost(), shared('models', `${name}.onnx`)!);
      expect(figures(summarize({ ...model, graph: graphOfSummary(summary) }))).toEqual(figures(summary));
    },
  );
});
