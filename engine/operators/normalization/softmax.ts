import type { Lower } from '../../executor/lowering.ts';
import { lowerSoftmax } from '../../executor/lowerings/reductions.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { poll } from '../../progress.ts';
import { elementCount, type Tensor } from '../../tensor.ts';
import type { Operator, QuantizationRole } from '../operator.ts';
import { intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { costCount, inputType, normalizeAxis } from '../shared/types.ts';

/**
 * Softmax, LogSoftmax and Hardmax. Since operator set 13 along one axis (the last by default); before, the input was
 * read as a matrix whose rows begin at `axis` (1 by default).
 */
function alongAxis(
  op: string,
  apply: (row: Float64Array) => void,
  { quantization, lower }: { readonly quantization?: QuantizationRole; readonly lower?: Lower } = {},
): Operator {
  return {
    op,
    domain: '',
    opsets: [1, newestOpset],
    infer(node, context) {
      const x = inputType(node, 0, context);
      if (x.dims !== undefined && x.dims.length > 0) rowsOf(node, x.dims.length, context.opset);
      return [x];
    },
    evaluate: (node, [x], { opset }) => [applyRows(node, x!, opset, apply)],
    cost: (node, context) => ({ macs: 0, operations: 3 * costCount(context.type(node.outputs[0] ?? '')?.dims) }),
    ...(lower && { lower }),
    ...(quantization && { quantization }),
  };
}

/** First axis of a row and whether the row takes in all axes behind it. */
export function rowsOf(node: GraphNode, rank: number, opset: number): { axis: number; flattened: boolean } {
  const flattened = opset < 13;
  const axis = intAttribute(node, 'axis', flattened ? 1 : -1);
  if (flattened && axis === rank) return { axis, flattened };
  return { axis: normalizeAxis(node, axis, rank), flattened };
}

function applyRows(node: GraphNode, x: Tensor, opset: number, apply: (row: Float64Array) => void): Tensor {
  const dims = x.dims.length === 0 ? [1] : x.dims;
  const { axis, flattened } = rowsOf(node, dims.length, opset);
  const length = flattened ? elementCount(dims.slice(axis)) : dims[axis]!;
  const stride = flattened ? 1 : elementCount(dims.slice(axis + 1));
  const values = numbersOf(x);
  const out = new Float64Array(values.length);
  const row = new Float64Array(length);
  const rows = length === 0 ? 0 : values.length / length;
  for (let r = 0; r < rows; r++) {
    poll();
    const start = Math.floor(r / stride) * length * stride + (r % stride);
    for (let i = 0; i < length; i++) row[i] = values[start + i * stride]!;
    apply(row);
    for (let i = 0; i < length; i++) out[start + i * stride] = row[i]!;
  }
  return tensorOf(x.dtype, x.dims, out);
}

export function softmaxRow(row: Float64Array): void {
  let top = -Infinity;
  for (const value of row) top = Math.max(top, value);
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    row[i] = Math.exp(row[i]! - top);
    sum += row[i]!;
  }
  for (let i = 0; i < row.length; i++) row[i]! /= sum;
}

export const softmax = alongAxis('Softmax', softmaxRow, {
  quantization: { kind: 'elementwise' },
  lower: lowerSoftmax(false),
});

export const logSoftmax = alongAxis('LogSoftmax', logSoftmaxRow, { lower: lowerSoftmax(true) });

export function logSoftmaxRow(row: Float64Array): void {
  let top = -Infinity;
  for (const value of row) top = Math.max(top, value);
  let sum = 0;
  for (const value of row) sum += Math.exp(value - top);
  const shift = top + Math.log(sum);
  for (let i = 0; i < row.length; i++) row[i]! -= shift;
}

export const hardmax = alongAxis('Hardmax', (row) => {
  let best = 0;
  for (let i = 1; i < row.length; i++) if (row[i]! > row[best]!) best = i;
  row.fill(0);
  row[best] = 1;
});
