import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import type { Container } from '../../../engine/formats/carrier.ts';
import { decodeTensor } from '../../../engine/formats/held-tensor.ts';
import { formatFamilies, formatNamed, formats } from '../../../engine/formats/registry.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { lazyTensor } from '../../../engine/lazy-tensor.ts';
import { assign } from '../../../engine/quantize/assign.ts';
import { edgeKey, type QuantizedModel } from '../../../engine/quantize/assignment.ts';
import { noStatistics } from '../../../engine/quantize/calibrate.ts';
import { layOut } from '../../../engine/quantize/layout.ts';
import { recurrentVectors } from '../../../engine/quantize/recurrent-vectors.ts';
import { exportQdq } from '../../../engine/readings/export-qdq.ts';
import { importQdq } from '../../../engine/readings/import-qdq.ts';
import { simulate } from '../../../engine/readings/simulate.ts';
import { signalToNoise } from '../../../engine/run/layer-noise.ts';
import { roundedWeights } from '../../../engine/run/rounded-weights.ts';
import { float32Tensor, type Tensor, type TensorData } from '../../../engine/tensor.ts';
import { loadKernels } from '../../../kernels/loader.ts';
import { relativeError } from '../../onnxruntime.ts';
import { type RecurrentLayer, randomInputs, recurrentGraph } from '../executor/recurrent-graph.ts';
import {
  answersNoise,
  forgetAll,
  modelOf,
  type PlanOptions,
  quantize,
  samplesFor,
  uniformPlan,
} from '../quantize/small.ts';
import { compressed, kernelsAgree, runtimeAgrees } from './weight-only-models.ts';

/** Recurrent layers, whose weights alone are in codes: one matrix a direction for the inputs, one for the state. */

const plain: RecurrentLayer = {
  ...{ op: 'GRU', seed: 1, direction: 'forward', layout: 0, steps: 4, batch: 2, size: 5, hidden: 6 },
  ...{ given: [true, false, false, false], wanted: [true, true, false], flag: false, clip: undefined },
  activations: undefined,
};
const both: RecurrentLayer = { ...plain, direction: 'bidirectional' };

const roles = ['weight', 'recurrent'] as const;

const sameNumbers = (a: TensorData, b: TensorData) => [...a].join() === [...b].join();

function entriesOf({ assignment }: QuantizedModel) {
  return roles.map((role) => assignment.entries.get(edgeKey('layer', role))!);
}

/** Constants that the layer reads as weights: as they are, and what their codes stand for. */
function weightsOf(model: QuantizedModel) {
  const node = model.graph.nodes.find(({ name }) => name === 'layer')!;
  return entriesOf(model).map((entry, i) => {
    const tensor = model.graph.initializers.get(node.inputs[i + 1]!)!;
    return { tensor, held: decodeTensor(entry.codes!, tensor.dims, entry) };
  });
}

/** Weights as they reach the layer when a graph runs. */
function weightsRead(graph: Graph, inputs: ReadonlyMap<string, Tensor>): readonly Tensor[] {
  const values = new Map<string, Tensor>(graph.initializers);
  evaluateGraph(graph, inputs, { observe: (name, tensor) => void values.set(name, tensor) });
  const node = graph.nodes.find(({ name }) => name === 'layer')!;
  return [1, 2].map((index) => values.get(node.inputs[index]!)!);
}

const pool = loadKernels({ mode: 'strict', threads: 1 });
afterAll(async () => (await pool).dispose());

/** All readings of the model answer alike; ONNX Runtime knows no batch in front. */
async function agree(model: QuantizedModel, layer: RecurrentLayer, container?: Container): Promise<void> {
  const { graph } = model;
  const inputs = randomInputs(graph, layer.seed + 1);
  const exported = exportQdq(modelOf(graph), model, { ...(container && { container }) });
  for (const [i, { tensor, held }] of weightsOf(model).entries()) {
    const read = weightsRead(exported.graph, inputs)[i]!;
    expect(read.dims).toEqual(tensor.dims);
    expect([...(read.data as Float32Array)]).toEqual([...held]);
  }
  await kernelsAgree(model, inputs, await pool);
  if (layer.layout === 0) await runtimeAgrees(model, exported, inputs);
}

