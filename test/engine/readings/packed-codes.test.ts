import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadOnnxRuntime } from '../../../engine/env/node/onnxruntime.ts';
import { compile } from '../../../engine/executor/compile.ts';
import { contained } from '../../../engine/formats/carrier.ts';
import type { NumberFormat } from '../../../engine/formats/format.ts';
import { formatNamed } from '../../../engine/formats/registry.ts';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { withComputedCodes } from '../../../engine/graph/computed-codes.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import type { Graph, Model } from '../../../engine/graph/graph.ts';
import { summarize } from '../../../engine/graph/summary.ts';
import { aliasTensor } from '../../../engine/lazy-tensor.ts';
import { decodeModel } from '../../../engine/onnx/codec.ts';
import { edgeKey } from '../../../engine/quantize/assignment.ts';
import { codeTensorOf } from '../../../engine/readings/code-tensors.ts';
import { exportFindings } from '../../../engine/readings/export-findings.ts';
import { exportQdq } from '../../../engine/readings/export-qdq.ts';
import { importQdq } from '../../../engine/readings/import-qdq.ts';
import { PackedCodes, packedBytes } from '../../../engine/readings/packed-codes.ts';
import { Rewriter } from '../../../engine/readings/rewriter.ts';
import { floatCompute } from '../../../engine/verify/onnxruntime.ts';
import {
  bytesOf,
  makeGraph,
  modelOf,
  type PlanOptions,
  quantize,
  random,
  samplesFor,
  uniformPlan,
} from '../quantize/small.ts';
import { runInteger } from './agreement.ts';

const integers = [1, 2, 3, 4, 5, 6, 7].flatMap((bits) => [`int${bits}`, `uint${bits}`]);
const grids = ['pot(3)', 'pot(4)', 'e2m1', 'e2m3', 'apot(5)', 'esb(5, 3)', 'nested(8, 4)', 'ternary'];

/** A graph that does nothing but unpack codes and dequantise them. */
function unpacking(format: NumberFormat, codes: number[], dims: readonly number[], isLazy = false): Graph {
  const empty = makeGraph({ inputs: {}, outputs: ['y'], nodes: [] });
  const rewriter = new Rewriter(empty);
  const { data } = codeTensorOf(held(format, codes), format, { dims });
  const elements = isLazy ? aliasTensor(format.dtype, dims, () => data) : { dtype: format.dtype, dims, data };
  const value = new PackedCodes(rewriter).write('w', () => Int32Array.from(codes), format, elements);
  const scale = rewriter.constant('scale', { dtype: 'float32', dims: [], data: Float32Array.of(1) });
  rewriter.add('DequantizeLinear', '', 'dequantize', [value, scale], ['y']);
  return rewriter.finish();
}

const held = (format: NumberFormat, codes: number[]) => ({
  format: format.name,
  scale: Float32Array.of(1),
  zeroPoint: Int32Array.of(0),
  range: [format.low, format.high] as const,
  codes: Int32Array.from(codes),
});

const packed = (name: string) => contained(formatNamed(name), 'packed', 'weights');

