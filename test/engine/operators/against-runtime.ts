import { compile } from '../../../engine/executor/compile.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import { encodeModel } from '../../../engine/onnx/codec.ts';
import type { onnx } from '../../../engine/onnx/proto.ts';
import { integerRange, numbersOf } from '../../../engine/operators/shared/numbers.ts';
import { type DataType, elementCount, float32Tensor, type Tensor } from '../../../engine/tensor.ts';
import type { Kernels } from '../../../kernels/api.ts';
import { relativeError, runInOnnxRuntime } from '../../onnxruntime.ts';
import { modelProto, valueInfo } from '../graph/protos.ts';

type Inputs = Readonly<Record<string, Tensor>>;

export interface NodeCase {
  readonly node: onnx.NodeProto;
  readonly inputs: Inputs;
  /** Those of `inputs` that are never constants (0 unless given: the first). */
  readonly live?: readonly string[];
  readonly opset?: number;
  /** Largest relative error of float outputs; 1e-5 unless given. */
  readonly tolerance?: number;
  /** Steps by which integer outputs may differ; 0 unless given. */
  readonly steps?: number;
  /** The same computation in a form that ONNX Runtime has. */
  readonly instead?: { readonly nodes: readonly onnx.NodeProto[]; readonly inputs: Inputs };
}

/** A model of one node; those of the inputs that are not `live` are constants. */
export function oneNode({ node, inputs, opset }: NodeCase, live = Object.keys(inputs)): onnx.ModelProto {
  return modelOf([node], inputs, node.output, opset, live);
}

function modelOf(
  nodes: readonly onnx.NodeProto[],
  inputs: Inputs,
  outputs: readonly string[],
  opset = 17,
  live = Object.keys(inputs),
): onnx.ModelProto {
  const own = Object.entries(inputs);
  const domains = new Set(nodes.map(({ domain }) => domain ?? ''));
  domains.delete('');
  return modelProto({
    nodes,
    inputs: Object.fromEntries(
      own
        .filter(([name]) => live.includes(name))
        .map(([name, { dims, dtype }]) => [name, valueInfo(name, dims, dtype)]),
    ),
    constants: Object.fromEntries(own.filter(([name]) => !live.includes(name))),
    outputs: outputs.filter((name) => name !== ''),
    opset,
    opsets: Object.fromEntries([...domains].map((domain) => [domain, 1])),
  });
}

/**
 * Outputs by reference evaluation, on kernels, and on kernels with constants in the places of weights and parameters; and
 * why the last did not run on kernels alone.
 */
export async function ownResults(item: NodeCase, kernels: Kernels) {
  const { graph } = graphFromProto(oneNode(item));
  const given = new Map(Object.entries(item.inputs));
  const results: [string, ReadonlyMap<string, Tensor>][] = [['reference evaluation', evaluateGraph(graph, given)]];
  let reason = '';
  const first = Object.keys(item.inputs)[0];
  const live = item.live ?? (first === undefined ? [] : [first]);
  for (const [what, names] of [
    ['kernels', graph.inputs],
    ['kernels with constants', live],
  ] as const) {
    const own = graphFromProto(oneNode(item, [...names])).graph;
    const program = await compile(own, { mode: 'strict', kernels });
    results.push([what, await program.run(new Map(own.inputs.map((name) => [name, item.inputs[name]!])))]);
    reason = program.report()[0]?.reason ?? '';
    program.dispose();
  }
  return { results, reason };
}

/** What differs from ONNX Runtime, the graph run as it is written; empty where nothing does. */
export async function differences(item: NodeCase, kernels: Kernels) {
  const { nodes, inputs } = item.instead ?? { nodes: [item.node], inputs: item.inputs };
  const judged = modelOf(nodes, inputs, item.node.output, item.opset);
  const expected = await runInOnnxRuntime(encodeModel(judged), new Map(Object.entries(inputs)), 'disabled');
  const { results, reason } = await ownResults(item, kernels);
  const wrong: string[] = [];
  for (const [what, outputs] of results)
    for (const [name, tensor] of expected) {
      const difference = compared(outputs.get(name)!, tensor, item);
      if (difference) wrong.push(`${what}, ${name}: ${difference}`);
    }
  return { wrong, reason };
}

export function compared(own: Tensor, expected: Tensor, { tolerance = 1e-5, steps = 0 }: Partial<NodeCase>): string {
  if (own.dtype !== expected.dtype) return `${own.dtype} instead of ${expected.dtype}`;
  if (own.dims.join() !== expected.dims.join()) return `[${own.dims}] instead of [${expected.dims}]`;
  if (own.dtype.startsWith('float')) {
    const error = relativeError(own, expected);
    return error <= tolerance ? '' : `relative error ${error.toExponential(1)}`;
  }
  const [a, b] = [numbersOf(own), numbersOf(expected)];
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most <= steps ? '' : `${most} steps apart`;
}

/** Seeded numbers in [−1, 1) · `magnitude`, or all of an integer type's range. */
export function filler(seed: number) {
  let state = Math.imul(seed, 2654435761) | 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
  return {
    f32: (dims: readonly number[], magnitude = 1) =>
      float32Tensor(
        dims,
        Float32Array.from({ length: elementCount(dims) }, () => magnitude * next()),
      ),
    positive: (dims: readonly number[]) =>
      float32Tensor(
        dims,
        Float32Array.from({ length: elementCount(dims) }, () => 0.2 + Math.abs(next())),
      ),
    codes: (dtype: DataType, dims: readonly number[], range = integerRange(dtype)): Tensor => {
      const [low, high] = range;
      const numbers = Array.from({ length: elementCount(dims) }, () =>
        Math.min(high, Math.floor(low + ((next() + 1) / 2) * (high - low + 1))),
      );
      return integerTensor(dtype, dims, numbers);
    },
  };
}

export function integers(dtype: DataType, dims: readonly number[], ...values: number[]): Tensor {
  return integerTensor(dtype, dims, values);
}

function integerTensor(dtype: DataType, dims: readonly number[], values: readonly number[]): Tensor {
  const arrays = { uint8: Uint8Array, int8: Int8Array, int32: Int32Array, uint16: Uint16Array, int16: Int16Array };
  if (dtype === 'int64') return { dtype, dims, data: BigInt64Array.from(values, BigInt) };
  return { dtype, dims, data: arrays[dtype as keyof typeof arrays].from(values) };
}

export function floats(dims: readonly number[], ...values: number[]): Tensor {
  return float32Tensor(dims, Float32Array.from(values));
}
