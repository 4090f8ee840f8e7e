import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadOnnxRuntime } from '../../../engine/env/node/onnxruntime.ts';
import { FindingError } from '../../../engine/findings.ts';
import { encodeModel } from '../../../engine/onnx/codec.ts';
import { onnx } from '../../../engine/onnx/proto.ts';
import { tensorToProto } from '../../../engine/onnx/tensor-proto.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { countOperators, floatCompute, type OnnxRuntime, parseProfile } from '../../../engine/verify/onnxruntime.ts';
import { randomInputs } from '../../../engine/verify/random-inputs.ts';
import { verifyModel } from '../../../engine/verify/verify.ts';
import { root } from '../../shared.ts';

const digits = new Uint8Array(readFileSync(join(root, 'examples', 'digits', 'digits.onnx')));
let runtime: OnnxRuntime;
beforeAll(async () => {
  runtime = await loadOnnxRuntime();
});

const float = (dims: number[], values: number[]): Tensor => ({
  dtype: 'float32',
  dims,
  data: Float32Array.from(values),
});
const int8 = (dims: number[], values: number[]): Tensor => ({ dtype: 'int8', dims, data: Int8Array.from(values) });
const uint8 = (dims: number[], values: number[]): Tensor => ({ dtype: 'uint8', dims, data: Uint8Array.from(values) });
const int32 = (dims: number[], values: number[]): Tensor => ({ dtype: 'int32', dims, data: Int32Array.from(values) });

/** x → Q → DQ → Conv(DQ(w), DQ(bias)) → Q → DQ → y, 1×1, 2 channels to 4. */
function quantizedConv({ axis, biasScale }: { axis: number; biasScale: number }): Uint8Array {
  const { FLOAT } = onnx.TensorProto.DataType;
  const value = (name: string, dims: number[]) =>
    new onnx.ValueInfoProto({
      name,
      type: new onnx.TypeProto({
        tensor_type: new onnx.TypeProto.Tensor({
          elem_type: FLOAT,
          shape: new onnx.TensorShapeProto({
            dim: dims.map((size) => new onnx.TensorShapeProto.Dimension({ dim_value: size })),
          }),
        }),
      }),
    });
  const node = (op_type: string, input: string[], output: string, axisValue?: number) =>
    new onnx.NodeProto({
      op_type,
      name: output,
      input,
      output: [output],
      attribute:
        axisValue === undefined
          ? []
          : [new onnx.AttributeProto({ name: 'axis', type: onnx.AttributeProto.AttributeType.INT, i: axisValue })],
    });
  const constants: [string, Tensor][] = [
    ['s', float([], [0.02])],
    ['z', uint8([], [128])],
    ['w', int8([4, 2, 1, 1], [10, -20, 30, 40, -50, 60, 70, -80])],
    ['ws', float([4], [0.01, 0.02, 0.03, 0.04])],
    ['wz', int8([4], [0, 0, 0, 0])],
    ['b', int32([4], [100, -100, 50, 0])],
    [
      'bs',
      float(
        [4],
        [0.01, 0.02, 0.03, 0.04].map((scale) => scale * biasScale),
      ),
    ],
    ['ys', float([], [0.1])],
  ];
  return encodeModel(
    new onnx.ModelProto({
      ir_version: 8,
      opset_import: [new onnx.OperatorSetIdProto({ domain: '', version: 13 })],
      graph: new onnx.GraphProto({
        name: 'test',
        input: [value('x', [1, 2, 4, 4])],
        output: [value('y', [1, 4, 4, 4])],
        initializer: constants.map(([name, tensor]) => tensorToProto(tensor, name)),
        node: [
          node('QuantizeLinear', ['x', 's', 'z'], 'xq'),
          node('DequantizeLinear', ['xq', 's', 'z'], 'xd'),
          node('DequantizeLinear', ['w', 'ws', 'wz'], 'wd', axis),
          node('DequantizeLinear', ['b', 'bs'], 'bd', 0),
          node('Conv', ['xd', 'wd', 'bd'], 'c'),
          node('QuantizeLinear', ['c', 'ys', 'z'], 'cq'),
          node('DequantizeLinear', ['cq', 'ys', 'z'], 'y'),
        ],
      }),
    }),
  );
}

