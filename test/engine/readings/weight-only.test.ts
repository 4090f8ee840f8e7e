import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Container } from '../../../engine/formats/carrier.ts';
import { decodeTensor } from '../../../engine/formats/held-tensor.ts';
import { formatNamed } from '../../../engine/formats/registry.ts';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { edgeKey, type QuantizedModel } from '../../../engine/quantize/assignment.ts';
import { heldVectors } from '../../../engine/quantize/weight-only.ts';
import { exportQdq } from '../../../engine/readings/export-qdq.ts';
import { importQdq } from '../../../engine/readings/import-qdq.ts';
import { simulate } from '../../../engine/readings/simulate.ts';
import { weightNoise } from '../../../engine/run/layer-noise.ts';
import { loadKernels } from '../../../kernels/loader.ts';
import {
  answersNoise,
  datasetOf,
  makeGraph,
  modelOf,
  type PlanOptions,
  quantize,
  random,
  samplesFor,
  uniformPlan,
} from '../quantize/small.ts';
import { compressed, kernelsAgree, runtimeAgrees } from './weight-only-models.ts';

/** Convolutions that runtimes have no integer kernel for: transposed ones, and those over three axes. */

interface Layer {
  readonly op: 'Conv' | 'ConvTranspose';
  readonly seed: number;
  readonly spatial: number;
  readonly groups: number;
  /** A group. */
  readonly channels: number;
  readonly outputs: number;
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly pads: readonly [number, number];
  readonly bias: boolean;
}

const transposed: Layer = {
  ...{ op: 'ConvTranspose', seed: 1, spatial: 2, groups: 1, channels: 6, outputs: 4, size: 5, kernel: 3, stride: 2 },
  ...{ dilation: 1, pads: [1, 0], bias: true },
};
const volume: Layer = { ...transposed, op: 'Conv', spatial: 3, stride: 1 };

function graphOf({ op, seed, spatial, groups, channels, outputs, kernel, size, bias, ...own }: Layer): Graph {
  const every = <T>(value: T) => new Array<T>(spatial).fill(value);
  const ends = op === 'Conv' ? [groups * outputs, channels] : [groups * channels, outputs];
  return makeGraph({
    inputs: { x: [2, groups * channels, ...every(size)] },
    outputs: ['y'],
    constants: { w: random(seed, [...ends, ...every(kernel)]), b: random(seed + 1, [groups * outputs]) },
    nodes: [
      makeNode('layer', op, ['x', 'w', ...(bias ? ['b'] : [])], ['y'], {
        group: attribute.int(groups),
        strides: attribute.ints(every(own.stride)),
        dilations: attribute.ints(every(own.dilation)),
        pads: attribute.ints([...every(own.pads[0]), ...every(own.pads[1])]),
      }),
    ],
  });
}

const entryOf = ({ assignment }: QuantizedModel) => assignment.entries.get(edgeKey('layer', 'weight'))!;
const inputsOf = (graph: Graph) => new Map([['x', random(9, graph.types.get('x')!.dims as number[])]]);

const pool = loadKernels({ mode: 'strict', threads: 1 });
afterAll(async () => (await pool).dispose());

/** Simulation, kernels and ONNX Runtime answer alike, and the exported file is read back with the same codes. */
async function agree(model: QuantizedModel, container?: Container): Promise<void> {
  const { graph } = model;
  const inputs = inputsOf(graph);
  const exported = exportQdq(modelOf(graph), model, { ...(container && { container }) });
  await kernelsAgree(model, inputs, await pool);
  await runtimeAgrees(model, exported, inputs);
  const { dims } = graph.initializers.get('w')!;
  const own = entryOf(model);
  // Codes of other formats are read as the floats that they stand for.
  if (formatNamed(own.format).kind !== 'integer') return;
  const read = importQdq(exported.graph)!;
  const again = read.assignment.entries.get(edgeKey('layer', 'weight'))!;
  expect(decodeTensor(again.codes!, dims, again)).toEqual(decodeTensor(own.codes!, dims, own));
}

const layers: fc.Arbitrary<Layer> = fc
  .record({
    op: fc.constantFrom<Layer['op']>('Conv', 'ConvTranspose', 'ConvTranspose'),
    seed: fc.integer({ min: 0, max: 1 << 30 }),
    spatial: fc.constantFrom(1, 2, 3),
    groups: fc.integer({ min: 1, max: 3 }),
    channels: fc.integer({ min: 1, max: 4 }),
    outputs: fc.integer({ min: 1, max: 4 }),
    size: fc.integer({ min: 3, max: 5 }),
    kernel: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    pads: fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 1 })),
    bias: fc.boolean(),
  })
  .map((layer) => ({
    ...layer,
    spatial: layer.op === 'Conv' ? 3 : layer.spatial,
    // ONNX Runtime has no transposed convolution over three axes with both.
    dilation: layer.stride > 1 || layer.size < 5 ? 1 : layer.dilation,
  }));

