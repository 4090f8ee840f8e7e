import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { withInference } from '../../../engine/graph/infer.ts';
import { encodeModel } from '../../../engine/onnx/codec.ts';
import { onnx } from '../../../engine/onnx/proto.ts';
import { numbersOf } from '../../../engine/operators/shared/numbers.ts';
import { optimize } from '../../../engine/passes/index.ts';
import { type DataType, float32Tensor, int64Tensor, type Tensor } from '../../../engine/tensor.ts';
import type { Kernels } from '../../../kernels/api.ts';
import { loadKernels } from '../../../kernels/loader.ts';
import { runInOnnxRuntime } from '../../onnxruntime.ts';
import { graphProto, modelProto, node, valueInfo } from '../graph/protos.ts';

/**
 * What operators meant in older operator sets, on small vectors worked out by hand from the specification of that version
 * (https://onnx.ai/onnx/operators). Every case runs four ways: by the reference evaluation and on kernels, as it is and
 * with all inputs but the first as constants and after the passes. ONNX Runtime is asked, too, where it has the version.
 */
let kernels: Kernels;
beforeAll(async () => {
  kernels = await loadKernels({ mode: 'strict' });
});
afterAll(() => kernels.dispose());

type Inputs = Readonly<Record<string, Tensor>>;

const f32 = (dims: number[], ...values: number[]) => float32Tensor(dims, Float32Array.from(values));
const i64 = (...values: number[]) => int64Tensor([values.length], values);

function graphOf(own: onnx.NodeProto, inputs: Inputs, opset: number): Graph {
  const infos = Object.entries(inputs).map(([name, { dims, dtype }]) => [name, valueInfo(name, dims, dtype)]);
  return graphFromProto(
    modelProto({ inputs: Object.fromEntries(infos), nodes: [own], outputs: own.output.filter(Boolean), opset }),
  ).graph;
}

function withConstants(graph: Graph, inputs: Inputs): Graph {
  const initializers = new Map(Object.entries(inputs).slice(1));
  return withInference({ ...graph, initializers, inputs: graph.inputs.slice(0, 1) });
}

/** Outputs as [dtype, dims, numbers], the same however the node is run; `judged`: those that ONNX Runtime means alike. */
async function outputsOf(
  own: onnx.NodeProto,
  inputs: Inputs,
  opset: number,
  judged = own.output.length,
): Promise<readonly Plain[]> {
  const given = new Map(Object.entries(inputs));
  const plain = graphOf(own, inputs, opset);
  const fixed = Object.keys(inputs).length > 1 ? withConstants(plain, inputs) : plain;
  const results: (readonly Plain[])[] = [];
  for (const graph of [plain, optimize(fixed).graph]) {
    const feeds = new Map(graph.inputs.map((name) => [name, given.get(name)!]));
    results.push(plainOf(graph, evaluateGraph(graph, feeds)));
    const inputDims = new Map(Array.from(feeds, ([name, { dims }]) => [name, dims]));
    const program = await compile(graph, { mode: 'strict', kernels, inputDims });
    results.push(plainOf(graph, await program.run(feeds)));
    program.dispose();
  }
  for (const other of results.slice(1)) expect(other).toEqual(results[0]);
  const theirs = await judgement(own, inputs, opset, results[0]!);
  if (theirs !== undefined) {
    judgements++;
    theirs.slice(0, judged).forEach(([dtype, dims, values], i) => {
      const [ours, shape, numbers] = results[0]![i]!;
      expect([dtype, dims]).toEqual([ours, shape]);
      values.forEach((value, k) => {
        expect(Math.abs(value - numbers[k]!)).toBeLessThan(2e-5);
      });
    });
  }
  return results[0]!;
}

let judgements = 0;

/** What ONNX Runtime computes; undefined where it has no implementation of the operator in this version. */
async function judgement(
  own: onnx.NodeProto,
  inputs: Inputs,
  opset: number,
  ours: readonly Plain[],
): Promise<readonly Plain[] | undefined> {
  const infos = Object.entries(inputs).map(([name, { dims, dtype }]) => [name, valueInfo(name, dims, dtype)]);
  const outputs = own.output.filter(Boolean);
  const proto = modelProto({ inputs: Object.fromEntries(infos), nodes: [own], outputs, opset });
  proto.graph!.output = outputs.map((name, i) => valueInfo(name, ours[i]![1], ours[i]![0]));
  try {
    const results = await runInOnnxRuntime(encodeModel(proto), new Map(Object.entries(inputs)), 'disabled');
    return plainOf({ outputs }, results);
  } catch (error) {
    if (/Could not find an implementation/.test(String(error))) return undefined;
    throw error;
  }
}

