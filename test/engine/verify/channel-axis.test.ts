import { describe, expect, test } from 'vitest';
import { float32Tensor, type Tensor } from '../../../engine/tensor.ts';
import { channelAxisFindings } from '../../../engine/verify/channel-axis.ts';
import { attribute, graphOf } from '../passes/graphs.ts';

const codes = (...dims: number[]): Tensor => ({
  dtype: 'int8',
  dims,
  data: new Int8Array(dims.reduce((a, b) => a * b, 1)).fill(3),
});
const scales = (count: number) => float32Tensor([count], new Float32Array(count).fill(0.5));

function dequantized(op: string, input: number[], weight: Tensor, axis: number, attributes = {}) {
  return graphOf({
    inputs: { x: input },
    constants: { q: weight, s: scales(weight.dims[axis]!) },
    nodes: [
      ['DequantizeLinear', 'q s', 'w', { axis: attribute.int(axis) }],
      [op, 'x w', 'y', attributes],
    ],
    outputs: ['y'],
  });
}

describe('scales along the wrong axis of a weight', () => {
  test.each([
    ['Conv', dequantized('Conv', [1, 4, 5, 5], codes(4, 4, 1, 1), 1), 0],
    ['ConvTranspose', dequantized('ConvTranspose', [1, 4, 5, 5], codes(4, 4, 2, 2), 0), 1],
    ['Gemm', dequantized('Gemm', [1, 4], codes(4, 4), 0), 1],
    ['transposed Gemm', dequantized('Gemm', [1, 4], codes(4, 4), 1, { transB: attribute.int(1) }), 0],
    ['MatMul', dequantized('MatMul', [2, 1, 4], codes(4, 4), 0), 1],
  ])('%s: a finding that names the right one', (_, graph, wanted) => {
    const [finding] = channelAxisFindings(graph);
    expect(finding?.code).toBe('verify/channel-axis');
    expect(finding?.fix).toContain(`axis ${wanted}`);
  });

  test.each([
    ['Conv', dequantized('Conv', [1, 4, 5, 5], codes(4, 4, 1, 1), 0)],
    ['Gemm', dequantized('Gemm', [1, 4], codes(4, 4), 1)],
    ['transposed Gemm', dequantized('Gemm', [1, 4], codes(4, 4), 0, { transB: attribute.int(1) })],
    ['MatMul of rank three', dequantized('MatMul', [2, 1, 4], codes(2, 4, 4), 2)],
    ['one scale', dequantized('Conv', [1, 1, 5, 5], codes(4, 1, 1, 1), 1)],
  ])('%s: right, no finding', (_, graph) => {
    expect(channelAxisFindings(graph)).toEqual([]);
  });
});