const layers: fc.Arbitrary<RecurrentLayer> = fc
  .record({
    op: fc.constantFrom('LSTM', 'GRU', 'RNN'),
    seed: fc.integer({ min: 0, max: 1 << 30 }),
    direction: fc.constantFrom('forward', 'reverse', 'bidirectional'),
    layout: fc.constantFrom(0, 0, 0, 1),
    steps: fc.integer({ min: 1, max: 4 }),
    batch: fc.integer({ min: 1, max: 3 }),
    size: fc.integer({ min: 1, max: 7 }),
    hidden: fc.integer({ min: 1, max: 9 }),
    given: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()),
    wanted: fc.constant<readonly [boolean, boolean, boolean]>([true, true, true]),
    flag: fc.boolean(),
    clip: fc.constant(undefined),
    activations: fc.constant(undefined),
    lengthy: fc.boolean(),
  })
  .map(({ lengthy, ...layer }) => ({
    ...layer,
    ...(lengthy && { lengths: Array.from({ length: layer.batch }, (_, i) => Math.max(1, layer.steps - i)) }),
  }));

describe('recurrent layers with weights in codes', () => {
  it('answer alike in simulation, on kernels and in ONNX Runtime, in all their forms', async () => {
    const drawn = fc.tuple(
      layers,
      fc.constantFrom<PlanOptions>(
        { weights: 'int8' },
        { weights: 'int8', granularity: 'per-tensor' },
        { weights: 'uint8', weightScheme: 'affine' },
        { weights: 'int4' },
        { weights: 'int4', granularity: 'per-group(3)' },
      ),
    );
    await fc.assert(
      fc.asyncProperty(drawn, async ([layer, options]) => {
        await agree(await compressed(recurrentGraph(layer), options), layer);
      }),
      { seed: 5, numRuns: 40 },
    );
  }, 60_000);

  it('have a scale for every gate of every hidden unit and direction, for inputs and state apart', async () => {
    for (const [layer, rows] of [
      [plain, 18],
      [{ ...plain, op: 'LSTM' } as const, 24],
      [both, 36],
    ] as const) {
      const model = await compressed(recurrentGraph(layer));
      const [w, r] = weightsOf(model);
      for (const [i, { tensor, held }] of [w!, r!].entries()) {
        const { scale } = entriesOf(model)[i]!;
        expect(scale.length).toBe(rows);
        const values = tensor.data as Float32Array;
        const width = values.length / rows;
        for (let row = 0; row < rows; row++) {
          const own = values.subarray(row * width, (row + 1) * width);
          // The largest of each row is the end of its own grid.
          expect(scale[row]! * 127).toBeCloseTo(Math.max(...own.map(Math.abs)), 5);
          for (let k = 0; k < width; k++)
            expect(Math.abs(held[row * width + k]! - own[k]!)).toBeLessThanOrEqual(scale[row]! * 0.5001);
        }
      }
    }
  });

  it('are exported with one axis where one says it, behind a Reshape where a stack of two needs it, and in operator set 13 either way', async () => {
    for (const [layer, nodes] of [
      [plain, ['LeakyRelu', 'DequantizeLinear', 'DequantizeLinear', 'GRU']],
      [both, ['LeakyRelu', 'DequantizeLinear', 'Reshape', 'DequantizeLinear', 'Reshape', 'GRU']],
    ] as const) {
      const graph = { ...recurrentGraph(layer), opsets: new Map([['', 13]]) };
      const { graph: exported } = exportQdq(modelOf(graph), await compressed(graph));
      expect(exported.nodes.map(({ op }) => op)).toEqual(nodes);
      expect(exported.opsets.get('')).toBe(13);
    }
  });

  it('of weights that are read when they are touched, codes are worked out then and not before', async () => {
    const graph = recurrentGraph(both);
    const expected = entriesOf(await compressed(graph));
    const touched = new Map<string, number>();
    const initializers = Array.from(graph.initializers, ([name, { dims, data }]): [string, Tensor] => [
      name,
      lazyTensor('float32', dims, () => {
        touched.set(name, (touched.get(name) ?? 0) + 1);
        return data;
      }),
    ]);
    const lazy = entriesOf(await compressed({ ...graph, initializers: new Map(initializers) }));
    for (const [i, entry] of lazy.entries())
      expect(Object.getOwnPropertyDescriptor(entry, 'codes')!.get, `${i}`).toBeTypeOf('function');
    forgetAll();
    touched.clear();
    for (const [i, entry] of lazy.entries()) {
      expect(touched.size).toBe(i);
      expect(entry).toEqual(expected[i]);
    }
    expect(touched.size).toBe(2);
  });

  const weightFormats = [...formats.map(({ name }) => name), ...formatFamilies.flatMap(({ examples }) => examples)];
  const held = weightFormats.filter((name) => formatNamed(name).bits <= 8);
  it.each(held)('%s: the export holds what the codes stand for', async (weights) => {
    for (const layer of [plain, both]) {
      const graph = recurrentGraph(layer);
      const model = await compressed(graph, { weights, granularity: 'per-channel' });
      const exported = exportQdq(modelOf(graph), model).graph;
      const read = weightsRead(exported, randomInputs(graph, 2));
      for (const [i, own] of weightsOf(model).entries())
        expect([...(read[i]!.data as Float32Array)]).toEqual([...own.held]);
    }
  });

  it.each(['int2', 'e4m3fn', 'e5m2', 'fp16', 'bf16', 'mxfp4', 'dual(int4)', 'kmeans(4)'])(
    '%s: ONNX Runtime computes with it',
    async (weights) => {
      for (const layer of [plain, both]) await agree(await compressed(recurrentGraph(layer), { weights }), layer);
    },
  );

  it.each(['int8', 'packed', 'typed'] as const)('with `container %s` hold the same', async (container) => {
    for (const direction of ['forward', 'bidirectional'] as const) {
      const layer = { ...plain, direction, size: 20, hidden: 24 };
      for (const weights of ['int4', 'int6'])
        await agree(await compressed(recurrentGraph(layer), { weights }), layer, container);
    }
  });

  it.each(['per-tensor', 'per-group(4)', 'per-block(3x2)', 'per-kernel', 'per-tap'] as const)(
    'int4 %s: the readings agree',
    async (granularity) => {
      for (const layer of [plain, both])
        await agree(await compressed(recurrentGraph(layer), { weights: 'int4', granularity }), layer);
    },
  );
});

