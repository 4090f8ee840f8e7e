import { describe, expect, test } from 'vitest';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { type LayerSummary, type ModelSummary, summarize } from '../../../engine/graph/summary.ts';
import { modelCosts } from '../../../engine/hardware/costs.ts';
import { integerView } from '../../../engine/hardware/integer-view.ts';
import { storedFormats } from '../../../engine/hardware/model-formats.ts';
import { profileModel, rateOf } from '../../../engine/hardware/profile.ts';
import { targets } from '../../../engine/hardware/registry.ts';
import { bytesOf } from '../../../engine/hardware/storage.ts';
import { float32Tensor, type Tensor } from '../../../engine/tensor.ts';
import { makeGraph, modelOf } from '../quantize/small.ts';

type Value = {
  name: string;
  shape: (number | string)[];
  dtype?: 'float32' | 'int8' | 'uint8' | 'int64';
  constant?: true;
};

function layer(
  name: string,
  op: string,
  inputs: Value[],
  output: Value,
  more: Partial<LayerSummary> = {},
): LayerSummary {
  const value = ({ name, shape, dtype = 'float32' }: Value) => ({ name, shape, dtype });
  return {
    name,
    op,
    domain: '',
    inputs: inputs.map((input) => ({ ...value(input), kind: input.constant ? 'constant' : 'activation' })),
    outputs: [value(output)],
    attributes: {},
    parameters: 0,
    weightBytes: 0,
    biasBytes: 0,
    macs: 0,
    operations: 0,
    inputBytes: 0,
    outputBytes: 0,
    consumers: [],
    producers: [],
    quantization: null,
    weightInput: null,
    biasInput: null,
    position: { index: 0, first: false, last: false },
    supported: true,
    ...more,
  };
}

/** Links layers as `summarize` does. */
function model(inputs: Value[], layers: LayerSummary[], outputs: Value[]): ModelSummary {
  const producer = new Map(layers.flatMap((each) => each.outputs.map((output) => [output.name, each.name] as const)));
  const linked = layers.map((each) => ({
    ...each,
    producers: each.inputs.flatMap((input) => producer.get(input.name) ?? []),
    consumers: layers
      .filter((other) => other.inputs.some((i) => each.outputs.some((o) => o.name === i.name)))
      .map(({ name }) => name),
  }));
  const value = ({ name, shape, dtype = 'float32' as const }: Value) => ({ name, shape, dtype });
  return {
    version: 1,
    name: 'test',
    irVersion: 8,
    producer: '',
    opsets: { '': 17 },
    metadata: {},
    inputs: inputs.map(value),
    outputs: outputs.map(value),
    layers: linked,
    totals: {
      layers: layers.length,
      computeLayers: 0,
      parameters: 0,
      constantBytes: 0,
      macs: 0,
      operations: 0,
      peakActivationBytes: 0,
    },
    findings: [],
  };
}

const image = (name: string, channels: number): Value => ({ name, shape: ['N', channels, 8, 8] });
const conv = (name: string, input: Value, output: Value, weight: Value, more: Partial<LayerSummary> = {}) =>
  layer(name, 'Conv', [input, { ...weight, constant: true }], output, {
    quantization: 'compute',
    weightInput: 1,
    kernel: [3, 3],
    groups: 1,
    ...more,
  });

