import { describe, expect, it } from 'vitest';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import type { Graph, Model } from '../../../engine/graph/graph.ts';
import { decodeModel } from '../../../engine/onnx/codec.ts';
import { exportFindings } from '../../../engine/readings/export-findings.ts';
import { exportQdq } from '../../../engine/readings/export-qdq.ts';
import { float32Tensor, type Tensor } from '../../../engine/tensor.ts';
import { openInOnnxRuntime } from '../../onnxruntime.ts';
import { bytesOf, choice, makeGraph, modelOf, quantize, random, samplesFor, uniformPlan } from '../quantize/small.ts';
import { runInteger, stepsApart } from './agreement.ts';

const { int, ints, float, string } = attribute;
const conv = (name: string, from: string, to: string, weight = name, attributes = {}) =>
  makeNode(name, 'Conv', [from, `${weight}.w`, `${weight}.b`], [to], attributes);

function plainGraph(opset = 13): Graph {
  return makeGraph({
    opset,
    inputs: { x: [1, 3, 6, 6] },
    outputs: ['y'],
    constants: {
      'a.w': random(1, [4, 3, 3, 3]),
      'a.b': random(2, [4]),
      'b.w': random(3, [2, 4, 1, 1]),
      'b.b': random(4, [2]),
    },
    nodes: [conv('first', 'x', 't', 'a'), makeNode('act', 'Relu', ['t'], ['r']), conv('second', 'r', 'y', 'b')],
  });
}

const exported = async (graph: Graph, plan = uniformPlan(graph), options = {}): Promise<Model> =>
  exportQdq(modelOf(graph), await quantize(graph, plan, samplesFor(graph, 3)), options);
const ops = ({ graph }: Model) => graph.nodes.map((node) => node.op).join(' ');

