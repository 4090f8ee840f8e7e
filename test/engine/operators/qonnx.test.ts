import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { FindingError } from '../../../engine/findings.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import { numbersOf } from '../../../engine/operators/shared/numbers.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import type { Kernels } from '../../../kernels/api.ts';
import { loadKernels } from '../../../kernels/loader.ts';
import { modelProto, node, valueInfo } from '../graph/protos.ts';
import { compared, filler, floats, integers, type NodeCase, oneNode, ownResults } from './against-runtime.ts';

/** Vectors from the documents of QONNX (docs/qonnx-custom-ops, tests/custom_op) or worked out by hand from them. */

const general = 'qonnx.custom_op.general';
const q = (op: string, inputs: string, attributes: Parameters<typeof node>[3] = {}, domain = general) =>
  node(op, inputs, 'y', attributes, 'n', domain);
const one = (value: number) => floats([], value);

/** The numbers of QONNX's table of rounding modes. */
const numbers = [5.5, 2.5, 1.6, 1.1, 1.0, -1.0, -1.1, -1.6, -2.5, -5.5];
const rounded = {
  ROUND: [6, 2, 2, 1, 1, -1, -1, -2, -2, -6],
  HALF_EVEN: [6, 2, 2, 1, 1, -1, -1, -2, -2, -6],
  CEIL: [6, 3, 2, 2, 1, -1, -1, -1, -2, -5],
  FLOOR: [5, 2, 1, 1, 1, -1, -2, -2, -3, -6],
  UP: [6, 3, 2, 2, 1, -1, -2, -2, -3, -6],
  DOWN: [5, 2, 1, 1, 1, -1, -1, -1, -2, -5],
  HALF_UP: [6, 3, 2, 1, 1, -1, -1, -2, -3, -6],
  HALF_DOWN: [5, 2, 2, 1, 1, -1, -1, -2, -2, -5],
};

const x10 = floats([10], ...numbers);
const signed = { signed: 1, narrow: 0 };

interface Vector extends NodeCase {
  readonly expected: readonly number[];
  readonly slow?: true;
}