describe('peak memory', () => {
  const x = image('x', 1);
  const weight: Value = { name: 'w', shape: [4, 1, 3, 3] };

  test('counts what is alive at once, not what is ever made', () => {
    const summary = model(
      [x],
      [
        conv('a', x, image('a_out', 4), weight, { macs: 2304 }),
        conv('b', image('a_out', 4), image('b_out', 4), { name: 'w2', shape: [4, 4, 3, 3] }, { macs: 9216 }),
        conv('c', image('b_out', 4), image('c_out', 1), { name: 'w3', shape: [1, 4, 3, 3] }, { macs: 2304 }),
      ],
      [image('c_out', 1)],
    );
    const costs = modelCosts(summary, storedFormats);
    // 64 pixels of float32: x 256 bytes, a_out and b_out 1024 each.
    expect(costs.layers.map(({ liveBytes }) => liveBytes)).toEqual([256 + 1024, 1024 + 1024, 1024 + 256]);
    expect(costs).toMatchObject({ peakActivationBytes: 2048, peakLayer: 'b' });
  });

  test('keeps a value that a later layer still reads', () => {
    const summary = model(
      [x],
      [
        conv('a', x, image('a_out', 4), weight),
        conv('b', image('a_out', 4), image('b_out', 4), { name: 'w2', shape: [4, 4, 3, 3] }),
        layer('add', 'Add', [image('a_out', 4), image('b_out', 4)], image('sum', 4), { quantization: 'elementwise' }),
      ],
      [image('sum', 4)],
    );
    expect(modelCosts(summary, storedFormats).layers.map(({ liveBytes }) => liveBytes)).toEqual([1280, 2048, 3072]);
  });

  test('a view and a folded activation take no memory and no time', () => {
    const summary = model(
      [x],
      [
        conv('a', x, image('a_out', 4), weight, { macs: 2304 }),
        layer('relu', 'Relu', [image('a_out', 4)], image('r', 4), { quantization: 'activation', operations: 256 }),
        layer('flat', 'Flatten', [image('r', 4)], { name: 'f', shape: ['N', 256] }, { quantization: 'same-scale' }),
      ],
      [{ name: 'f', shape: ['N', 256] }],
    );
    const costs = modelCosts(summary, storedFormats);
    expect(costs.layers.map(({ folded }) => folded)).toEqual([false, true, true]);
    expect(costs.layers.map(({ liveBytes }) => liveBytes)).toEqual([1280, 1024, 1024]);
    const profile = profileModel(summary, storedFormats, targets[0]!);
    expect(profile.layers.map(({ boundBy }) => boundBy)).toEqual(['arithmetic', 'folded', 'folded']);
    expect(profile.latency).toBe(profile.layers[0]!.time);
  });

  test('an activation that others read too is a layer of its own', () => {
    const summary = model(
      [x],
      [
        conv('a', x, image('a_out', 4), weight),
        layer('relu', 'Relu', [image('a_out', 4)], image('r', 4), { quantization: 'activation' }),
        layer('add', 'Add', [image('a_out', 4), image('r', 4)], image('sum', 4)),
      ],
      [image('sum', 4)],
    );
    expect(modelCosts(summary, storedFormats).layers.map(({ folded }) => folded)).toEqual([false, false, false]);
  });
});

test('a constant that two layers share is counted once', () => {
  const x = image('x', 4);
  const weight: Value = { name: 'w', shape: [4, 4, 3, 3] };
  const summary = model(
    [x],
    [conv('a', x, image('a_out', 4), weight), conv('b', image('a_out', 4), image('b_out', 4), weight)],
    [image('b_out', 4)],
  );
  expect(modelCosts(summary, storedFormats).constantBytes).toBe(4 * 4 * 9 * 4);
});

test('elements of less than a byte are packed', () => {
  expect([bytesOf('int4', 9), bytesOf('int2', 9), bytesOf('int8', 9), bytesOf('float32', 9)]).toEqual([5, 3, 9, 36]);
  expect(bytesOf('a format that nobody knows', 2)).toBe(8);
});

