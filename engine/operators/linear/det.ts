import { elementCount } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { inputType, requireRank, unifyDimension, valueType } from '../shared/types.ts';

/** Determinants of square matrices, by elimination with pivots. */
export const det: Operator = {
  op: 'Det',
  domain: '',
  opsets: [11, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    requireRank(node, 'The input', x, 2, 64);
    if (x.dims !== undefined) unifyDimension(node, 'The sides of the matrix', x.dims.at(-1), x.dims.at(-2));
    return [valueType(x.dtype, x.dims?.slice(0, -2))];
  },
  evaluate(_node, [x]) {
    const n = x!.dims.at(-1)!;
    const dims = x!.dims.slice(0, -2);
    const values = numbersOf(x!);
    const out = Float64Array.from({ length: elementCount(dims) }, (_, i) =>
      determinant(
        Float64Array.from({ length: n * n }, (_entry, j) => values[i * n * n + j]!),
        n,
      ),
    );
    return [tensorOf(x!.dtype, dims, out)];
  },
};

function determinant(matrix: Float64Array, n: number): number {
  let result = 1;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(matrix[i * n + k]!) > Math.abs(matrix[pivot * n + k]!)) pivot = i;
    const head = matrix[pivot * n + k]!;
    if (head === 0) return 0;
    if (pivot !== k) {
      result = -result;
      for (let j = 0; j < n; j++)
        [matrix[k * n + j], matrix[pivot * n + j]] = [matrix[pivot * n + j]!, matrix[k * n + j]!];
    }
    result *= head;
    for (let i = k + 1; i < n; i++) {
      const factor = matrix[i * n + k]! / head;
      for (let j = k; j < n; j++) matrix[i * n + j]! -= factor * matrix[k * n + j]!;
    }
  }
  return result;
}