describe('methods and observers for recurrent layers', () => {
  const even = recurrentGraph({ ...both, hidden: 24, size: 20 });
  // Most weights near zero, as in trained layers.
  const initializers = Array.from(even.initializers, ([name, { dims, data }]): [string, Tensor] => [
    name,
    float32Tensor(
      dims,
      Float32Array.from(data as Float32Array, (value) => value ** 5),
    ),
  ]);
  const graph: Graph = { ...even, initializers: new Map(initializers) };
  const noiseWith = async ({ observer = 'min-max', ...options }: PlanOptions) => {
    const { nodes, ...plan } = uniformPlan(graph, { activations: 'float', weights: 'int3', ...options });
    const weight = { ...nodes['layer']!.weight!, observer: { name: observer, arguments: {} } };
    const { findings, ...model } = await assign(graph, { ...plan, nodes: { layer: { weight } } }, noStatistics);
    const own = weightsOf(model).map(({ tensor, held }) => signalToNoise(tensor.data as Float32Array, held));
    return { findings, worst: Math.min(...own) };
  };

  it('those that work on weights alone find better codes than rounding', async () => {
    const rounded = await noiseWith({});
    for (const options of [{ observer: 'mse' }, { method: 'omse' }]) {
      const { worst, findings } = await noiseWith(options);
      expect(findings).toEqual([]);
      expect(worst, JSON.stringify(options)).toBeGreaterThan(rounded.worst + 0.5);
    }
  });

  it('`hqq` gives them zero points of their own', async () => {
    const model = await compressed(graph, { weights: 'uint4', weightScheme: 'affine', method: 'hqq' });
    expect(model.findings).toEqual([]);
    expect(entriesOf(model).map(({ zeroPoint }) => new Set(zeroPoint).size > 3)).toEqual([true, true]);
  });

  /** What a layer answers in codes beside what it answers in float, on samples that calibration did not see; decibels. */
  const answersWith = async (layer: RecurrentLayer, method: string | undefined) => {
    const own = recurrentGraph(layer);
    const plan = uniformPlan(own, { activations: 'float', weights: 'int3', ...(method && { method }) });
    const { findings, ...model } = await quantize(own, plan, samplesFor(own, 40, 1));
    return { findings, sqnr: await answersNoise(own, simulate(model), samplesFor(own, 10, 7), 'y') };
  };
  const sequence = { ...plain, steps: 8, batch: 2, size: 12, hidden: 12, given: [true, true, true, false] } as const;

  it.each([
    ['LSTM', 'forward', 0],
    ['LSTM', 'bidirectional', 0],
    ['GRU', 'reverse', 1],
    ['GRU', 'bidirectional', 1],
    ['RNN', 'forward', 0],
  ] as const)('`coordinate-descent` brings the answers of %s closer, %s, layout %d', async (op, direction, layout) => {
    const layer = { ...sequence, op, direction, layout, wanted: [true, true, op === 'LSTM'] } as const;
    const [rounded, chosen] = [await answersWith(layer, undefined), await answersWith(layer, 'coordinate-descent')];
    expect(chosen.findings).toEqual([]);
    expect(chosen.sqnr).toBeGreaterThan(rounded.sqnr + 0.5);
  });

  it('it takes the place of methods that go by a layer’s answers, and a finding says so', async () => {
    const [gptq, chosen] = [await answersWith(sequence, 'gptq'), await answersWith(sequence, 'coordinate-descent')];
    expect(gptq.sqnr).toBe(chosen.sqnr);
    expect(gptq.findings.map(({ what, why }) => [what, why])).toEqual([
      [
        'The weights of “layer” get codes by `coordinate-descent` instead of by `gptq`.',
        'The method goes by what a layer answers, which is not collected of layers that are quantised weight-only.',
      ],
    ]);
  });

  it('where the last state alone is read, that of the state is rounded', async () => {
    const own = recurrentGraph({ ...sequence, wanted: [false, true, false] });
    const plan = uniformPlan(own, { activations: 'float', weights: 'int3', method: 'coordinate-descent' });
    const [model, rounded] = [
      await quantize(own, plan, samplesFor(own, 40)),
      await quantize(own, uniformPlan(own, { activations: 'float', weights: 'int3' }), samplesFor(own, 1)),
    ];
    expect(model.findings.map(({ why }) => why)).toEqual([expect.stringContaining('the last one alone')]);
    const [w, r] = entriesOf(model).map(({ codes }, i) => sameNumbers(codes!, entriesOf(rounded)[i]!.codes!));
    expect([w, r]).toEqual([false, true]);
  });

  it('states are those before each step, of each direction its own', () => {
    for (const layout of [0, 1] as const) {
      const graph = recurrentGraph({ ...both, layout, given: [true, true, false, false] });
      const node = graph.nodes.find(({ name }) => name === 'layer')!;
      const { values, groups } = recurrentVectors(node, 'recurrent', 6)!;
      expect([groups, [...values.keys()]]).toEqual([2, ['y', 'h']]);
      const [steps, batch, hidden] = [4, 2, 6];
      const dims = layout === 0 ? [steps, 2, batch, hidden] : [batch, steps, 2, hidden];
      const nameOf = (t: number, d: number, b: number) => t * 100 + d * 10 + b;
      // Every element says which step, direction and sequence it is of.
      const data = Float32Array.from({ length: steps * 2 * batch * hidden }, (_, i) => {
        const row = Math.floor(i / hidden);
        return layout === 0
          ? nameOf(Math.floor(row / 4), Math.floor(row / 2) % 2, row % 2)
          : nameOf(Math.floor(row / 2) % 4, row % 2, Math.floor(row / 8));
      });
      const seen: [number[], number[]] = [[], []];
      const visited = values.get('y')!({ data, dims, layout: 'plain' }, { sample: 0, most: 64 }, (_, group, vector) => {
        expect(new Set(vector).size).toBe(1);
        seen[group as 0 | 1].push(vector[0]!);
      });
      expect(visited).toBe(6);
      const expected = (d: number, from: number) => [0, 1, 2].flatMap((t) => [0, 1].map((b) => nameOf(t + from, d, b)));
      expect(seen[0].toSorted((a, b) => a - b)).toEqual(expected(0, 0));
      expect(seen[1].toSorted((a, b) => a - b)).toEqual(expected(1, 1));
    }
  });

  it.each(['gptq', 'coordinate-descent', 'smooth-quant'])(
    'without data `%s` rounds them and says so',
    async (method) => {
      const { findings, worst } = await noiseWith({ method });
      expect(findings.map(({ code, what }) => [code, what])).toEqual([
        ['quantize/method-fallback', `The weights of “layer” are rounded to nearest instead of by \`${method}\`.`],
      ]);
      expect(worst).toBe((await noiseWith({})).worst);
    },
  );
});