describe('codes packed without gaps', () => {
  it.each([...integers, ...grids])('%s: of any number come back through the operators, and as constants', (name) => {
    const format = packed(name);
    const { bits } = format;
    const codes = fc.array(fc.integer({ min: format.low, max: format.high }), { minLength: 1, maxLength: 70 });
    fc.assert(
      fc.property(codes, fc.boolean(), (own, isLazy) => {
        const graph = unpacking(format, own, [own.length, 1], isLazy);
        const bytes = graph.initializers.get('w_packed')!.data;
        expect(bytes.length).toBe(packedBytes(own.length, bits));
        expect(bytes.length - Math.ceil((own.length * bits) / 8)).toBeLessThan(bits);
        const elements = codeTensorOf(held(format, own), format, { dims: [own.length, 1] }).data;
        expect([...(evaluateGraph(graph, new Map()).get('y')!.data as Float32Array)]).toEqual(
          Array.from(elements as Int8Array, Number),
        );
        const read = withComputedCodes(graph);
        expect(read.nodes.map(({ op }) => op)).toEqual(['DequantizeLinear']);
        const { dtype, dims, data } = read.initializers.get('w_quantized')!;
        expect([dtype, dims]).toEqual([format.dtype, [own.length, 1]]);
        expect([...(data as Int8Array)]).toEqual([...(elements as Int8Array)]);
        expect([...read.initializers.keys()].sort()).toEqual(['scale', 'w_quantized']);
      }),
      { numRuns: 25 },
    );
  });

  it('take whole bytes: six of 6 bits 5, filled up to two groups of 3', () => {
    expect(packedBytes(6, 6)).toBe(6);
    expect([3, 5, 7].map((bits) => packedBytes(8, bits))).toEqual([3, 5, 7]);
    expect([1, 2, 4].map((bits) => packedBytes(8, bits))).toEqual([1, 2, 4]);
    expect(packedBytes(9, 1)).toBe(2);
  });

  it('are unpacked by six operators, five where codes do not cross bytes, two more where the last group is not full', () => {
    const operators = (name: string, count: number) =>
      unpacking(packed(name), Array<number>(count).fill(0), [count]).nodes.map(({ op }) => op);
    expect(operators('int6', 8)).toEqual(['Cast', 'MatMul', 'Div', 'Mod', 'Gather', 'Reshape', 'DequantizeLinear']);
    expect(operators('int4', 8)).toEqual(['Cast', 'Div', 'Mod', 'Gather', 'Reshape', 'DequantizeLinear']);
    expect(operators('int4', 7)).toEqual([
      ...['Cast', 'Div', 'Mod', 'Gather', 'Reshape', 'Slice', 'Reshape'],
      'DequantizeLinear',
    ]);
  });
});

/** Two convolutions and a matrix product large enough to be packed (one of them no multiple of eight), a depthwise one that is not. */
function network(): Graph {
  return makeGraph({
    inputs: { x: [1, 19, 7, 7] },
    outputs: ['y'],
    constants: {
      'a.w': random(1, [43, 19, 3, 3], 0.5),
      'a.b': random(2, [43]),
      'd.w': random(3, [43, 1, 3, 3], 0.5),
      'c.w': random(4, [121, 43, 1, 1], 0.5),
      'g.w': random(5, [121, 67], 0.5),
      'g.b': random(6, [67]),
    },
    nodes: [
      makeNode('a', 'Conv', ['x', 'a.w', 'a.b'], ['a.y'], { pads: attribute.ints([1, 1, 1, 1]) }),
      makeNode('r', 'Relu', ['a.y'], ['r.y']),
      makeNode('d', 'Conv', ['r.y', 'd.w'], ['d.y'], { group: attribute.int(43) }),
      makeNode('c', 'Conv', ['d.y', 'c.w'], ['c.y']),
      makeNode('p', 'GlobalAveragePool', ['c.y'], ['p.y']),
      makeNode('f', 'Flatten', ['p.y'], ['f.y']),
      makeNode('g', 'Gemm', ['f.y', 'g.w', 'g.b'], ['y']),
    ],
  });
}

const layers = ['a', 'c', 'g'];

async function exported(options: PlanOptions, container?: 'int8' | 'packed' | 'typed') {
  const graph = network();
  const quantized = await quantize(graph, uniformPlan(graph, options), samplesFor(graph, 3));
  const inputs = await samplesFor(graph, 1, 99).sample(0);
  return { quantized, inputs, model: exportQdq(modelOf(graph), quantized, container && { container }) };
}

const read = (model: Model) => graphFromProto(decodeModel(bytesOf(model))).graph;

async function judge(model: Model, inputs: Parameters<typeof runInteger>[1], optimize: 'all' | 'disabled') {
  const runtime = await loadOnnxRuntime({ threads: 1 });
  const session = await runtime.createSession(bytesOf(model), { optimize, profile: true });
  const y = (await session.run(inputs)).get('y')!;
  const ran = session.endProfiling();
  await session.release();
  return { y, ran, ops: new Set(ran.map(({ op }) => op)) };
}