const vectors: Record<string, Vector> = {
  ...Object.fromEntries(
    Object.entries(rounded).map(([rounding_mode, expected]) => [
      `IntQuant rounds by ${rounding_mode}`,
      {
        node: q('IntQuant', 'x s z b', { ...signed, rounding_mode: rounding_mode.toLowerCase() }),
        inputs: { x: x10, s: one(1), z: one(0), b: one(8) },
        expected,
      },
    ]),
  ),
  'IntQuant of 4 signed bits clamps to −8 … 7': {
    node: q('IntQuant', 'x s z b', signed),
    inputs: { x: floats([4], -9, 9, 3.4, -3.6), s: one(0.5), z: one(0), b: one(4) },
    expected: [-4, 3.5, 3.5, -3.5],
  },
  'narrow takes the least code away': {
    node: q('IntQuant', 'x s z b', { signed: 1, narrow: 1 }),
    inputs: { x: floats([2], -9, 9), s: one(0.5), z: one(0), b: one(4) },
    expected: [-3.5, 3.5],
  },
  'unsigned codes begin at 0': {
    node: q('IntQuant', 'x s z b', { signed: 0, narrow: 0 }),
    inputs: { x: floats([3], -1, 3, 9), s: one(0.5), z: one(0), b: one(4) },
    expected: [0, 3, 7.5],
  },
  'unsigned narrow codes end one earlier': {
    node: q('IntQuant', 'x s z b', { signed: 0, narrow: 1 }),
    inputs: { x: floats([2], 9, 3), s: one(0.5), z: one(0), b: one(4) },
    expected: [7, 3],
  },
  'a zero point moves the range': {
    node: q('IntQuant', 'x s z b', { signed: 0, narrow: 0 }),
    inputs: { x: floats([4], -3, 0.75, 7, 1), s: one(0.5), z: one(3), b: one(4) },
    // 0.75 is 1.5 steps, as a code 4.5, which rounds to 4: not what rounding the 1.5 steps to 2 would give.
    expected: [-1.5, 0.5, 6, 1],
  },
  'a scale for each channel': {
    node: q('Quant', 'x s z b', { signed: 1, narrow: 1, rounding_mode: 'ROUND' }, 'onnx.brevitas'),
    inputs: { x: floats([2, 2], 0.6, -0.6, 0.6, -9), s: floats([2, 1], 0.25, 0.5), z: one(0), b: one(3) },
    expected: [0.5, -0.5, 0.5, -1.5],
  },
  'a scale and a zero point for each channel of an image': {
    node: q('Quant', 'x s z b', { signed: 0, narrow: 0 }, 'finn.custom_op.general'),
    inputs: {
      x: floats([1, 2, 1, 2], 0.3, 2, 0.3, 2),
      s: floats([1, 2, 1, 1], 0.5, 1),
      z: floats([1, 2, 1, 1], 1, 2),
      b: one(2),
    },
    expected: [0.5, 1, 0, 1],
  },
  'one signed bit is −1 or 1': {
    node: q('IntQuant', 'x s z b', signed),
    inputs: { x: floats([3], -0.1, 0, 4), s: one(0.5), z: one(0), b: one(1) },
    expected: [-0.5, 0.5, 0.5],
    slow: true,
  },
  'a width as an integer': {
    node: q('IntQuant', 'x s z b', signed),
    inputs: { x: floats([2], -9, 9), s: one(1), z: one(0), b: integers('int32', [], 2) },
    expected: [-2, 1],
  },
  'BipolarQuant takes the sign, 0 being positive': {
    node: q('BipolarQuant', 'x s'),
    inputs: { x: floats([4], -0.1, 0, 4, -3), s: one(0.25) },
    expected: [-0.25, 0.25, 0.25, -0.25],
  },
  'Trunc of the first version keeps the scale': {
    node: q('Trunc', 'x s z i o', { rounding_mode: 'FLOOR' }),
    inputs: { x: floats([3], 15.4, -15, 100), s: one(1), z: one(0), i: one(10), o: one(8) },
    expected: [3, -4, 25],
    slow: true,
  },
  'FloatQuant E2M3 saturates at 7.5': {
    node: q('FloatQuant', 'x s e m b v'),
    inputs: { x: floats([4], 1.5, 3.25, 8, 0), s: one(1), e: one(2), m: one(3), b: one(1), v: one(7.5) },
    expected: [1.5, 3.25, 7.5, 0],
    slow: true,
  },
  'FloatQuant E3M2 saturates at 28': {
    node: q('FloatQuant', 'x s e m b v'),
    inputs: { x: floats([3], 28.2, -40, 1.2), s: one(1), e: one(3), m: one(2), b: one(3), v: one(28) },
    expected: [28, -28, 1.25],
    slow: true,
  },
  'FloatQuant E2M1 rounds to 0, 0.5, 1, 1.5, 2, 3, 4, 6, in steps of the scale': {
    node: q('FloatQuant', 'x s e m b v'),
    inputs: { x: floats([6], 0.2, 0.8, 1.26, 5, 10.1, -30), s: one(2), e: one(2), m: one(1), b: one(1), v: one(6) },
    expected: [0, 1, 1, 4, 12, -12],
    slow: true,
  },
  'MultiThreshold counts the thresholds that are reached, by channel': {
    node: q('MultiThreshold', 'x t', { out_dtype: 'UINT2' }),
    inputs: { x: floats([1, 2, 1, 3], 0, 1, 2, 0, 1, 2), t: floats([2, 3], 0, 1, 2, 1.5, 1.75, 2.25) },
    expected: [1, 2, 3, 0, 0, 2],
    slow: true,
  },
  'MultiThreshold with one row for all channels, last, scaled and moved': {
    node: q('MultiThreshold', 'x t', { out_dtype: 'INT2', out_scale: 2.5, out_bias: -1.5, data_layout: 'NHWC' }),
    inputs: { x: floats([1, 1, 2, 2], -1, 0, 1, 2), t: floats([1, 2], 0, 1) },
    expected: [-1.5, 1, 3.5, 3.5],
    slow: true,
  },
  'Im2Col lays windows in rows': {
    node: q('Im2Col', 'x', {
      stride: [1, 1],
      kernel_size: [2, 2],
      input_shape: '(1, 2, 3, 1)',
      pad_amount: [0, 0, 0, 0],
    }),
    inputs: { x: floats([1, 2, 3, 1], 1, 2, 3, 4, 5, 6) },
    expected: [1, 2, 4, 5, 2, 3, 5, 6],
    slow: true,
  },
  'Im2Col with padding, strides and two channels': {
    node: q('Im2Col', 'x', { stride: [1, 2], kernel_size: [1, 2], pad_amount: [0, 1, 0, 0], pad_value: 9 }),
    inputs: { x: floats([1, 1, 3, 2], 1, 2, 3, 4, 5, 6) },
    expected: [9, 9, 1, 2, 3, 4, 5, 6],
    slow: true,
  },
  'XnorPopcountMatMul counts agreeing bits': {
    node: q('XnorPopcountMatMul', 'a b'),
    inputs: { a: floats([2, 3], 1, 0, 1, 0, 0, 0), b: floats([3, 2], 1, 0, 0, 1, 1, 0) },
    expected: [3, 0, 1, 2],
    slow: true,
  },
};