describe('the exported graph', () => {
  it('has a pair behind every tensor in codes, integers behind DequantizeLinear, and no Relu that a clamp replaces', async () => {
    const model = await exported(plainGraph());
    expect(ops(model)).toBe(
      [
        'QuantizeLinear DequantizeLinear',
        'DequantizeLinear DequantizeLinear Conv QuantizeLinear DequantizeLinear',
        'DequantizeLinear DequantizeLinear Conv QuantizeLinear DequantizeLinear',
      ].join(' '),
    );
    const dtypes = [...model.graph.initializers.values()].map((tensor) => tensor.dtype);
    expect(dtypes.filter((dtype) => dtype === 'int32').length).toBe(2);
    // Only scales are float.
    for (const [name, tensor] of model.graph.initializers)
      if (tensor.dtype === 'float32') expect(name).toMatch(/_scale$/);
  });

  it('makes names of no more than some 80 characters, each of its own, whatever the tensors are called', async () => {
    const long = (end: string) => `${'model/conv/Relu;'.repeat(30)}${end}`;
    const plain = plainGraph();
    const renamed = new Map(['t', 'r', 'a.w', 'b.w'].map((name) => [name, long(name)]));
    const nameOf = (value: string) => renamed.get(value) ?? value;
    const graph = makeGraph({
      inputs: { x: [1, 3, 6, 6] },
      outputs: ['y'],
      constants: Object.fromEntries(Array.from(plain.initializers, ([name, tensor]) => [nameOf(name), tensor])),
      nodes: plain.nodes.map((node) => ({
        ...node,
        inputs: node.inputs.map(nameOf),
        outputs: node.outputs.map(nameOf),
      })),
    });
    const own = new Set(graph.types.keys());
    const { graph: written } = await exported(graph);
    const made = written.nodes
      .flatMap(({ inputs, outputs }) => [...inputs, ...outputs])
      .filter((name) => !own.has(name));
    expect(made.length).toBeGreaterThan(20);
    for (const name of made) expect(name.length).toBeLessThan(85);
    const given = written.nodes.flatMap(({ outputs }) => outputs);
    expect(new Set(given).size).toBe(given.length);
    for (const name of written.initializers.keys()) if (!own.has(name)) expect(name.length).toBeLessThan(85);
  });

  it('keeps the names of layers, inputs and outputs', async () => {
    const model = await exported(plainGraph());
    expect(model.graph.inputs).toEqual(['x']);
    expect(model.graph.outputs).toEqual(['y']);
    expect(model.graph.nodes.map((node) => node.name)).toEqual(expect.arrayContaining(['first', 'second']));
    const names = model.graph.nodes.map((node) => node.name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('dequantises the bias with s_in·s_w in float32, per channel as the weights, and without a zero point', async () => {
    const model = await exported(plainGraph());
    const tensor = (name: string) => model.graph.initializers.get(name)!;
    const layer = model.graph.nodes.find((node) => node.name === 'first')!;
    const producer = (value: string) => model.graph.nodes.find((node) => node.outputs.includes(value))!;
    const [input, weight, bias] = layer.inputs.map(producer);
    expect(weight!.attributes['axis']).toEqual({ kind: 'int', value: 0 });
    expect([...(tensor(weight!.inputs[2]!).data as Int8Array)]).toEqual([0, 0, 0, 0]);
    expect(bias!.inputs.length).toBe(2);
    const [sIn] = tensor(input!.inputs[1]!).data as Float32Array;
    const sW = tensor(weight!.inputs[1]!).data as Float32Array;
    expect([...(tensor(bias!.inputs[1]!).data as Float32Array)]).toEqual([...sW].map((s) => Math.fround(sIn! * s)));
  });

  it('stores a weight once that two layers read', async () => {
    const graph = makeGraph({
      inputs: { x: [1, 3, 4, 4] },
      outputs: ['y'],
      constants: { 'a.w': random(1, [3, 3, 1, 1]), 'a.b': random(2, [3]) },
      nodes: [conv('one', 'x', 't', 'a'), conv('two', 't', 'y', 'a')],
    });
    const model = await exported(graph);
    const int8 = [...model.graph.initializers.values()].filter((t) => t.dtype === 'int8' && t.dims.length === 4);
    expect(int8.length).toBe(1);
  });

  it('rounds a float value once for all that read it in the same codes', async () => {
    const graph = makeGraph({
      inputs: { x: [1, 3, 4, 4] },
      outputs: ['y'],
      constants: {
        'a.w': random(1, [3, 3, 1, 1]),
        'a.b': random(2, [3]),
        'b.w': random(3, [3, 3, 1, 1]),
        'b.b': random(4, [3]),
      },
      nodes: [
        makeNode('float', 'Exp', ['x'], ['f']),
        conv('one', 'f', 't', 'a'),
        conv('two', 'f', 'u', 'b'),
        makeNode('sum', 'Add', ['t', 'u'], ['y']),
      ],
    });
    const model = await exported(graph);
    const behind = model.graph.nodes.filter(({ op, inputs }) => op === 'QuantizeLinear' && inputs[0] === 'f');
    expect(behind).toHaveLength(1);
    const inputs = ['one', 'two'].map((name) => model.graph.nodes.find((node) => node.name === name)!.inputs[0]);
    expect(inputs[0]).toBe(inputs[1]);
    // Other codes are another pair.
    const plan = uniformPlan(graph);
    const other = choice('int8');
    const mixed = { ...plan, nodes: { ...plan.nodes, two: { ...plan.nodes['two'], 'input[0]': other } } };
    const apart = await exported(graph, mixed);
    expect(apart.graph.nodes.filter(({ op, inputs }) => op === 'QuantizeLinear' && inputs[0] === 'f')).toHaveLength(2);
  });

  it('survives writing and reading', async () => {
    const model = await exported(plainGraph(), undefined, { opset: 21 });
    const again = graphFromProto(decodeModel(bytesOf(model)));
    expect(ops(again)).toBe(ops(model));
    expect(again.graph.opsets.get('')).toBe(21);
  });
});

describe('operator sets', () => {
  it.each([
    [7, {}, 13, 7],
    [13, {}, 13, 7],
    [13, { opset: 21 }, 21, 10],
    [17, {}, 17, 8],
    [13, { opset: 19 }, 19, 9],
  ])('a model of operator set %d with %j is written for %d', async (from, options, opset, ir) => {
    const graph = plainGraph(from);
    const model = await exported({ ...graph }, undefined, options);
    expect(model.graph.opsets.get('')).toBe(opset);
    expect(model.irVersion).toBeGreaterThanOrEqual(ir);
  });

  it('are raised as formats need, and never lowered', async () => {
    const graph = plainGraph();
    const four = await exported(graph, uniformPlan(graph, { weights: 'int4' }));
    expect(four.graph.opsets.get('')).toBe(21);
    const newer = plainGraph(17);
    const quantized = await quantize(newer, uniformPlan(newer), samplesFor(newer, 2));
    expect(() => exportQdq(modelOf(newer), quantized, { opset: 15 })).toThrow(/at least 17/);
    expect(() => exportQdq(modelOf(newer), quantized, { opset: 99 })).toThrow(/99 is not known/);
  });

  it.each([7, 9, 10, 11, 12])('old forms of operator set %d are raised with their meaning, and run', async (opset) => {
    const attributesOnly = opset < 11;
    const graph = makeGraph({
      opset,
      inputs: { x: [1, 2, 6, 6] },
      outputs: ['y'],
      constants: {
        'a.w': random(1, [3, 2, 1, 1]),
        'a.b': random(2, [3]),
        ...(attributesOnly
          ? {}
          : { low: float32Tensor([], Float32Array.of(0)), high: float32Tensor([], Float32Array.of(1)) }),
      },
      nodes: [
        conv('a', 'x', 'a1', 'a'),
        attributesOnly
          ? makeNode('clip', 'Clip', ['a1'], ['a2'], { min: float(0), max: float(1) })
          : makeNode('clip', 'Clip', ['a1', 'low', 'high'], ['a2']),
        makeNode('drop', 'Dropout', ['a2'], ['a3'], opset < 12 ? { ratio: float(0.5) } : {}),
        makeNode('pool', 'MaxPool', ['a3'], ['a4'], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) }),
        makeNode('un', 'Unsqueeze', ['a4'], ['a5'], { axes: ints([0]) }),
        makeNode('sq', 'Squeeze', ['a5'], ['a6'], { axes: ints([0]) }),
        makeNode('soft', 'Softmax', ['a6'], ['y'], { axis: int(1) }),
      ],
    });
    const quantized = await quantize(graph, uniformPlan(graph), samplesFor(graph, 3));
    const model = exportQdq(modelOf(graph), quantized);
    expect(model.graph.opsets.get('')).toBe(13);
    const inputs = await samplesFor(graph, 1, 9).sample(0);
    const session = await openInOnnxRuntime(bytesOf(model), 'all');
    const outputs = await session.run(inputs);
    await session.release();
    const own = runInteger(quantized, inputs).get('y')!.data as Float32Array;
    expect(own.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 4);
    own.forEach((x, i) => {
      expect(x).toBeCloseTo((outputs.get('y')!.data as Float32Array)[i]!, 4);
    });
  });
});

describe('provenance and bytes', () => {
  it('puts what it is given into the metadata beside what was there', async () => {
    const graph = plainGraph();
    const quantized = await quantize(graph, uniformPlan(graph), samplesFor(graph, 2));
    const model = { ...modelOf(graph), metadata: new Map([['author', 'someone']]) };
    const out = exportQdq(model, quantized, { provenance: { 'qspec.version': '1.2.3', 'qspec.model': 'abc' } });
    expect([...out.metadata]).toEqual([
      ['author', 'someone'],
      ['qspec.version', '1.2.3'],
      ['qspec.model', 'abc'],
    ]);
    const again = graphFromProto(decodeModel(bytesOf(out)));
    expect(again.metadata.get('qspec.version')).toBe('1.2.3');
  });

  it('are the same for the same input', async () => {
    const graph = plainGraph();
    const bytes = async () =>
      bytesOf(await exported(graph, uniformPlan(graph, { observer: 'mse', method: 'coordinate-descent' })));
    expect(Buffer.compare(await bytes(), await bytes())).toBe(0);
  });

  it('are about a quarter of the float model’s for its weights', async () => {
    const graph = makeGraph({
      inputs: { x: [1, 64, 4, 4] },
      outputs: ['y'],
      constants: { 'a.w': random(1, [128, 64, 3, 3]), 'a.b': random(2, [128]) },
      nodes: [conv('a', 'x', 'y', 'a')],
    });
    const before = bytesOf(modelOf(graph)).length;
    const after = bytesOf(await exported(graph)).length;
    expect(after / before).toBeLessThan(0.27);
  });
});

describe('clamps that the type does not imply', () => {
  it('become a Clip on the codes', async () => {
    const graph = plainGraph();
    const plan = uniformPlan(graph, { activations: 'int8', scheme: 'symmetric' });
    const quantized = await quantize(graph, plan, samplesFor(graph, 3));
    const model = exportQdq(modelOf(graph), quantized);
    const clip = model.graph.nodes.filter((node) => node.op === 'Clip');
    expect(clip.length).toBe(1);
    expect(model.graph.initializers.get(clip[0]!.inputs[1]!)).toMatchObject({ dtype: 'int8', dims: [] });
    expect(exportFindings(quantized).map((finding) => finding.code)).toEqual(['export/int8-activations']);
  });
  it('are a finding where ONNX cannot clamp the type', async () => {
    const graph = plainGraph();
    const plan = uniformPlan(graph, { activations: 'int16', scheme: 'symmetric' });
    const quantized = await quantize(graph, plan, samplesFor(graph, 3));
    expect(() => exportQdq(modelOf(graph), quantized)).toThrow(/ONNX cannot clamp int16/);
  });
});

describe('16-bit activations', () => {
  it('are exported for operator set 21 and run', async () => {
    const graph = plainGraph();
    const quantized = await quantize(graph, uniformPlan(graph, { activations: 'uint16' }), samplesFor(graph, 3));
    const model = exportQdq(modelOf(graph), quantized);
    expect(model.graph.opsets.get('')).toBe(21);
    const inputs = await samplesFor(graph, 1, 9).sample(0);
    const session = await openInOnnxRuntime(bytesOf(model), 'all');
    const outputs = await session.run(inputs);
    await session.release();
    expect(outputs.get('y')!.data.length).toBeGreaterThan(0);
    expect(() => runInteger(quantized, inputs)).toThrow(/integer execution knows up to 8 bits/);
  });
});

describe('names that subgraphs capture', () => {
  it('still hold the value, rounded as for every other reader', async () => {
    const branch = (name: string, op: string): Graph => ({
      name,
      nodes: [makeNode(`${name}.n`, op, ['t'], [`${name}.y`])],
      inputs: [],
      outputs: [`${name}.y`],
      initializers: new Map(),
      types: new Map(),
      opsets: new Map([['', 13]]),
    });
    const condition: Tensor = { dtype: 'bool', dims: [], data: Uint8Array.of(1) };
    const graph = makeGraph({
      inputs: { x: [1, 2, 3, 3] },
      outputs: ['y', 'z'],
      constants: {
        'a.w': random(1, [2, 2, 1, 1]),
        'a.b': random(2, [2]),
        'b.w': random(3, [2, 2, 1, 1]),
        'b.b': random(4, [2]),
        c: condition,
      },
      nodes: [
        conv('a', 'x', 't', 'a'),
        conv('b', 't', 'y', 'b'),
        makeNode('if', 'If', ['c'], ['z'], {
          then_branch: { kind: 'graph', value: branch('then', 'Identity') },
          else_branch: { kind: 'graph', value: branch('else', 'Neg') },
        }),
      ],
    });
    const quantized = await quantize(graph, uniformPlan(graph), samplesFor(graph, 3));
    const inputs = await samplesFor(graph, 1, 5).sample(0);
    const session = await openInOnnxRuntime(bytesOf(exportQdq(modelOf(graph), quantized)), 'disabled');
    const outputs = await session.run(inputs);
    await session.release();
    const own = runInteger(quantized, inputs);
    const codes = [...quantized.assignment.entries].find(([key]) => key.startsWith('a\u0000output'))![1];
    expect(stepsApart(own.get('z')!, outputs.get('z')!, codes)).toBe(0);
    // On the grid: every value is a whole number of steps.
    for (const value of own.get('z')!.data as Float32Array) {
      const steps = value / codes.scale[0]!;
      expect(Math.abs(steps - Math.round(steps))).toBeLessThan(1e-3);
    }
  });
});

describe('plans that mix', () => {
  it('float, 4-bit weights and 8-bit layers export together', async () => {
    const graph = plainGraph();
    const plan = uniformPlan(graph, { float: ['second'] });
    const nodes = {
      ...plan.nodes,
      second: { weight: choice('int4', { scheme: 'symmetric', granularity: 'per-channel' }) },
    };
    const model = await exported(graph, { ...plan, nodes });
    expect([...model.graph.initializers.values()].map((t) => t.dtype)).toContain('int4');
    const session = await openInOnnxRuntime(bytesOf(model), 'all');
    const outputs = await session.run(await samplesFor(graph, 1).sample(0));
    await session.release();
    expect(outputs.get('y')!.dims).toEqual([1, 2, 4, 4]);
  });
  it('nearest-neighbour upsampling of old models becomes Resize', async () => {
    const graph = makeGraph({
      opset: 9,
      inputs: { x: [1, 2, 3, 3] },
      outputs: ['y'],
      constants: {
        'a.w': random(1, [2, 2, 1, 1]),
        'a.b': random(2, [2]),
        s: float32Tensor([4], Float32Array.of(1, 1, 2, 2)),
      },
      nodes: [conv('a', 'x', 't', 'a'), makeNode('up', 'Upsample', ['t', 's'], ['y'], { mode: string('nearest') })],
    });
    const quantized = await quantize(graph, uniformPlan(graph), samplesFor(graph, 3));
    const inputs = await samplesFor(graph, 1, 5).sample(0);
    const session = await openInOnnxRuntime(bytesOf(exportQdq(modelOf(graph), quantized)), 'all');
    const outputs = await session.run(inputs);
    await session.release();
    const codes = [...quantized.assignment.entries].find(([key]) => key.startsWith('a\u0000output'))![1];
    expect(stepsApart(runInteger(quantized, inputs).get('y')!, outputs.get('y')!, codes)).toBeLessThanOrEqual(1);
  });
});