describe('what stays float of recurrent layers', () => {
  it('is all but their weights, and a plan that asks for activations is told so', async () => {
    const graph = recurrentGraph(plain);
    const layout = layOut(graph, uniformPlan(graph));
    expect([...layout.slots.keys()].filter((key) => key.startsWith('layer'))).toEqual([]);
    expect(layout.findings.map(({ what }) => what)).toContain(
      'GRU “layer” computes in float: runtimes have no integer GRU, so it is quantised weight-only.',
    );
    expect(layOut(graph, uniformPlan(graph, { activations: 'float' })).findings).toEqual([]);
  });

  it('is everything where a weight is computed by the model', () => {
    const graph = recurrentGraph(plain);
    const name = graph.nodes.find(({ op }) => op === 'GRU')!.inputs[2]!;
    const initializers = new Map([...graph.initializers].filter(([own]) => own !== name));
    const open = { ...graph, inputs: [...graph.inputs, name], initializers };
    const plan = uniformPlan(graph, { activations: 'float' });
    const layout = layOut(open, plan);
    expect([...layout.weightOnly.keys()]).toEqual([]);
    expect(layout.findings.map(({ what }) => what)).toEqual([
      'GRU “layer” stays float: its weight is computed by the model, not stored in it.',
    ]);
  });
});