type Plain = readonly [dtype: DataType, dims: readonly number[], values: readonly number[]];

function plainOf(graph: Pick<Graph, 'outputs'>, outputs: ReadonlyMap<string, Tensor>): readonly Plain[] {
  return graph.outputs.map((name): Plain => {
    const tensor = outputs.get(name)!;
    return [tensor.dtype, tensor.dims, Array.from(numbersOf(tensor), (value) => Number(value.toFixed(5)) + 0)];
  });
}

/** Values of the first output. */
async function valuesOf(own: onnx.NodeProto, inputs: Inputs, opset: number): Promise<readonly number[]> {
  return (await outputsOf(own, inputs, opset))[0]![2];
}

const square = f32([2, 2], 1, 2, 3, 4);
const pair = f32([2], 10, 20);
const image = f32([1, 2, 1, 2], 1, -2, 3, -4);

describe('arithmetic and logic below operator set 7', () => {
  it.each([
    ['Add', [11, 12, 23, 24]],
    ['Sub', [-9, -8, -17, -16]],
    ['Mul', [10, 20, 60, 80]],
    ['Div', [0.1, 0.2, 0.15, 0.2]],
  ] as const)('%s broadcasts along a named axis', async (op, expected) => {
    const own = node(op, 'x z', 'y', { broadcast: 1, axis: 0 });
    for (const opset of [1, 6]) expect(await valuesOf(own, { x: square, z: pair }, opset)).toEqual(expected);
  });

  it('broadcasts from the end without one, and in the middle with one', async () => {
    expect(await valuesOf(node('Add', 'x z', 'y', { broadcast: 1 }), { x: square, z: pair }, 6)).toEqual([
      11, 22, 13, 24,
    ]);
    const x = f32([1, 2, 2], 1, 2, 3, 4);
    expect(await valuesOf(node('Mul', 'x z', 'y', { broadcast: 1, axis: 1 }), { x, z: pair }, 6)).toEqual([
      10, 20, 60, 80,
    ]);
  });

  it('Pow, Greater, Less and Equal do as well', async () => {
    const z = f32([2], 2, 3);
    const own = (op: string) => node(op, 'x z', 'y', { broadcast: 1, axis: 0 });
    expect(await valuesOf(own('Pow'), { x: square, z }, 1)).toEqual([1, 4, 27, 64]);
    expect(await valuesOf(own('Greater'), { x: square, z }, 1)).toEqual([0, 0, 0, 1]);
    expect(await valuesOf(own('Less'), { x: square, z }, 1)).toEqual([1, 0, 0, 0]);
    const whole: Inputs = {
      x: { dtype: 'int32', dims: [2, 2], data: Int32Array.of(1, 2, 3, 4) },
      z: { dtype: 'int32', dims: [2], data: Int32Array.of(2, 3) },
    };
    expect(await valuesOf(own('Equal'), whole, 1)).toEqual([0, 1, 1, 0]);
  });

  it.each([
    ['And', [0, 1, 0, 0]],
    ['Or', [1, 1, 0, 1]],
    ['Xor', [1, 0, 0, 1]],
  ] as const)('%s too', async (op, expected) => {
    const flags = (dims: number[], ...values: number[]): Tensor => ({
      dtype: 'bool',
      dims,
      data: Uint8Array.from(values),
    });
    const inputs = { x: flags([2, 2], 0, 1, 0, 1), z: flags([2], 1, 0) };
    expect(await valuesOf(node(op, 'x z', 'y', { broadcast: 1, axis: 0 }), inputs, 1)).toEqual(expected);
  });

  it('PRelu takes a vector of slopes for the channels, and since 7 for the last axis', async () => {
    const inputs = { x: image, s: f32([2], 10, 100) };
    expect(await valuesOf(node('PRelu', 'x s', 'y'), inputs, 6)).toEqual([1, -20, 3, -400]);
    expect(await valuesOf(node('PRelu', 'x s', 'y'), inputs, 7)).toEqual([1, -200, 3, -400]);
  });

  it('Gemm adds a vector to every row', async () => {
    const own = node('Gemm', 'x w b', 'y', { broadcast: 1, transB: 1 });
    expect(await valuesOf(own, { x: square, w: square, b: pair }, 6)).toEqual([15, 31, 21, 45]);
  });
});

