import { lowerQuantizeLinear } from '../../executor/lowerings/codes.ts';
import { fail } from '../../findings.ts';
import { roundHalfEven } from '../../formats/rounding.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { bitsOfNumber, isBitFloat } from '../../numbers.ts';
import { dataTypeOf } from '../../onnx/data-types.ts';
import type { DataType, Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { allocate, integerRange, isInteger, numbersOf, roundTo } from '../shared/numbers.ts';
import { inputType, optionalType, valueType } from '../shared/types.ts';
import { scaleIndices } from './scaling.ts';

/**
 * y = saturate(round(x / scale) + zero point), ties to even. The quotient is rounded to the type of the scale
 * (`precision`, by default that of x) before it is rounded to an integer, as runtimes do. Per tensor, per axis, per block.
 */
export const quantizeLinear: Operator = {
  op: 'QuantizeLinear',
  domain: '',
  opsets: [10, newestOpset],
  infer: (node, context) => [
    valueType(codeType(node, optionalType(node, 2, context)?.dtype), inputType(node, 0, context).dims),
  ],
  evaluate: (node, [x, scale, zeroPoint]) => [quantized(node, x!, scale!, zeroPoint, codeType(node, zeroPoint?.dtype))],
  lower: lowerQuantizeLinear,
};

export const microsoftQuantizeLinear: Operator = { ...quantizeLinear, domain: 'com.microsoft', opsets: [1, 1] };

function codeType(node: GraphNode, zeroPoint: DataType | undefined): DataType {
  const named = intAttribute(node, 'output_dtype', 0);
  if (named === 0) return zeroPoint ?? 'uint8';
  const dtype = dataTypeOf(named);
  if (dtype === undefined) fail('model/attribute', `${describe(node)} writes a type that QSpec does not know.`);
  return dtype;
}

/** Type in which x / scale is computed. */
function quotientType(node: GraphNode, x: Tensor, scale: Tensor): DataType {
  const precision = intAttribute(node, 'precision', 0);
  if (precision !== 0) return dataTypeOf(precision) ?? 'float32';
  // e8m0 scales carry no mantissa; the division is exact in the type of x.
  const dtype = scale.dtype === 'float8e8m0' ? x.dtype : scale.dtype;
  return isInteger(dtype) ? 'float32' : dtype;
}

export function quantized(
  node: GraphNode,
  x: Tensor,
  scale: Tensor,
  zeroPoint: Tensor | undefined,
  dtype: DataType,
): Tensor {
  const values = numbersOf(x);
  const scales = numbersOf(scale);
  const zeros = zeroPoint && numbersOf(zeroPoint);
  const indices = scaleIndices(node, x.dims, scale);
  const precise = quotientType(node, x, scale);
  const data = allocate(dtype, values.length) as Uint8Array;
  if (isBitFloat(dtype)) {
    const saturate = intAttribute(node, 'saturate', 1) !== 0;
    for (let i = 0; i < data.length; i++) {
      const at = indices ? indices[i]! : 0;
      const quotient = roundTo(precise, values[i]! / scales[at]!) + (zeros ? zeros[at]! : 0);
      data[i] = bitsOfNumber(dtype, quotient, { saturate });
    }
    return { dtype, dims: x.dims, data };
  }
  const [low, high] = integerRange(dtype);
  for (let i = 0; i < data.length; i++) {
    const at = indices ? indices[i]! : 0;
    const quotient = roundTo(precise, values[i]! / scales[at]!);
    const code = roundHalfEven(quotient) + (zeros ? zeros[at]! : 0);
    data[i] = Number.isNaN(code) ? 0 : code < low ? low : Math.min(code, high);
  }
  return { dtype, dims: x.dims, data };
}
