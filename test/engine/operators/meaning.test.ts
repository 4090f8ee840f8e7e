import { describe, expect, it } from 'vitest';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import { encodeModel } from '../../../engine/onnx/codec.ts';
import type { onnx } from '../../../engine/onnx/proto.ts';
import { numbersOf } from '../../../engine/operators/shared/numbers.ts';
import { float32Tensor, type Tensor } from '../../../engine/tensor.ts';
import { notInSuite } from '../../conformance/exclusions.ts';
import { relativeError, runInOnnxRuntime } from '../../onnxruntime.ts';
import { modelProto, node, valueInfo } from '../graph/protos.ts';

const f32 = (dims: number[], ...values: number[]) => float32Tensor(dims, Float32Array.from(values));
const u8 = (dims: number[], ...values: number[]): Tensor => ({ dtype: 'uint8', dims, data: Uint8Array.from(values) });

/** Outputs of one node for the given inputs `a`, `b`, …; further ones are constants. */
function run(own: onnx.NodeProto, inputs: Readonly<Record<string, Tensor>>, opset = 17): Tensor[] {
  const proto = model(own, inputs, opset);
  const outputs = evaluateGraph(graphFromProto(proto).graph, new Map(Object.entries(inputs)), { seed: 5 });
  return [...outputs.values()];
}

function model(own: onnx.NodeProto, inputs: Readonly<Record<string, Tensor>>, opset: number): onnx.ModelProto {
  const infos = Object.entries(inputs).map(([name, { dims, dtype }]) => [name, valueInfo(name, dims, dtype)]);
  return modelProto({ inputs: Object.fromEntries(infos), nodes: [own], outputs: own.output, opset });
}

const values = (tensor: Tensor | undefined) => Array.from(numbersOf(tensor!));

describe('older operator sets', () => {
  const x = f32([1, 2, 2], 0, 0, 0, Math.log(3));

  it('Softmax below 13 takes everything from its axis on as one row', () => {
    const rows = values(run(node('Softmax', 'x', 'y'), { x }, 11)[0]);
    expect(rows.map((value) => value.toFixed(4))).toEqual(['0.1667', '0.1667', '0.1667', '0.5000']);
    const last = values(run(node('Softmax', 'x', 'y'), { x }, 13)[0]);
    expect(last.map((value) => value.toFixed(4))).toEqual(['0.5000', '0.5000', '0.2500', '0.7500']);
  });

  it('Clip below 11 has its bounds as attributes, since then as inputs that may be left out', () => {
    const own = { x: f32([3], -2, 0.25, 9) };
    expect(values(run(node('Clip', 'x', 'y', { min: 0.5, max: 6.5 }), own, 6)[0])).toEqual([0.5, 0.5, 6.5]);
    expect(values(run(node('Clip', 'x _ high', 'y'), { ...own, high: f32([], 6) }, 12)[0])).toEqual([-2, 0.25, 6]);
  });

  it('Dropout is the identity, with a mask of the data’s type below 10 and of bool since', () => {
    const own = { x: f32([2], 3, 4) };
    expect(
      run(node('Dropout', 'x', 'y m', { ratio: 0.9 }), own, 7).map(({ dtype, data }) => [dtype, [...data]]),
    ).toEqual([
      ['float32', [3, 4]],
      ['float32', [1, 1]],
    ]);
    expect(run(node('Dropout', 'x', 'y m'), own, 12)[1]).toMatchObject({ dtype: 'bool' });
  });

  it('BatchNormalization normalises with the given statistics in 7, 9 and 14, and with the batch’s when training', () => {
    const statistics = { s: f32([1], 2), b: f32([1], 1), m: f32([1], 3), v: f32([1], 4) };
    const own = { x: f32([2, 1], 3, 7), ...statistics };
    for (const opset of [7, 9, 14])
      expect(values(run(node('BatchNormalization', 'x s b m v', 'y', { epsilon: 1e-12 }), own, opset)[0])).toEqual([
        1, 5,
      ]);
    const [y, mean, variance] = run(
      node('BatchNormalization', 'x s b m v', 'y mean var', { training_mode: 1, epsilon: 1e-12 }),
      own,
      15,
    );
    expect(values(y)).toEqual([-1, 3]);
    expect([values(mean)[0], values(variance)[0]].map((value) => value!.toFixed(3))).toEqual(['3.200', '4.000']);
  });

  it('Add below 7 broadcasts along a named axis', () => {
    const own = { x: f32([2, 2], 1, 2, 3, 4), z: f32([2], 10, 20) };
    expect(values(run(node('Add', 'x z', 'y', { broadcast: 1, axis: 0 }), own, 6)[0])).toEqual([11, 12, 23, 24]);
  });

  it('Upsample and Resize 10 take the nearest element below', () => {
    const own = { x: f32([1, 1, 1, 3], 1, 2, 3), s: f32([4], 1, 1, 1, 5 / 3) };
    for (const [op, opset] of [
      ['Upsample', 9],
      ['Resize', 10],
    ] as const)
      expect(values(run(node(op, 'x s', 'y'), own, opset)[0])).toEqual([1, 1, 2, 2, 3]);
  });
});