describe('verifying a model', () => {
  test('runs it at both ends of optimisation and says what really ran', async () => {
    const report = await verifyModel(runtime, digits);
    expect(report.levels.map(({ level }) => level)).toEqual(['all', 'disabled']);
    const [optimised, plain] = report.levels.map(({ operators }) => operators.map(({ op }) => op));
    expect(plain).toContain('BatchNormalization');
    expect(optimised).not.toContain('BatchNormalization');
    expect(report.levels[0]!.floatCompute.length).toBeGreaterThan(0);
    expect(report.betweenLevels[0]!.metrics.sqnr).toBeGreaterThan(100);
    expect(report.madeUp).toBe(true);
    // A float model is not reproached with floats.
    expect(report.findings).toEqual([]);
  });

  test('profiles the first sample alone, in a session of its own: the runtime keeps all that is computed meanwhile', async () => {
    const calls: string[] = [];
    const profiled: OnnxRuntime = {
      ...runtime,
      async createSession(model, options) {
        const session = await runtime.createSession(model, options);
        calls.push(options?.profile ? 'profiled' : 'plain');
        return {
          ...session,
          run(inputs) {
            calls.push('run');
            return session.run(inputs);
          },
          endProfiling() {
            calls.push('end');
            return session.endProfiling();
          },
          release() {
            calls.push('release');
            return session.release();
          },
        };
      },
    };
    const { samples } = await verifyModel(profiled, digits, { made: 3 });
    const level = ['profiled', 'run', 'end', 'release', 'plain', 'run', 'run', 'release'];
    expect([calls, samples]).toEqual([[...level, ...level], 3]);
  });

  test('finds nothing left in float where the pattern is right', async () => {
    const report = await verifyModel(runtime, quantizedConv({ axis: 0, biasScale: 0.02 }));
    expect(report.levels[0]!.operators).toContainEqual({ op: 'QLinearConv', count: 1 });
    expect(report.levels[0]!.floatCompute).toEqual([]);
    expect(report.findings).toEqual([]);
  });

  test('finds the convolution that a wrong bias scale keeps in float', async () => {
    const report = await verifyModel(runtime, quantizedConv({ axis: 0, biasScale: 0.5 }));
    expect(report.levels[0]!.floatCompute).toHaveLength(1);
    expect(report.findings).toMatchObject([{ code: 'verify/float-compute', severity: 'warning' }]);
  });

  test('refuses a wrong per-channel axis, which optimisation hides', async () => {
    const failure = await verifyModel(runtime, quantizedConv({ axis: 1, biasScale: 0.02 })).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(FindingError);
    expect((failure as FindingError).finding.code).toMatch(/^verify\/(load|run)$/);
  });

  test('compares it with another model', async () => {
    const { against } = await verifyModel(runtime, digits, { against: digits });
    expect(against).toMatchObject([{ metrics: { largestDifference: 0, sqnr: 300, agreement: 1 } }]);
  });

  test('gives the runtime’s own words for a model that it rejects', async () => {
    const failure = await verifyModel(runtime, Uint8Array.of(1, 2, 3)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ finding: { code: 'verify/load', what: expect.stringContaining('does not load') } });
    // The runtime is none the worse for it.
    expect((await verifyModel(runtime, digits, { made: 1 })).samples).toBe(1);
  });
});

describe('the runtime’s profile', () => {
  const event = (name: string, op: string, type: string, index: string) => ({
    cat: 'Node',
    name: `${name}_kernel_time`,
    args: { op_name: op, node_index: index, input_type_shape: [{ [type]: [1] }], output_type_shape: [{ [type]: [1] }] },
  });

  test('counts each node once, however often it ran', () => {
    const trace = [
      { cat: 'Session', name: 'model_run' },
      event('a', 'QLinearConv', 'uint8', '1'),
      event('b', 'FusedConv', 'float', '2'),
      event('a', 'QLinearConv', 'uint8', '1'),
      event('c', 'QLinearConv', 'uint8', '3'),
    ];
    const nodes = parseProfile(`noise before\n${JSON.stringify(trace)}\n`);
    expect(countOperators(nodes)).toEqual([
      { op: 'QLinearConv', count: 2 },
      { op: 'FusedConv', count: 1 },
    ]);
    expect(floatCompute(nodes).map(({ name }) => name)).toEqual(['b']);
  });

  test('that is empty holds nothing', () => {
    expect(parseProfile('')).toEqual([]);
  });
});

describe('made-up inputs', () => {
  test('are the same for a seed, and concrete where dimensions are not', () => {
    const values = [
      { name: 'x', dtype: 'float32', dims: ['N', 3] },
      { name: 'i', dtype: 'int64', dims: [2] },
    ];
    const first = randomInputs(values, 7);
    expect(first).toEqual(randomInputs(values, 7));
    expect(first).not.toEqual(randomInputs(values, 8));
    expect(first.get('x')).toMatchObject({ dims: [1, 3], dtype: 'float32' });
    expect(first.get('i')?.data).toBeInstanceOf(BigInt64Array);
    for (const value of first.get('x')!.data as Float32Array) expect(value >= 0 && value < 1).toBe(true);
  });

  test('of a type that has none are a finding', () => {
    expect(() => randomInputs([{ name: 's', dtype: 'string', dims: [1] }], 1)).toThrow(/--data/);
  });
});