describe('activations', () => {
  it('Selu rounds its coefficients below 6', async () => {
    const own = node('Selu', 'x', 'y');
    const x = f32([2], 1, -1);
    expect(await valuesOf(own, { x }, 1)).toEqual([1.0507, Number((1.0507 * 1.6732 * Math.expm1(-1)).toFixed(5))]);
    expect((await valuesOf(own, { x }, 6))[1]).toBe(-1.11133);
  });

  it.each([
    ['LeakyRelu', [1, -0.02]],
    ['Elu', [1, -0.86466]],
    ['HardSigmoid', [0.7, 0.1]],
  ] as const)('%s has the same defaults in sets 1 and 6', async (op, expected) => {
    for (const opset of [1, 6])
      expect(await valuesOf(node(op, 'x', 'y'), { x: f32([2], 1, -2) }, opset)).toEqual(expected);
  });

  it('Clip has its bounds as attributes below 11, without limits where they are left out', async () => {
    expect(await valuesOf(node('Clip', 'x', 'y', { max: 1.5 }), { x: image }, 1)).toEqual([1, -2, 1.5, -4]);
    const bounds = { x: image, low: f32([], -2.5), high: f32([], 1.5) };
    expect(await valuesOf(node('Clip', 'x low high', 'y'), bounds, 11)).toEqual([1, -2, 1.5, -2.5]);
  });

  it.each([
    ['Softmax', 11, [0.03206, 0.08714, 0.23688, 0.64391]],
    ['Softmax', 13, [0.26894, 0.73106, 0.26894, 0.73106]],
    ['LogSoftmax', 11, [-3.44019, -2.44019, -1.44019, -0.44019]],
    ['LogSoftmax', 13, [-1.31326, -0.31326, -1.31326, -0.31326]],
    ['Hardmax', 11, [0, 0, 0, 1]],
    ['Hardmax', 13, [0, 1, 0, 1]],
  ] as const)('%s in set %i', async (op, opset, expected) => {
    const x = f32([1, 2, 2], 1, 2, 3, 4);
    expect(await valuesOf(node(op, 'x', 'y'), { x }, opset)).toEqual(expected);
  });
});

