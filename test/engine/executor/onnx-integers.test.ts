import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { elementCount, float32Tensor, type Tensor } from '../../../engine/tensor.ts';
import type { Kernels } from '../../../kernels/api.ts';
import { loadKernels } from '../../../kernels/loader.ts';
import { GraphBuilder, int, ints, randomNumbers, randomTensor } from './random-graph.ts';

type CodeType = 'int8' | 'uint8';

/** A network of ONNX's own integer operators, with weights and zero points of all kinds. */
class IntegerNetwork {
  readonly builder = new GraphBuilder(13);
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
  }

  between(low: number, high: number): number {
    return low + Math.floor(this.#random() * (high - low + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.between(0, list.length - 1)]!;
  }

  codes(dtype: CodeType, dims: readonly number[]): string {
    const [low, high] = dtype === 'int8' ? [-128, 127] : [0, 255];
    const values = Array.from({ length: elementCount(dims) }, () => this.between(low, high));
    const data = dtype === 'int8' ? Int8Array.from(values) : Uint8Array.from(values);
    return this.builder.constant({ dtype, dims, data });
  }

  scales(dims: readonly number[]): string {
    const data = Float32Array.from({ length: elementCount(dims) }, () => 0.001 + 0.01 * this.#random());
    return this.builder.constant(float32Tensor(dims, data));
  }

  /** Codes of the input, with their scale and zero point: as it comes, or as a file fixes them. */
  entering(x: string): readonly [codes: string, zero: string, dtype: CodeType] {
    if (this.pick([true, false])) {
      const [codes, scale, zero] = ['codes', 'scale', 'zero'];
      const node = { name: 'dynamic', op: 'DynamicQuantizeLinear', domain: '', inputs: [x], attributes: {} };
      this.builder.nodes.push({ ...node, outputs: [codes!, scale!, zero!] });
      return [codes!, zero!, 'uint8'];
    }
    const dtype = this.pick(['int8', 'uint8'] as const);
    const zero = this.codes(dtype, []);
    return [
      this.builder.node(
        'QuantizeLinear',
        [x, this.builder.constant(float32Tensor([], Float32Array.of(1 / 128))), zero],
        {},
      ),
      zero,
      dtype,
    ];
  }
}

function sums(seed: number): Graph {
  const net = new IntegerNetwork(seed);
  const weights = net.pick(['int8', 'uint8'] as const);
  const zero = (channels: number) => net.pick([[], [net.codes(weights, [])], [net.codes(weights, [channels])]]);
  if (net.pick([true, false])) {
    const [channels, groups] = net.pick([
      [3, 1],
      [8, 2],
      [5, 5],
      [16, 1],
    ]) as [number, number];
    const x = net.builder.input('x', [net.between(1, 2), channels, net.between(3, 9), net.between(3, 9)]);
    const [codes, xZero] = net.entering(x);
    const outputs = groups * net.between(1, 10);
    const w = net.codes(weights, [outputs, channels / groups, 3, net.between(1, 3)]);
    const window = { group: int(groups), pads: ints([1, 1, 0, 1]), strides: ints([net.between(1, 2), 1]) };
    return net.builder.finish([net.builder.node('ConvInteger', [codes, w, xZero, ...zero(outputs)], window)]);
  }
  const [k, n] = [net.between(1, 40), net.between(1, 40)];
  const x = net.builder.input('x', net.pick([[k], [net.between(1, 14), k], [2, net.between(1, 7), k]]));
  const [codes, xZero] = net.entering(x);
  return net.builder.finish([
    net.builder.node('MatMulInteger', [codes, net.codes(weights, [k, n]), xZero, ...zero(n)], {}),
  ]);
}

function rescaled(seed: number): Graph {
  const net = new IntegerNetwork(seed);
  const weights = net.pick(['int8', 'uint8'] as const);
  const output = (dtype: CodeType) => [net.scales([]), net.codes(dtype, [])];
  const dims = (channels: number) => net.pick([[], [channels]]);
  const step = net.builder.constant(float32Tensor([], Float32Array.of(1 / 128)));
  const xType = net.pick(['int8', 'uint8'] as const);
  const xZero = net.codes(xType, []);
  if (net.pick([true, false])) {
    const x = net.builder.input('x', [1, 4, 6, 5]);
    const codes = net.builder.node('QuantizeLinear', [x, step, xZero], {});
    const outputs = net.between(1, 20);
    const of = dims(outputs);
    const bias: Tensor = {
      dtype: 'int32',
      dims: [outputs],
      data: Int32Array.from({ length: outputs }, () => net.between(-9000, 9000)),
    };
    const inputs = [codes, step, xZero, net.codes(weights, [outputs, 4, 3, 3]), net.scales(of), net.codes(weights, of)];
    const all = [...inputs, ...output(net.pick(['int8', 'uint8'])), ...net.pick([[], [net.builder.constant(bias)]])];
    return net.builder.finish([net.builder.node('QLinearConv', all, { pads: ints([1, 0, 1, 2]) })]);
  }
  const [k, n] = [net.between(1, 30), net.between(1, 30)];
  const x = net.builder.input('x', [net.between(1, 9), k]);
  const codes = net.builder.node('QuantizeLinear', [x, step, xZero], {});
  const of = dims(n);
  const inputs = [codes, step, xZero, net.codes(weights, [k, n]), net.scales(of), net.codes(weights, of)];
  return net.builder.finish([net.builder.node('QLinearMatMul', [...inputs, ...output(xType)], {})]);
}

describe('ONNX’s own integer operators run by kernels as they are defined, bit for bit', () => {
  const pools: Kernels[] = [];
  beforeAll(async () => {
    pools.push(await loadKernels({ mode: 'strict' }), await loadKernels({ mode: 'relaxed' }));
  });
  afterAll(() => {
    for (const kernels of pools) kernels.dispose();
  });

  it.each([
    ['DynamicQuantizeLinear, ConvInteger, MatMulInteger', sums],
    ['QLinearConv, QLinearMatMul', rescaled],
  ] as const)('%s', async (_, make) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1 << 30 }), async (seed) => {
        const graph = make(seed);
        const inputs = new Map([['x', randomTensor(graph.types.get('x')!.dims as number[], randomNumbers(seed))]]);
        const expected = evaluateGraph(graph, inputs);
        for (const kernels of pools) {
          const program = await compile(graph, { mode: 'strict', kernels });
          expect(await program.run(inputs)).toEqual(expected);
          expect(program.report().filter(({ how }) => how !== 'kernel')).toEqual([]);
          program.dispose();
        }
      }),
      { seed: 1, numRuns: 80 },
    );
  });
});