describe('a model with QuantizeLinear and DequantizeLinear', () => {
  const codes = (dtype: 'int8' | 'uint8' | 'int16' | 'int4', dims: number[]): Tensor => {
    const data = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, int4: Int8Array }[dtype];
    return { dtype, dims, data: new data(dims.reduce((n, dim) => n * dim, 1)) };
  };
  const scales = (...dims: number[]) =>
    float32Tensor(dims, new Float32Array(dims.reduce((n, d) => n * d, 1)).fill(0.5));
  const pair = (name: string, from: string, to: string, zero = 'zero') => [
    makeNode(`${name}q`, 'QuantizeLinear', [from, 'scale', zero], [`${to}_codes`]),
    makeNode(`${name}d`, 'DequantizeLinear', [`${to}_codes`, 'scale', zero], [to]),
  ];
  const { int, ints } = attribute;

  test('is seen as the integer model that it stands for', () => {
    const graph = makeGraph({
      inputs: { x: [1, 1, 8, 8] },
      outputs: ['y'],
      constants: { scale: scales(), zero: codes('uint8', []), wq: codes('int8', [4, 1, 3, 3]), ws: scales(4) },
      nodes: [
        ...pair('x', 'x', 'xd'),
        makeNode('w', 'DequantizeLinear', ['wq', 'ws'], ['wd'], { axis: int(0) }),
        makeNode('conv', 'Conv', ['xd', 'wd'], ['c'], { pads: ints([1, 1, 1, 1]) }),
        ...pair('y', 'c', 'y'),
      ],
    });
    const view = integerView(modelOf(graph));
    expect(view.summary.layers.map(({ name }) => name)).toEqual(['conv']);
    const costs = modelCosts(view.summary, view.formats);
    expect(costs.layers[0]).toMatchObject({
      weightFormat: 'int8',
      inputFormat: 'uint8',
      outputFormat: 'uint8',
      weightBytes: 36 + 16,
      inputBytes: 64,
      outputBytes: 256,
      dotLength: 9,
    });
    expect(costs.peakActivationBytes).toBe(64 + 256);
  });

  test('states how values and weights are held that no 8-bit kernel takes: 16 bits, blocks of 4, what is rounded', () => {
    const graph = makeGraph({
      opset: 21,
      inputs: { x: [1, 32] },
      outputs: ['y'],
      constants: { scale: scales(), zero: codes('int16', []), wq: codes('int4', [32, 8]), ws: scales(2, 8) },
      nodes: [
        ...pair('x', 'x', 'xd'),
        makeNode('w', 'DequantizeLinear', ['wq', 'ws'], ['wd'], { axis: int(0), block_size: int(16) }),
        makeNode('product', 'MatMul', ['xd', 'wd'], ['p']),
        makeNode('soft', 'Softmax', ['p'], ['s']),
        ...pair('s', 's', 'sd'),
        makeNode('last', 'Neg', ['sd'], ['y']),
      ],
    });
    const view = integerView(modelOf(graph));
    expect(view.summary.layers.map(({ name }) => name)).toEqual(['product', 'soft', 'last']);
    const [product, soft] = modelCosts(view.summary, view.formats).layers;
    expect(product).toMatchObject({
      weightFormat: 'int4',
      inputFormat: 'int16',
      weightBytes: 128 + 64,
      inputBytes: 64,
    });
    expect(soft).toMatchObject({ outputFormat: 'int16' });
  });

  test('without such nodes is what it was', () => {
    const model = modelOf(
      makeGraph({ inputs: { x: [1] }, outputs: ['y'], nodes: [makeNode('n', 'Neg', ['x'], ['y'])] }),
    );
    expect(integerView(model)).toEqual({ summary: summarize(model), formats: storedFormats });
  });
});

describe('throughput', () => {
  const rates = { 'int8×int8': 4, 'int8×int16': 2, 'float32×float32': 1 };
  test.each([
    ['int8', 'uint8', 4],
    ['int4', 'uint8', 4],
    ['int8', 'int16', 2],
    ['int8', 'float32', 1],
    ['float32', 'uint8', 1],
    ['int16', 'int16', 1],
  ])('%s weights on %s activations run at the rate of the nearest kernel: %i', (weight, input, rate) => {
    expect(rateOf(rates, weight, input)).toBe(rate);
  });
});