describe('shapes', () => {
  it('Reshape takes its shape from an attribute below 5', async () => {
    const own = (attributes: Record<string, number[]>, inputs: string) => node('Reshape', inputs, 'y', attributes);
    expect((await outputsOf(own({ shape: [0, -1] }, 'x'), { x: image }, 4))[0]![1]).toEqual([1, 4]);
    expect((await outputsOf(own({}, 'x s'), { x: image, s: i64(4, 1) }, 5))[0]![1]).toEqual([4, 1]);
  });

  it('Squeeze and Unsqueeze take axes from an attribute below 13', async () => {
    const x = f32([1, 2, 1], 5, 6);
    const dims = async (op: string, opset: number) => {
      const own = opset < 13 ? node(op, 'x', 'y', { axes: [0] }) : node(op, 'x a', 'y');
      return (await outputsOf(own, opset < 13 ? { x } : { x, a: i64(0) }, opset))[0]![1];
    };
    for (const opset of [1, 11, 13]) {
      expect(await dims('Squeeze', opset)).toEqual([2, 1]);
      expect(await dims('Unsqueeze', opset)).toEqual([1, 1, 2, 1]);
    }
  });

  it('Slice takes its cuts from attributes below 10; since then they may step', async () => {
    const x = f32([4], 1, 2, 3, 4);
    expect(await valuesOf(node('Slice', 'x', 'y', { starts: [1], ends: [-1] }), { x }, 1)).toEqual([2, 3]);
    const cuts = { x, s: i64(-1), e: i64(-5), a: i64(0), t: i64(-2) };
    expect(await valuesOf(node('Slice', 'x s e a t', 'y'), cuts, 10)).toEqual([4, 2]);
  });

  it('Concat joins along axis 1 where none is given below 4', async () => {
    expect(await valuesOf(node('Concat', 'x z', 'y'), { x: square, z: square }, 1)).toEqual([1, 2, 1, 2, 3, 4, 3, 4]);
  });

  it('Split takes sizes from an attribute below 13, from an input since, and from either in set 1', async () => {
    const x = f32([3], 1, 2, 3);
    const parts = async (own: onnx.NodeProto, inputs: Inputs, opset: number) =>
      (await outputsOf(own, inputs, opset)).map(([, , values]) => values);
    expect(await parts(node('Split', 'x', 'a b', { split: [1, 2], axis: 0 }), { x }, 2)).toEqual([[1], [2, 3]]);
    expect(await parts(node('Split', 'x s', 'a b', { axis: 0 }), { x, s: f32([2], 2, 1) }, 1)).toEqual([[1, 2], [3]]);
    expect(await parts(node('Split', 'x s', 'a b'), { x, s: i64(0, 3) }, 13)).toEqual([[], [1, 2, 3]]);
    expect(await parts(node('Split', 'x', 'a b', { num_outputs: 2 }), { x }, 18)).toEqual([[1, 2], [3]]);
  });

  it('Tile repeats one axis below 6 and all since', async () => {
    const old = { x: square, n: f32([], 2), a: f32([], 1) };
    expect(await outputsOf(node('Tile', 'x n a', 'y'), old, 1)).toEqual([
      ['float32', [2, 4], [1, 2, 1, 2, 3, 4, 3, 4]],
    ]);
    expect(await valuesOf(node('Tile', 'x r', 'y'), { x: square, r: i64(1, 2) }, 6)).toEqual([1, 2, 1, 2, 3, 4, 3, 4]);
  });

  it('Pad calls its amounts “paddings” in set 1, “pads” below 11, and takes them as input since', async () => {
    const x = f32([2], 1, 2);
    expect(await valuesOf(node('Pad', 'x', 'y', { paddings: [1, 0], value: 0.5 }), { x }, 1)).toEqual([0.5, 1, 2]);
    expect(await valuesOf(node('Pad', 'x', 'y', { pads: [0, 1], mode: 'edge' }), { x }, 2)).toEqual([1, 2, 2]);
    expect(await valuesOf(node('Pad', 'x p v', 'y'), { x, p: i64(1, -1), v: f32([], 7) }, 11)).toEqual([7, 1]);
  });

  it('Cast names its type in words below 6', async () => {
    const x = f32([2], 1.7, -1.7);
    expect(await outputsOf(node('Cast', 'x', 'y', { to: 'INT32' }), { x }, 1)).toEqual([['int32', [2], [1, -1]]]);
    expect(await outputsOf(node('Cast', 'x', 'y', { to: 6 }), { x }, 6)).toEqual([['int32', [2], [1, -1]]]);
  });

  it('Scatter is ScatterElements from set 11 on', async () => {
    const inputs = { x: f32([3], 1, 2, 3), i: i64(2), u: f32([1], 9) };
    expect(await valuesOf(node('Scatter', 'x i u', 'y'), inputs, 9)).toEqual([1, 2, 9]);
    expect(await valuesOf(node('ScatterElements', 'x i u', 'y'), inputs, 11)).toEqual([1, 2, 9]);
  });
});

describe('reductions', () => {
  it.each(['ReduceSum', 'ReduceMax', 'ReduceMean', 'ReduceProd', 'ReduceL1'])(
    '%s takes axes from an attribute before it takes them from an input',
    async (op) => {
      const since = op === 'ReduceSum' ? 13 : 18;
      const rows = {
        ReduceSum: [3, 7],
        ReduceMax: [2, 4],
        ReduceMean: [1.5, 3.5],
        ReduceProd: [2, 12],
        ReduceL1: [3, 7],
      }[op];
      const old = node(op, 'x', 'y', { axes: [1], keepdims: 0 });
      for (const opset of [1, 11, since - 1]) expect(await valuesOf(old, { x: square }, opset)).toEqual(rows);
      const own = node(op, 'x a', 'y', { keepdims: 0 });
      expect(await valuesOf(own, { x: square, a: i64(1) }, since)).toEqual(rows);
      const nothing = node(op, 'x', 'y', { noop_with_empty_axes: 1 });
      expect(await valuesOf(nothing, { x: square }, since)).toEqual([1, 2, 3, 4]);
    },
  );

  it('TopK takes k from an attribute below 10 and may take the smallest from 11 on', async () => {
    const x = f32([4], 3, 1, 4, 1);
    const inputs = { x, k: i64(2) };
    const results = async (own: onnx.NodeProto, given: Inputs, opset: number) =>
      (await outputsOf(own, given, opset)).map(([, , values]) => values);
    expect(await results(node('TopK', 'x', 'v i', { k: 2 }), { x }, 1)).toEqual([
      [4, 3],
      [2, 0],
    ]);
    expect(await results(node('TopK', 'x k', 'v i'), inputs, 10)).toEqual([
      [4, 3],
      [2, 0],
    ]);
    expect(await results(node('TopK', 'x k', 'v i', { largest: 0 }), inputs, 11)).toEqual([
      [1, 1],
      [1, 3],
    ]);
  });

  it('ArgMax takes the first of equals, or since 12 the last if asked', async () => {
    const x = f32([3], 5, 1, 5);
    expect(await valuesOf(node('ArgMax', 'x', 'y'), { x }, 1)).toEqual([0]);
    expect(await valuesOf(node('ArgMax', 'x', 'y', { select_last_index: 1 }), { x }, 12)).toEqual([2]);
  });
});