describe('files with recurrent layers in codes', () => {
  it('are read back with the codes of both weights', async () => {
    const graph = recurrentGraph(plain);
    const model = await compressed(graph);
    const imported = importQdq(exportQdq(modelOf(graph), model).graph)!;
    const [before, after] = [entriesOf(model), entriesOf(imported)];
    for (const [i, { format, axis, scale, codes }] of before.entries())
      expect(after[i]).toMatchObject({ format, axis, scale, codes });
    const inputs = randomInputs(graph, 4);
    expect(evaluateGraph(imported.graph, inputs)).toEqual(evaluateGraph(simulate(model), inputs));
  });

  it.each(['per-channel', 'per-group(3)'] as const)('run here as they stand, %s', async (granularity) => {
    for (const layer of [plain, both]) {
      const graph = recurrentGraph(layer);
      const model = await compressed(graph, { weights: 'int4', granularity });
      const program = await compile(exportQdq(modelOf(graph), model).graph, { mode: 'strict', kernels: await pool });
      expect(program.report().find(({ node }) => node === 'layer')!.how).toBe('kernel');
      const inputs = randomInputs(graph, 4);
      const [ours, simulated] = [await program.run(inputs), evaluateGraph(simulate(model), inputs)];
      for (const value of graph.outputs)
        expect(relativeError(ours.get(value)!, simulated.get(value)!, 0.1)).toBeLessThan(1e-5);
      program.dispose();
    }
  });

  it('in floats hold each weight at its own codes, be they of one shape', async () => {
    const graph = recurrentGraph({ ...plain, size: plain.hidden });
    const model = await compressed(graph, { weights: 'int4' });
    const inputs = randomInputs(graph, 4);
    expect(evaluateGraph(roundedWeights(model), inputs)).toEqual(evaluateGraph(simulate(model), inputs));
  });
});