describe('packed weights in ONNX Runtime', () => {
  it.each([
    ...['int3', 'int5', 'int6', 'int7', 'e2m3', 'pot(4)'].map((name) => [name, undefined] as const),
    ...['int1', 'int2', 'int3', 'int4', 'int6', 'uint4', 'uint6', 'ternary'].map((name) => [name, 'packed'] as const),
  ])('%s, container %s: fused to integer operators, in the integers of the engine', async (weights, container) => {
    const weightScheme = formatNamed(weights).signed ? 'symmetric' : 'affine';
    const { model, quantized, inputs } = await exported({ weights, weightScheme }, container);
    for (const layer of layers) expect(model.graph.initializers.has(`${layer}.w_packed`), layer).toBe(true);
    const { y, ran, ops } = await judge(model, inputs, 'all');
    expect(floatCompute(ran)).toEqual([]);
    expect(ops).toContain('QLinearConv');
    expect(ops).toContain('QGemm');
    expect(ops).not.toContain('Gather');
    expect(y.data).toEqual(runInteger(quantized, inputs).get('y')!.data);
    const plain = await judge(model, inputs, 'disabled');
    expect(plain.ops).toContain('Gather');
    const { scale } = [...quantized.assignment.entries].find(([key]) => key.startsWith('g\u0000output'))![1];
    (y.data as Float32Array).forEach((own, i) => {
      expect(Math.abs(own - (plain.y.data as Float32Array)[i]!)).toBeLessThanOrEqual(3 * scale[0]!);
    });
  });

  it('are less of a file than bytes by what packing saves and the operators cost', async () => {
    const bytes = async (container?: 'int8') => bytesOf((await exported({ weights: 'int6' }, container)).model).length;
    const elements = 43 * 19 * 9 + 121 * 43 + 121 * 67;
    const saved = (await bytes('int8')) - (await bytes());
    expect(saved).toBeLessThan(elements / 4);
    expect(saved).toBeGreaterThan(elements / 4 - 3 * 700);
  });

  it('stay bytes where the operators would take more than packing saves', async () => {
    const { model } = await exported({ weights: 'int6' });
    expect(model.graph.initializers.get('d.w_quantized')).toMatchObject({ dtype: 'int8', dims: [43, 1, 3, 3] });
  });

  it('share what unpacks them: one table, one set of shifts for all layers', async () => {
    const { model } = await exported({ weights: 'int6' });
    const names = [...model.graph.initializers.keys()].filter((name) => /_bits|levels_of/.test(name));
    expect(names).toEqual(['windows_of_6_bits', 'shifts_of_6_bits', 'codes_of_6_bits', 'levels_of_int6']);
  });
});

describe('which weights are packed', () => {
  const held = async (options: PlanOptions, container?: 'int8' | 'packed' | 'typed') => {
    const { model } = await exported(options, container);
    const { initializers, opsets } = model.graph;
    const isPacked = initializers.has('c.w_packed');
    return [isPacked ? 'packed' : initializers.get('c.w_quantized')!.dtype, opsets.get('')];
  };

  it.each([
    ['int8', undefined, 'int8', 13],
    ['int7', undefined, 'packed', 13],
    ['int4', undefined, 'int4', 21],
    ['int3', undefined, 'packed', 13],
    ['int2', undefined, 'int2', 25],
    ['int1', undefined, 'int2', 25],
    ['int8', 'packed', 'int8', 13],
    ['int4', 'packed', 'packed', 13],
    ['int1', 'packed', 'packed', 13],
    ['int6', 'typed', 'int8', 13],
    ['int3', 'typed', 'int4', 21],
    ['int6', 'int8', 'int8', 13],
  ] as const)('%s with container %s: %s, from operator set %i', async (weights, container, type, opset) => {
    expect(await held({ weights }, container)).toEqual([type, opset]);
  });

  it('beside activations of fewer bits weights keep their type: ONNX Runtime refuses bytes there', async () => {
    const { model, inputs } = await exported({ weights: 'int3', activations: 'uint4' });
    expect(model.graph.initializers.get('c.w_quantized')!.dtype).toBe('int4');
    expect((await judge(model, inputs, 'all')).ops).toContain('Conv');
    expect(await held({ weights: 'int3', activations: 'uint4' }, 'packed')).toEqual(['packed', 13]);
  });

  it('in groups, which run in float either way, those that take a byte otherwise', async () => {
    const granularity = 'per-group(11)' as const;
    expect(await held({ weights: 'int6', granularity })).toEqual(['packed', 21]);
    expect(await held({ weights: 'int3', granularity })).toEqual(['int4', 21]);
    expect(await held({ weights: 'int4', granularity }, 'packed')).toEqual(['int4', 21]);
    const { model, inputs } = await exported({ weights: 'int6', granularity });
    const bytes = await exported({ weights: 'int6', granularity }, 'int8');
    expect((await judge(model, inputs, 'all')).y.data).toEqual((await judge(bytes.model, inputs, 'all')).y.data);
  });
});