describe('convolutions whose weights alone are in codes', () => {
  it('answer alike in simulation, on kernels and in ONNX Runtime, in all their forms', async () => {
    const drawn = fc.tuple(
      layers,
      fc.constantFrom<PlanOptions>(
        { weights: 'int8' },
        { weights: 'int8', granularity: 'per-tensor' },
        { weights: 'uint8', weightScheme: 'affine' },
        { weights: 'int4' },
        { weights: 'int6' },
        { weights: 'e4m3fn' },
      ),
      fc.constantFrom<Container | undefined>(undefined, 'int8'),
    );
    await fc.assert(
      fc.asyncProperty(drawn, async ([layer, options, container]) => {
        const isInteger = !options.weights!.startsWith('e');
        await agree(await compressed(graphOf(layer), options), isInteger ? container : undefined);
      }),
      { seed: 5, numRuns: 60 },
    );
  }, 60_000);

  it('have a scale for every output channel, which of a transposed one lies along the second axis', async () => {
    for (const [layer, axis] of [
      [transposed, 1],
      [volume, 0],
    ] as const) {
      const model = await compressed(graphOf(layer));
      expect(model.findings).toEqual([]);
      expect(entryOf(model)).toMatchObject({ axis, format: 'int8' });
      expect(entryOf(model).scale).toHaveLength(4);
      const { weights, sqnr } = (await weightNoise(model)).get('layer')!;
      expect(weights!.channelSqnr).toHaveLength(4);
      expect(sqnr).toBeGreaterThan(40);
    }
  });

  it('compute in float whatever is asked of their activations, and say so', async () => {
    const graph = graphOf(transposed);
    const { findings, assignment } = await quantize(graph, uniformPlan(graph), samplesFor(graph, 2));
    expect(findings.map(({ what }) => what)).toEqual([
      'ConvTranspose “layer” computes in float: runtimes have no integer ConvTranspose, so it is quantised weight-only.',
    ]);
    expect([...assignment.entries.keys()]).toEqual([edgeKey('layer', 'weight')]);
  });
});

describe('methods for transposed convolutions', () => {
  it('weights are multiplied with the inputs that reach an output element', () => {
    fc.assert(
      fc.property(layers, (drawn) => {
        const layer: Layer = { ...drawn, op: 'ConvTranspose', groups: 1, bias: false };
        const graph = graphOf(layer);
        const x = { ...inputsOf(graph).get('x')! };
        // Vectors are of the first of a batch.
        const [, ...rest] = x.dims as number[];
        const one = { ...x, dims: [1, ...rest], data: (x.data as Float32Array).slice(0, x.data.length / 2) };
        const single = { ...graph, types: new Map([...graph.types, ['x', { dtype: 'float32', dims: one.dims }]]) };
        const y = evaluateGraph(single as Graph, new Map([['x', one]])).get('y')!;
        const { dims, data: weights } = graph.initializers.get('w')!;
        const [inputs, outputs] = dims as [number, number];
        const taps = weights.length / inputs / outputs;
        const pixels = y.data.length / outputs;
        const held = { role: 'weight', input: 1, weightAxis: 1 } as const;
        const visit = heldVectors(graph.nodes[0]!, held, graph)!.values.get('x')!;
        const view = { data: one.data, dims: one.dims, layout: 'plain' } as const;
        let seen = 0;
        visit(view, { sample: 0, most: pixels }, (position, group, vector) => {
          expect(group).toBe(0);
          seen++;
          for (let o = 0; o < outputs; o++) {
            let sum = 0;
            for (let k = 0; k < vector.length; k++) {
              const [c, tap] = [Math.floor(k / taps), k % taps];
              sum += vector[k]! * Number(weights[(c * outputs + o) * taps + tap]);
            }
            expect(sum).toBeCloseTo(Number(y.data[o * pixels + position]), 4);
          }
        });
        expect(seen).toBe(pixels);
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  const answersWith = async (layer: Layer, method?: string) => {
    const graph = graphOf(layer);
    const plan = uniformPlan(graph, { activations: 'float', weights: 'int3', ...(method && { method }) });
    // Channels that go together, as they do in images: independent ones leave a method nothing to go by.
    const alike = (count: number, seed: number) =>
      datasetOf(
        Array.from({ length: count }, (_, i) => {
          const [own, common] = [0, 1].map((part) =>
            random(seed * 1000 + 2 * i + part, inputsOf(graph).get('x')!.dims),
          );
          const data = Float32Array.from(
            own!.data as Float32Array,
            (value, at) => 0.3 * value + (common!.data as Float32Array)[at % layer.size ** layer.spatial]!,
          );
          return new Map([['x', { ...own!, data }]]);
        }),
      );
    const { findings, ...model } = await quantize(graph, plan, alike(20, 1));
    return { findings, sqnr: await answersNoise(graph, simulate(model), alike(10, 5), 'y') };
  };

  it('`coordinate-descent` brings their answers closer, and takes the place of methods that go by answers', async () => {
    for (const spatial of [1, 2, 3]) {
      const layer = { ...transposed, spatial, channels: 8 };
      const [rounded, chosen] = [await answersWith(layer), await answersWith(layer, 'coordinate-descent')];
      expect(chosen.findings).toEqual([]);
      expect(chosen.sqnr).toBeGreaterThan(rounded.sqnr + 1);
      const other = await answersWith(layer, 'gptq');
      expect(other.sqnr).toBe(chosen.sqnr);
      expect(other.findings.map(({ what }) => what)).toEqual([
        'The weights of “layer” get codes by `coordinate-descent` instead of by `gptq`.',
      ]);
    }
  });

  it('with groups, and over three axes without being transposed, weights are rounded, and that is said', async () => {
    for (const layer of [{ ...transposed, groups: 2 }, volume]) {
      const { findings, sqnr } = await answersWith(layer, 'coordinate-descent');
      expect(findings.map(({ what }) => what)).toEqual([
        'The weights of “layer” are rounded to nearest instead of by `coordinate-descent`.',
      ]);
      expect(sqnr).toBe((await answersWith(layer)).sqnr);
    }
  });
});
