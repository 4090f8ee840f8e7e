import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, modelNames } from '../../../bench/models/models.ts';
import { compile } from '../../../engine/executor/compile.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { decodeModel, encodeModel } from '../../../engine/onnx/codec.ts';
import type { onnx } from '../../../engine/onnx/proto.ts';
import { tensorToProto } from '../../../engine/onnx/tensor-proto.ts';
import { numbersOf } from '../../../engine/operators/shared/numbers.ts';
import { elementCount, type Tensor } from '../../../engine/tensor.ts';
import type { Kernels } from '../../../kernels/api.ts';
import { loadKernels } from '../../../kernels/loader.ts';
import { runInOnnxRuntime } from '../../onnxruntime.ts';
import { leastMagnitude } from '../../real-inputs.ts';
import { hasShared, shared, sharedFolder } from '../../shared.ts';
import { node } from '../graph/protos.ts';

/** All but the models of `models.test.ts`, where more is asked of each. */
const names = hasShared
  ? readdirSync(`${sharedFolder}/models`)
      .filter((file) => file.endsWith('.onnx'))
      .map((file) => file.slice(0, -5))
      .filter((name) => !(modelNames as readonly string[]).includes(name))
      .sort()
  : [];

/** Graphs of integers held in float32: their inputs are codes. */
const integers = /_int8_network$|_nemo_int$/;

/** Networks between quantisers run as written: fused, a code on the edge may fall to its other side and take others along. */
const quantized = /_qdq$/;

/**
 * Steps of the last quantiser by which an output may differ: one, but for a deep network in which a code that falls to the
 * other side takes others along. ONNX Runtime's own two levels of optimisation are up to 8 apart on noise there.
 */
const allowedSteps: Readonly<Record<string, number>> = { 'mobilenet_v1_0.25_128_qat_int8_qdq': 8 };

/** Seeded inputs; a batch of 1, 512 samples of audio, a rate of 16 kHz. */
function inputsOf(graph: Graph, name: string): Map<string, Tensor> {
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
  return new Map(
    graph.inputs.map((value): [string, Tensor] => {
      const type = graph.types.get(value)!;
      const dims = (type.dims ?? []).map((dim, axis) =>
        typeof dim === 'number' ? dim : axis === 0 || value === 'state' ? 1 : 512,
      );
      const count = elementCount(dims);
      if (type.dtype === 'int64')
        return [value, { dtype: 'int64', dims, data: new BigInt64Array(count).fill(16_000n) }];
      const data = Float32Array.from({ length: count }, () =>
        integers.test(name) ? Math.floor(128 * (next() + 1)) : next(),
      );
      return [value, { dtype: 'float32', dims, data }];
    }),
  );
}

/** What makes operators that ONNX Runtime lacks of standard ones, so that it can judge them. */
const rewriters: Readonly<Record<string, (own: onnx.NodeProto, constant: AddConstant) => onnx.NodeProto[]>> = {
  Quant(own, constant) {
    const [x, scale, , bits] = own.input as [string, string, string, string];
    const flag = (name: string) => Number(own.attribute.find((item) => item.name === name)!.i);
    const width = constant.of(bits)[0]!;
    const [y] = own.output as [string];
    const signed = flag('signed') === 1;
    const low = signed ? -(2 ** (width - 1)) + flag('narrow') : 0;
    const high = signed ? 2 ** (width - 1) - 1 : 2 ** width - 1 - flag('narrow');
    const [least, most] = [constant.add('float32', low), constant.add('float32', high)];
    return [
      node('Div', `${x} ${scale}`, `${y}/steps`),
      node('Round', `${y}/steps`, `${y}/codes`),
      node('Clip', `${y}/codes ${least} ${most}`, `${y}/clipped`),
      node('Mul', `${y}/clipped ${scale}`, y),
    ];
  },
  RequantShift(own, constant) {
    const [x, mul, add] = own.input as [string, string, string];
    const [y] = own.output as [string];
    const number = (name: string) => {
      const { t } = own.attribute.find((item) => item.name === name)!;
      return constant.read(t as onnx.TensorProto);
    };
    const [divisor, levels] = [number('div'), number('n_levels_out')];
    const low = number('signed') === 0 ? 0 : -levels / 2;
    const [by, half, least, most] = [divisor, 0.5, low, low + levels - 1].map((value) =>
      constant.add('float64', value),
    );
    const double = { to: 11 };
    return [
      node('Cast', x, `${y}/x`, double),
      node('Cast', mul, `${y}/mul`, double),
      node('Cast', add, `${y}/add`, double),
      node('Mul', `${y}/x ${y}/mul`, `${y}/product`),
      node('Add', `${y}/product ${y}/add`, `${y}/sum`),
      node('Div', `${y}/sum ${by}`, `${y}/quotient`),
      node('Add', `${y}/quotient ${half}`, `${y}/raised`),
      node('Floor', `${y}/raised`, `${y}/floor`),
      node('Max', `${y}/floor ${least}`, `${y}/least`),
      node('Min', `${y}/least ${most}`, `${y}/most`),
      node('Cast', `${y}/most`, y, { to: 1 }),
    ];
  },
};

