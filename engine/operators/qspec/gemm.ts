import { lowerQGemm } from '../../executor/lowerings/integer.ts';
import { poll } from '../../progress.ts';
import type { Operator } from '../operator.ts';
import { intAttribute } from '../shared/attributes.ts';
import { inputType } from '../shared/types.ts';
import {
  allocateCodes,
  codesOf,
  offsets,
  outputCodes,
  requantization,
  requantize,
  weightOffsets,
} from './requantization.ts';

/**
 * Integer matrix product with a constant right side. Inputs: X codes [..., K], W codes [K, N] (`transB`: [N, K]),
 * B int32 [N] (optional). acc = B[n] + Σ (x − x_zero_point)·w in int32; then requantisation per column.
 */
export const qgemm: Operator = {
  op: 'QGemm',
  domain: 'qspec',
  opsets: [1, 1],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const w = inputType(node, 1, context);
    const columns = w.dims?.[intAttribute(node, 'transB', 0) === 1 ? 0 : 1];
    const { dtype } = outputCodes(node);
    return [x.dims === undefined ? { dtype } : { dtype, dims: [...x.dims.slice(0, -1), columns] }];
  },
  cost(node, context) {
    const x = inputType(node, 0, context).dims ?? [];
    const w = inputType(node, 1, context).dims ?? [];
    const rows = x.slice(0, -1).reduce<number>((n, d) => n * (typeof d === 'number' ? d : 1), 1);
    const [a, b] = w.map((d) => (typeof d === 'number' ? d : 1));
    return { macs: rows * (a ?? 1) * (b ?? 1), operations: rows };
  },
  evaluate(node, [x, w, b]) {
    const inner = x!.dims.at(-1)!;
    const transposed = intAttribute(node, 'transB', 0) === 1;
    const columns = w!.dims[transposed ? 0 : 1]!;
    const rows = inner === 0 ? 0 : x!.data.length / inner;
    const values = offsets(codesOf(node, x, 'Input'), intAttribute(node, 'x_zero_point', 0));
    const weights = weightOffsets(node, w, transposed ? 0 : 1);
    const bias = b?.data as Int32Array | undefined;
    const requantizing = requantization(node);
    const out = allocateCodes(requantizing.output.dtype, rows * columns);
    const [step, stride] = transposed ? [1, inner] : [columns, 1];
    for (let row = 0; row < rows; row++) {
      poll();
      for (let column = 0; column < columns; column++) {
        let accumulator = bias?.[column] ?? 0;
        for (let k = 0; k < inner; k++) accumulator += values[row * inner + k]! * weights[column * stride + k * step]!;
        out[row * columns + column] = requantize(accumulator | 0, column, requantizing);
      }
    }
    return [{ dtype: requantizing.output.dtype, dims: [...x!.dims.slice(0, -1), columns], data: out }];
  },
  lower: lowerQGemm,
};
