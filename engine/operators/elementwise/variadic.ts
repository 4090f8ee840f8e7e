import { lowerVariadic } from '../../executor/lowerings/elementwise.ts';
import type { Tensor } from '../../tensor.ts';
import { broadcastShape } from '../shared/broadcast.ts';
import { mapPair, mapTensor, variadicOperator } from '../shared/elementwise.ts';
import { tensorOf } from '../shared/numbers.ts';

/** Max, Min, Sum, Mean: any number of inputs, numpy broadcasting. */
function fold(
  inputs: readonly Tensor[],
  apply: (a: number, b: number) => number,
  wide?: (a: bigint, b: bigint) => bigint,
): Tensor {
  let result = inputs[0]!;
  for (const input of inputs.slice(1)) result = mapPair(result, input, result.dtype, apply, wide);
  return result;
}

/** Sums keep double precision until the end. */
function total(inputs: readonly Tensor[], divisor: number): Tensor {
  const dims = broadcastShape(inputs.map((input) => input.dims));
  let sum: Tensor = tensorOf('float64', dims, new Float64Array(dims.reduce((a, b) => a * b, 1)));
  for (const input of inputs) sum = mapPair(sum, input, 'float64', (a, b) => a + b);
  return mapTensor(sum, (x) => x / divisor, inputs[0]!.dtype);
}

const bigger = (a: bigint, b: bigint) => (a > b ? a : b);
const smaller = (a: bigint, b: bigint) => (a < b ? a : b);

export const max = variadicOperator('Max', (_node, inputs) => fold(inputs, Math.max, bigger), {
  quantization: { kind: 'same-scale' },
  lower: lowerVariadic('max'),
});
export const min = variadicOperator('Min', (_node, inputs) => fold(inputs, Math.min, smaller), {
  quantization: { kind: 'same-scale' },
  lower: lowerVariadic('min'),
});
export const sum = variadicOperator('Sum', (_node, inputs) => total(inputs, 1), {
  quantization: { kind: 'elementwise' },
  lower: lowerVariadic('add'),
});
export const mean = variadicOperator('Mean', (_node, inputs) => total(inputs, inputs.length));