interface AddConstant {
  add(dtype: 'float32' | 'float64', value: number): string;
  of(name: string): ArrayLike<number>;
  read(tensor: onnx.TensorProto): number;
}

/** The file with the operators above written out; the file itself where it has none. */
function judged(bytes: Uint8Array): Uint8Array {
  const proto = decodeModel(bytes);
  const { graph } = graphFromProto(proto);
  const own = proto.graph!;
  if (!own.node.some(({ op_type }) => op_type! in rewriters)) return bytes;
  const constant: AddConstant = {
    add(dtype, value) {
      const name = `constant/${own.initializer.length}`;
      const data = dtype === 'float32' ? Float32Array.of(value) : Float64Array.of(value);
      own.initializer.push(tensorToProto({ dtype, dims: [], data }, name));
      return name;
    },
    of: (name) => numbersOf(graph.initializers.get(name)!),
    read: (tensor) => new DataView(tensor.raw_data!.slice().buffer).getFloat32(0, true),
  };
  // Values of names that `node` would take for several.
  const spaceless = own.node.every(({ input, output }) => [...input, ...output].every((name) => !name.includes(' ')));
  expect(spaceless).toBe(true);
  own.node = own.node.flatMap((item) => rewriters[item.op_type!]?.(item as onnx.NodeProto, constant) ?? [item]);
  own.value_info = [];
  return encodeModel(proto);
}

/** Distance between neighbouring codes of an output that a quantiser gives; 0 for others. */
function stepOf(graph: Graph, value: string): number {
  const producer = graph.nodes.find(({ outputs }) => outputs.includes(value));
  if (producer?.op !== 'DequantizeLinear' && producer?.op !== 'Quant') return 0;
  return Number(graph.initializers.get(producer.inputs[1]!)?.data[0] ?? 0);
}

/** Largest distance as a share of the range; 0 if it is no more than `steps` of the last quantiser. */
function error(graph: Graph, value: string, own: Tensor, expected: Tensor, steps: number): number {
  expect(own.dims).toEqual(expected.dims);
  expect(own.dtype).toBe(expected.dtype);
  const free = stepOf(graph, value) * steps * 1.001;
  const [a, b] = [numbersOf(own), numbersOf(expected)];
  let distance = 0;
  let magnitude = leastMagnitude(graph, value);
  for (let i = 0; i < b.length; i++) {
    magnitude = Math.max(magnitude, Math.abs(b[i]!));
    if (!Object.is(a[i], b[i])) distance = Math.max(distance, Math.abs(a[i]! - b[i]!));
  }
  return distance <= free ? 0 : distance / magnitude;
}

describe.skipIf(!hasShared)(
  'every other model of the catalog gives what ONNX Runtime gives (needs shared models)',
  () => {
    const both: Kernels[] = [];
    beforeAll(async () => {
      for (const mode of ['strict', 'relaxed'] as const) both.push(await loadKernels({ mode }));
    });
    afterAll(() => {
      for (const kernels of both) kernels.dispose();
    });

    it.each(names)('%s', async (name) => {
      const path = shared('models', `${name}.onnx`)!;
      const { bytes, graph } = loadModel(path);
      const inputs = inputsOf(graph, name);
      const expected = await runInOnnxRuntime(judged(bytes), inputs, quantized.test(name) ? 'disabled' : 'all');
      const inputDims = new Map(Array.from(inputs, ([value, { dims }]) => [value, dims]));
      for (const kernels of both) {
        const program = await compile(graph, { mode: kernels.features.mode, kernels, inputDims });
        const outputs = await program.run(inputs);
        program.dispose();
        for (const value of graph.outputs) {
          const wrong = error(graph, value, outputs.get(value)!, expected.get(value)!, allowedSteps[name] ?? 1);
          expect(wrong, `${value}, ${kernels.features.mode}`).toBeLessThan(integers.test(name) ? 1e-6 : 1e-4);
        }
      }
    });
  },
);