describe('normalisation and pooling', () => {
  const statistics = { s: f32([1], 2), b: f32([1], 1), m: f32([1], 3), v: f32([1], 4) };
  const x = f32([2, 1], 3, 7);

  it('BatchNormalization tests below 7 where `is_test` says so or nothing else is asked for', async () => {
    for (const attributes of [{ is_test: 1, epsilon: 1e-12 }, { epsilon: 1e-12 }])
      expect(await valuesOf(node('BatchNormalization', 'x s b m v', 'y', attributes), { x, ...statistics }, 6)).toEqual(
        [1, 5],
      );
  });

  it.each([6, 7, 9])('BatchNormalization trains in set %i where statistics are asked for', async (opset) => {
    const own = node('BatchNormalization', 'x s b m v', 'y mean var smean svar', { epsilon: 1e-12, momentum: 0.5 });
    // What is saved of the variance for a backward pass is left open; ONNX Runtime saves 1 / √variance.
    const outputs = await outputsOf(own, { x, ...statistics }, opset, 4);
    // The batch has the mean 5 and the variance 4.
    expect(outputs.map(([, , values]) => values)).toEqual([[-1, 3], [4], [4], [5], [4]]);
  });

  it('BatchNormalization has statistics for every element where `spatial` is 0, below 9', async () => {
    const each = (...values: number[]) => f32([1, 1, 2], ...values);
    const inputs = { x: f32([1, 1, 1, 2], 3, 8), s: each(1, 2), b: each(0, 1), m: each(1, 2), v: each(4, 9) };
    const own = node('BatchNormalization', 'x s b m v', 'y', { spatial: 0, epsilon: 1e-12 });
    expect(await valuesOf(own, inputs, 7)).toEqual([1, 5]);
  });

  it('GroupNormalization scales groups in 18 and channels from 21 on', async () => {
    const own = node('GroupNormalization', 'x s b', 'y', { num_groups: 1, epsilon: 1e-12 });
    const two = f32([1, 2, 1], 1, 3);
    expect(await valuesOf(own, { x: two, s: f32([1], 2), b: f32([1], 1) }, 18)).toEqual([-1, 3]);
    expect(await valuesOf(own, { x: two, s: f32([2], 2, 4), b: f32([2], 1, 0) }, 21)).toEqual([-1, 4]);
  });

  it('LpPool and GlobalLpPool had a float p in set 1', async () => {
    const p = new onnx.AttributeProto({ name: 'p', type: onnx.AttributeProto.AttributeType.FLOAT, f: 2 });
    const plane = f32([1, 1, 2], 3, 4);
    expect(await valuesOf(node('GlobalLpPool', 'x', 'y', { p }), { x: plane }, 1)).toEqual([5]);
    expect(await valuesOf(node('LpPool', 'x', 'y', { p, kernel_shape: [2] }), { x: plane }, 1)).toEqual([5]);
    expect(await valuesOf(node('LpPool', 'x', 'y', { p: 2, kernel_shape: [2] }), { x: plane }, 2)).toEqual([5]);
  });
});