describe('more weights than a runtime could unpack', () => {
  const findings = (elements: number, container?: 'int8' | 'packed' | 'typed') => {
    const dims = [elements / 4096, 4096];
    const unread = () => {
      throw new Error('Whether weights are packed depends on how many there are alone.');
    };
    const weight = aliasTensor('float32', dims, unread);
    const graph = makeGraph({
      inputs: { x: [1, dims[0]!] },
      outputs: ['y'],
      constants: { w: weight },
      nodes: [makeNode('m', 'MatMul', ['x', 'w'], ['y'])],
    });
    const codes = Object.defineProperty({ ...held(formatNamed('int6'), []) }, 'codes', {
      get: unread,
      enumerable: true,
    });
    const assignment = {
      arithmetic: 'ort',
      entries: new Map([[edgeKey('m', 'weight'), codes]]),
      inputs: new Map(),
    } as const;
    return exportFindings({ graph, assignment }, container && { container }).map(({ code, what }) => [code, what]);
  };

  it('stay in the types of ONNX, and a finding says so', () => {
    const said = [['export/not-packed', 'The weights are not packed: they would be 34 million.']];
    expect(findings(2 ** 25 + 4096)).toEqual(said);
    expect(findings(2 ** 25 + 4096, 'packed')).toEqual(said);
    expect(findings(2 ** 25)).toEqual([]);
    expect(findings(2 ** 25 + 4096, 'int8')).toEqual([]);
    expect(findings(2 ** 25 + 4096, 'typed')).toEqual([]);
  });
});

describe('a file with packed weights, read back', () => {
  it('is written as it was, and as bytes where a name that unpacking needs means something else by then', async () => {
    const { model, inputs } = await exported({ weights: 'int6' });
    const bytes = bytesOf(model);
    const again = graphFromProto(decodeModel(bytes));
    expect(bytesOf(again).length).toBe(bytes.length);
    expect((await judge(again, inputs, 'all')).y.data).toEqual((await judge(model, inputs, 'all')).y.data);
    const changed = { ...again.graph, initializers: new Map(again.graph.initializers) };
    changed.initializers.set('levels_of_int6', random(1, [2]));
    const plain = { ...again, graph: changed };
    expect(bytesOf(plain).length).toBeGreaterThan(bytes.length + 2000);
    expect((await judge(plain, inputs, 'all')).y.data).toEqual((await judge(model, inputs, 'all')).y.data);
  });

  it('has as many bytes of weights in its summary as in the file', async () => {
    const { model } = await exported({ weights: 'int6' });
    const weights = summarize(graphFromProto(decodeModel(bytesOf(model)))).layers.filter(({ name }) =>
      name.endsWith('.w_DequantizeLinear'),
    );
    const scales = 5 * 43;
    expect(weights.map(({ weightBytes }) => weightBytes)).toEqual([
      packedBytes(43 * 19 * 9, 6) + scales,
      43 * 9 + scales,
      packedBytes(121 * 43, 6) + 5 * 121,
      packedBytes(121 * 67, 6) + 5 * 67,
    ]);
  });

  it('is the file that holds them in bytes', async () => {
    const { model } = await exported({ weights: 'int6' });
    const bytes = await exported({ weights: 'int6' }, 'int8');
    const [own, plain] = [read(model), read(bytes.model)];
    expect(own.nodes.map(({ name, op }) => [name, op])).toEqual(plain.nodes.map(({ name, op }) => [name, op]));
    expect([...own.initializers.keys()].sort()).toEqual([...plain.initializers.keys()].sort());
    for (const [name, { dtype, dims, data }] of plain.initializers) {
      const { dtype: type, dims: shape, data: elements } = own.initializers.get(name)!;
      expect([type, shape, elements], name).toEqual([dtype, dims, data]);
    }
  });

  it('runs in the same integers, and so does the export that was never written', async () => {
    const { model, quantized, inputs } = await exported({ weights: 'int6' });
    const integers = runInteger(quantized, inputs);
    expect(runInteger(importQdq(model.graph)!, inputs)).toEqual(integers);
    for (const graph of [model.graph, read(model)]) {
      const program = await compile(graph, { mode: 'strict' });
      expect((await program.run(inputs)).get('y')!.data).toEqual(integers.get('y')!.data);
      const heavy = program.report().filter(({ op }) => op === 'Conv' || op === 'Gemm');
      expect(heavy.filter(({ integer }) => !integer)).toEqual([]);
      program.dispose();
    }
  });
});