describe('operators without a case in the ONNX suite', () => {
  const tested = [
    'DepthToSpace',
    'GlobalLpPool',
    'MaxRoiPool',
    'QLinearConv',
    'Multinomial',
    'RandomNormal',
    'RandomNormalLike',
    'RandomUniform',
  ];

  it('are all tested here', () => {
    expect(tested.sort()).toEqual([...notInSuite].sort());
  });

  it('DepthToSpace orders channels by depth or by column', () => {
    const x = f32([1, 8, 1, 1], 0, 1, 2, 3, 4, 5, 6, 7);
    expect(values(run(node('DepthToSpace', 'x', 'y', { blocksize: 2 }), { x })[0])).toEqual([0, 2, 4, 6, 1, 3, 5, 7]);
    expect(values(run(node('DepthToSpace', 'x', 'y', { blocksize: 2, mode: 'CRD' }), { x })[0])).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7,
    ]);
  });

  it('GlobalLpPool takes the p-norm', () => {
    expect(values(run(node('GlobalLpPool', 'x', 'y', { p: 2 }), { x: f32([1, 1, 2], 3, -4) })[0])).toEqual([5]);
  });

  it('MaxRoiPool equals ONNX Runtime’s, also for regions that leave the image or are turned round', async () => {
    const x = f32([2, 2, 6, 7], ...Array.from({ length: 168 }, (_, i) => ((i * 37) % 101) - 50));
    const rois = f32([5, 5], 0, 0, 0, 12, 10, 1, 3, 2, 9, 8, 1, -6, -6, 3, 3, 0, 10, 8, 30, 30, 1, 8, 8, 2, 2);
    const own = node('MaxRoiPool', 'x r', 'y', { pooled_shape: [2, 3], spatial_scale: 0.51 });
    const inputs = { x, r: rois };
    const proto = model(own, inputs, 17);
    proto.graph!.output = [valueInfo('y', [5, 2, 2, 3])];
    const expected = await runInOnnxRuntime(encodeModel(proto), new Map(Object.entries(inputs)));
    const [y] = run(own, inputs);
    expect(relativeError(y!, expected.get('y')!)).toBe(0);
    expect(new Set(values(y)).size).toBeGreaterThan(15);
  });

  it('QLinearConv equals ONNX Runtime’s, per channel, with padding and zero points', async () => {
    const random = (count: number, seed: number) =>
      Uint8Array.from({ length: count }, (_, i) => (Math.imul(i + 1, 2654435761 + seed) >>> 13) & 255);
    const inputs = {
      x: u8([1, 2, 5, 5], ...random(50, 1)),
      xs: f32([], 0.02),
      xz: u8([], 131),
      w: { dtype: 'int8', dims: [3, 2, 3, 3], data: Int8Array.from(random(54, 7)) } as Tensor,
      ws: f32([3], 0.004, 0.011, 0.02),
      wz: { dtype: 'int8', dims: [3], data: new Int8Array(3) } as Tensor,
      ys: f32([], 0.09),
      yz: u8([], 120),
      b: { dtype: 'int32', dims: [3], data: Int32Array.of(500, -900, 0) } as Tensor,
    };
    const own = node('QLinearConv', 'x xs xz w ws wz ys yz b', 'y', { pads: [1, 1, 1, 1], strides: [2, 1] });
    const proto = model(own, inputs, 13);
    proto.graph!.output = [valueInfo('y', [1, 3, 3, 5], 'uint8')];
    const expected = await runInOnnxRuntime(encodeModel(proto), new Map(Object.entries(inputs)));
    const [y] = run(own, inputs, 13);
    expect(relativeError(y!, expected.get('y')!)).toBe(0);
    expect(new Set(values(y)).size).toBeGreaterThan(20);
  });

  it.each([
    ['RandomUniform', node('RandomUniform', '', 'y', { shape: [4000], low: -0.5, high: 2.5 }), {}, 1, 0.75],
    ['RandomNormal', node('RandomNormal', '', 'y', { shape: [4000], mean: 3.5, scale: 2.5 }), {}, 3.5, 6.25],
    [
      'RandomNormalLike',
      node('RandomNormalLike', 'x', 'y'),
      { x: f32([4000], ...new Array<number>(4000).fill(0)) },
      0,
      1,
    ],
  ])(
    '%s has the mean and variance asked for, and the same numbers for the same seed',
    (_op, own, inputs, mean, variance) => {
      const [y] = run(own, inputs);
      const list = values(y);
      const average = list.reduce((a, b) => a + b, 0) / list.length;
      expect(Math.abs(average - mean)).toBeLessThan(4 * Math.sqrt(variance / list.length));
      const spread = list.reduce((a, b) => a + (b - average) ** 2, 0) / list.length;
      expect(spread / variance).toBeGreaterThan(0.9);
      expect(spread / variance).toBeLessThan(1.1);
      expect(values(run(own, inputs)[0])).toEqual(list);
    },
  );

  it('Multinomial draws classes as often as their probabilities say', () => {
    const own = node('Multinomial', 'x', 'y', { sample_size: 4000 });
    const list = values(run(own, { x: f32([1, 3], Math.log(0.2), Math.log(0.5), Math.log(0.3)) })[0]);
    const share = [0, 1, 2].map((c) => list.filter((value) => value === c).length / list.length);
    [0.2, 0.5, 0.3].forEach((probability, c) => {
      expect(Math.abs(share[c]! - probability)).toBeLessThan(0.03);
    });
  });
});
