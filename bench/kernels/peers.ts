import { loadOnnxRuntime } from '../../engine/env/node/onnxruntime.ts';
import { type Comparison, measure } from '../../engine/executor/benchmark.ts';
import { compile } from '../../engine/executor/compile.ts';
import { attribute, makeNode } from '../../engine/graph/build.ts';
import type { Attribute } from '../../engine/graph/graph.ts';
import { modelToProto } from '../../engine/graph/to-proto.ts';
import { encodeModel } from '../../engine/onnx/codec.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { KernelMode } from '../../kernels/api.ts';
import { graphOf, modelOf, randomTensor } from '../models/sketch.ts';
import { now } from './machine.ts';

/** An operator with its first input from outside and the others constant, as they are in most networks. */
interface Operator {
  readonly op: string;
  readonly on: string;
  readonly input: readonly number[];
  readonly constants?: readonly (readonly number[])[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly opset?: number;
}

const { int, ints, float } = attribute;

function convolution(
  on: string,
  input: readonly number[],
  weights: readonly number[],
  stride = 1,
  group = 1,
): Operator {
  const pad = Math.floor((weights[2]! - 1) / 2);
  return {
    op: 'Conv',
    on,
    input,
    constants: [weights, [weights[0]!]],
    attributes: {
      kernel_shape: ints([weights[2]!, weights[3]!]),
      strides: ints([stride, stride]),
      pads: ints([pad, pad, pad, pad]),
      group: int(group),
    },
  };
}

const sequence = [1, 128, 768] as const;

const operators: readonly Operator[] = [
  { op: 'MatMul', on: '512 × 512 × 512', input: [512, 512], constants: [[512, 512]] },
  { op: 'MatMul', on: '1 × 1280 × 1000', input: [1, 1280], constants: [[1280, 1000]] },
  convolution('3×3, 64 → 64 at 56 × 56', [1, 64, 56, 56], [64, 64, 3, 3]),
  convolution('3×3, stride 2, 3 → 32 at 224 × 224', [1, 3, 224, 224], [32, 3, 3, 3], 2),
  convolution('1×1, 96 → 24 at 56 × 56', [1, 96, 56, 56], [24, 96, 1, 1]),
  convolution('3×3 depthwise, 144 at 56 × 56', [1, 144, 56, 56], [144, 1, 3, 3], 1, 144),
  convolution('5×5 depthwise, 240 at 28 × 28', [1, 240, 28, 28], [240, 1, 5, 5], 1, 240),
  { op: 'Softmax', on: '12 × 128 × 128', input: [1, 12, 128, 128], attributes: { axis: int(-1) } },
  {
    op: 'LayerNormalization',
    on: '128 × 768',
    input: sequence,
    constants: [[768], [768]],
    attributes: { epsilon: float(1e-5) },
  },
  { op: 'Gelu', on: '128 × 3072', input: [1, 128, 3072] },
  { op: 'Erf', on: '128 × 768', input: sequence },
  { op: 'Sigmoid', on: '128 × 768', input: sequence },
  { op: 'Tanh', on: '128 × 768', input: sequence },
  { op: 'Exp', on: '128 × 768', input: sequence },
  { op: 'Add', on: '128 × 768, a vector', input: sequence, constants: [[768]] },
  {
    op: 'Transpose',
    on: '128 × 12 × 64 to 12 × 128 × 64',
    input: [1, 128, 12, 64],
    attributes: { perm: ints([0, 2, 1, 3]) },
  },
  { op: 'Transpose', on: '512 × 512', input: [512, 512], attributes: { perm: ints([1, 0]) } },
  {
    op: 'ReduceMean',
    on: '64 planes of 56 × 56',
    input: [1, 64, 56, 56],
    attributes: { axes: ints([2, 3]) },
    opset: 17,
  },
  {
    op: 'MaxPool',
    on: '3×3, stride 2, 64 at 112 × 112',
    input: [1, 64, 112, 112],
    attributes: { kernel_shape: ints([3, 3]), strides: ints([2, 2]) },
  },
  {
    op: 'LSTM',
    on: '50 steps, 64 → 128',
    input: [50, 1, 64],
    constants: [
      [1, 512, 64],
      [1, 512, 128],
      [1, 1024],
    ],
    attributes: { hidden_size: int(128) },
  },
];

export type PeerComparison = Comparison & { readonly operator: string; readonly on: string };

/**
 * Every operator as a model of one node, run by our executor and by onnxruntime-web in alternation: both take the input from
 * JavaScript and give the output back to it. Processor time is counted.
 */
export async function* comparePeers(mode: KernelMode, only: string, rounds: number): AsyncGenerator<PeerComparison> {
  const runtime = await loadOnnxRuntime({ threads: 1 });
  for (const one of operators) {
    if (!`${one.op} ${one.on}`.includes(only)) continue;
    const names = (one.constants ?? []).map((_, i) => `constant${i}`);
    const constants = (one.constants ?? []).map((dims, i): [string, Tensor] => [names[i]!, randomTensor(dims, i + 2)]);
    const graph = graphOf({
      inputs: { x: one.input },
      outputs: ['y'],
      constants: new Map(constants),
      nodes: [makeNode('node', one.op, ['x', ...names], ['y'], one.attributes)],
      opset: one.opset ?? 20,
    });
    const inputs = new Map([['x', randomTensor(one.input, 1)]]);
    const program = await compile(graph, { mode });
    const session = await runtime.createSession(encodeModel(modelToProto(modelOf(graph))), { optimize: 'all' });
    const comparison = await measure(
      [
        { name: 'qspec', run: () => program.run(inputs) },
        { name: 'onnxruntime-web', run: () => session.run(inputs) },
      ],
      { rounds, roundMilliseconds: 30, warmupMilliseconds: 150, now },
    );
    program.dispose();
    await session.release();
    yield { operator: one.op, on: one.on, ...comparison };
  }
}