describe('images', () => {
  const row = f32([1, 1, 1, 2], 1, 3);

  it('Upsample has two scales in set 1, a list in 7, an input in 9', async () => {
    const scales = new onnx.AttributeProto({
      name: 'scales',
      type: onnx.AttributeProto.AttributeType.FLOATS,
      floats: [1, 1, 1, 2],
    });
    const float = (name: string, f: number) =>
      new onnx.AttributeProto({ name, type: onnx.AttributeProto.AttributeType.FLOAT, f });
    const old = { height_scale: float('height_scale', 1), width_scale: float('width_scale', 2) };
    expect(await valuesOf(node('Upsample', 'x', 'y', old), { x: row }, 1)).toEqual([1, 1, 3, 3]);
    expect(await valuesOf(node('Upsample', 'x', 'y', { scales }), { x: row }, 7)).toEqual([1, 1, 3, 3]);
    expect(
      await valuesOf(node('Upsample', 'x s', 'y', { mode: 'linear' }), { x: row, s: f32([4], 1, 1, 1, 2) }, 9),
    ).toEqual([1, 2, 3, 3]);
  });

  it('Resize maps x / scale in 10 and the middles of pixels from 11 on', async () => {
    const s = f32([4], 1, 1, 1, 2);
    expect(await valuesOf(node('Resize', 'x s', 'y', { mode: 'linear' }), { x: row, s }, 10)).toEqual([1, 2, 3, 3]);
    const own = node('Resize', 'x _ s', 'y', { mode: 'linear' });
    expect(await valuesOf(own, { x: row, s }, 13)).toEqual([1, 1.5, 2.5, 3]);
  });

  it('RoiAlign samples half a pixel further up and left from 16 on', async () => {
    const plane = f32([1, 1, 2, 2], 0, 1, 2, 3);
    const inputs = { x: plane, r: f32([1, 4], 0, 0, 1, 1), b: i64(0) };
    const own = node('RoiAlign', 'x r b', 'y', { sampling_ratio: 1 });
    expect(await valuesOf(own, inputs, 10)).toEqual([1.5]);
    expect(await valuesOf(own, inputs, 16)).toEqual([0]);
  });

  it('GridSample calls its methods “bilinear” in 16 and “linear” from 20 on', async () => {
    const inputs = { x: f32([1, 1, 1, 2], 1, 3), g: f32([1, 1, 1, 2], 0, 0) };
    expect(await valuesOf(node('GridSample', 'x g', 'y', { mode: 'bilinear' }), inputs, 16)).toEqual([2]);
    expect(await valuesOf(node('GridSample', 'x g', 'y', { mode: 'linear' }), inputs, 20)).toEqual([2]);
  });
});

describe('signals and loops', () => {
  it('DFT takes its axis from an attribute below 20 and from an input since', async () => {
    const x = f32([1, 2, 1], 1, 3);
    expect(await valuesOf(node('DFT', 'x', 'y', { axis: 1 }), { x }, 17)).toEqual([4, 0, -2, 0]);
    const inputs = { x, a: int64Tensor([], [1]) };
    expect(await valuesOf(node('DFT', 'x _ a', 'y'), inputs, 20)).toEqual([4, 0, -2, 0]);
  });

  it('Scan has a batch axis in front and lengths in set 8, neither from 9 on', async () => {
    const body = graphProto({
      inputs: { s: [1], e: [1] },
      nodes: [node('Add', 's e', 'next'), node('Identity', 'next', 'out')],
      outputs: ['next', 'out'],
    });
    const x = f32([2, 3, 1], 1, 2, 3, 10, 20, 30);
    const s = f32([2, 1], 0, 100);
    const own = (inputs: string) => node('Scan', inputs, 'last all', { body, num_scan_inputs: 1 });
    const results = async (inputs: string, given: Inputs, opset: number) =>
      (await outputsOf(own(inputs), given, opset)).map(([, , values]) => values);
    expect(await results('_ s x', { s, x }, 8)).toEqual([
      [6, 160],
      [1, 3, 6, 110, 130, 160],
    ]);
    expect(await results('l s x', { s, x, l: i64(2, 3) }, 8)).toEqual([
      [3, 160],
      [1, 3, 0, 110, 130, 160],
    ]);
    const single = { s: f32([1], 0), x: f32([3, 1], 1, 2, 3) };
    expect(await results('s x', single, 9)).toEqual([[6], [1, 3, 6]]);
  });
});

it('ONNX Runtime was the judge of most of it', () => {
  expect(judgements).toBeGreaterThan(70);
});