describe('QONNX', () => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await loadKernels({ mode: 'strict' });
  });
  afterAll(() => kernels.dispose());

  it.each(Object.entries(vectors))('%s', async (_name, { expected, slow, ...item }) => {
    const { results, reason } = await ownResults(item, kernels);
    for (const [what, outputs] of results)
      expect([what, ...Array.from(numbersOf(outputs.get('y')!))].map((value) => (value === 0 ? 0 : value))).toEqual([
        what,
        ...expected,
      ]);
    if (!slow) expect(reason).toBe('');
  });

  it('Trunc of the second version scales its result anew', () => {
    const given = {
      x: floats([4], 15.4, -15, 100, -200),
      s: one(0.5),
      z: one(0),
      i: one(8),
      t: one(2),
      o: one(4),
    };
    const own = oneNode({ node: q('Trunc', 'x s z i t o'), inputs: given });
    own.opset_import.find(({ domain }) => domain === general)!.version = 2;
    const outputs = evaluateGraph(graphFromProto(own).graph, new Map(Object.entries(given)));
    // Codes 31, −30, 200, −400 by 4, down, within −8 … 7.
    expect(Array.from(numbersOf(outputs.get('y')!))).toEqual([14, -16, 14, -16]);
  });

  it('random values, scales of channels and every mode: kernels are the reference evaluation bit for bit', async () => {
    const { f32, positive } = filler(4);
    for (const rounding_mode of Object.keys(rounded))
      for (const zero of [0, 3]) {
        const item: NodeCase = {
          node: q('IntQuant', 'x s z b', { signed: 0, narrow: 0, rounding_mode }),
          inputs: { x: f32([2, 6, 5, 4], 4), s: positive([1, 6, 1, 1]), z: one(zero), b: one(4) },
        };
        const { results, reason } = await ownResults(item, kernels);
        const [first, ...others] = results.map(([, outputs]) => outputs.get('y')!);
        for (const other of others) expect(compared(other, first!, { tolerance: 0 })).toBe('');
        expect(reason).toBe('');
      }
  });

  it.each([
    ['a mode that is none', { rounding_mode: 'SIDEWAYS' }, one(4), 'model/attribute'],
    ['a width that is not whole', {}, one(3.5), 'model/attribute'],
  ])('%s is a finding', (_name, attributes, bits, code) => {
    const given: Record<string, Tensor> = { x: x10, s: one(1), z: one(0), b: bits };
    const { graph } = graphFromProto(oneNode({ node: q('IntQuant', 'x s z b', attributes), inputs: given }));
    let finding: unknown;
    try {
      evaluateGraph(graph, new Map(Object.entries(given)));
    } catch (error) {
      finding = error;
    }
    expect(finding).toBeInstanceOf(FindingError);
    expect((finding as FindingError).finding.code).toBe(code);
  });

  it('a quantiser of weights is computed while compiling, and convolution and Relu around it fuse', async () => {
    const { f32 } = filler(5);
    const quantizer = (x: string, y: string, scale: string) =>
      node('Quant', `${x} ${scale} zero bits`, y, { signed: 1, narrow: 1, rounding_mode: 'ROUND' }, y, 'onnx.brevitas');
    const proto = modelProto({
      inputs: { x: valueInfo('x', [1, 3, 6, 6]) },
      nodes: [
        quantizer('x', 'xq', 'one'),
        quantizer('w', 'wq', 'each'),
        node('Conv', 'xq wq', 'c', {}, 'c'),
        node('Relu', 'c', 'y', {}, 'y'),
      ],
      outputs: ['y'],
      constants: {
        w: f32([4, 3, 3, 3]),
        one: one(0.1),
        each: floats([4, 1, 1, 1], 0.1, 0.2, 0.05, 0.02),
        zero: one(0),
        bits: one(4),
      },
      opset: 11,
      opsets: { 'onnx.brevitas': 1 },
    });
    const { graph } = graphFromProto(proto);
    const program = await compile(graph, { mode: 'strict', kernels });
    expect(program.report().map(({ node: name, how }) => [name, how])).toEqual([
      ['wq', 'constant'],
      ['xq', 'kernel'],
      ['c', 'kernel'],
      ['y', 'fused'],
    ]);
    const given = new Map([['x', f32([1, 3, 6, 6])]]);
    const [own, reference] = [(await program.run(given)).get('y')!, evaluateGraph(graph, given).get('y')!];
    program.dispose();
    expect(compared(own, reference, { tolerance: 1e-6 })).toBe('');
  });
});
