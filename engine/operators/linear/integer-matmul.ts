import { lowerMatMulInteger, lowerQLinearMatMul } from '../../executor/lowerings/qlinear.ts';
import { elementCount } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { alongAxis, centred, requantized } from '../shared/integer.ts';
import { numbersOf, scalarOf, tensorOf } from '../shared/numbers.ts';
import { matmul, matmulDims } from '../shared/product.ts';
import { inputType, valueType } from '../shared/types.ts';
import { productCost } from './matmul.ts';

/** Product of 8-bit codes into int32. Zero points: of `a` per row, of `b` per column. */
export const matMulInteger: Operator = {
  op: 'MatMulInteger',
  domain: '',
  opsets: [10, newestOpset],
  infer: (node, context) => [
    valueType('int32', matmulDims(node, inputType(node, 0, context), inputType(node, 1, context))),
  ],
  evaluate(node, [a, b, aZero, bZero]) {
    matmulDims(node, a!, b!);
    const { values, dims } = matmul(
      { values: centred(node, a!, aZero, a!.dims.length === 1 ? 0 : -2), dims: a!.dims },
      { values: centred(node, b!, bZero, -1), dims: b!.dims },
    );
    return [tensorOf('int32', dims, values)];
  },
  cost: productCost,
  lower: lowerMatMulInteger,
};

/** Inputs: a, its scale and zero point, b, its scale and zero point, y's scale and zero point. */
export const qlinearMatMul: Operator = {
  op: 'QLinearMatMul',
  domain: '',
  opsets: [10, newestOpset],
  infer: (node, context) => [
    valueType(
      inputType(node, 7, context).dtype,
      matmulDims(node, inputType(node, 0, context), inputType(node, 3, context)),
    ),
  ],
  evaluate(node, [a, aScale, aZero, b, bScale, bZero, yScale, yZero]) {
    matmulDims(node, a!, b!);
    const { values, dims } = matmul(
      { values: centred(node, a!, aZero, a!.dims.length === 1 ? 0 : -2), dims: a!.dims },
      { values: centred(node, b!, bZero, -1), dims: b!.dims },
    );
    const rows = elementCount(aScale!.dims) === 1 ? undefined : alongAxis(node, dims, aScale!, -2);
    const columns = elementCount(bScale!.dims) === 1 ? undefined : alongAxis(node, dims, bScale!, -1);
    const left = numbersOf(aScale!);
    const right = numbersOf(bScale!);
    const multiplier = (i: number) =>
      Math.fround(Math.fround(left[rows?.(i) ?? 0]! * right[columns?.(i) ?? 0]!) / scalarOf(yScale!));
    return [requantized(values, dims, multiplier, yZero!)];
  },
  cost: productCost,
  lower: lowerQLinearMatMul,
};
