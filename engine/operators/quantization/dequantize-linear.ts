import { lowerDequantizeLinear } from '../../executor/lowerings/codes.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { dataTypeOf } from '../../onnx/data-types.ts';
import type { DataType } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { inputType, valueType } from '../shared/types.ts';
import { scaleIndices } from './scaling.ts';

/** y = (x − zero point) · scale. Per tensor, per axis, per block. */
export const dequantizeLinear: Operator = {
  op: 'DequantizeLinear',
  domain: '',
  opsets: [10, newestOpset],
  infer: (node, context) => [
    valueType(realType(node, inputType(node, 1, context).dtype), inputType(node, 0, context).dims),
  ],
  evaluate(node, [x, scale, zeroPoint]) {
    const values = numbersOf(x!);
    const scales = numbersOf(scale!);
    const zeros = zeroPoint && numbersOf(zeroPoint);
    const indices = scaleIndices(node, x!.dims, scale!);
    const out = new Float64Array(values.length);
    for (let i = 0; i < out.length; i++) {
      const at = indices ? indices[i]! : 0;
      out[i] = (values[i]! - (zeros ? zeros[at]! : 0)) * scales[at]!;
    }
    return [tensorOf(realType(node, scale!.dtype), x!.dims, out)];
  },
  lower: lowerDequantizeLinear,
};

export const microsoftDequantizeLinear: Operator = { ...dequantizeLinear, domain: 'com.microsoft', opsets: [1, 1] };

function realType(node: GraphNode, scale: DataType): DataType {
  const named = intAttribute(node, 'output_dtype', 0);
  if (named === 0) return scale === 'float8e8m0' ? 'float32' : scale;
  const dtype = dataTypeOf(named);
  if (dtype === undefined) fail('model/attribute', `${describe(node)} writes a type that QSpec does not know.`);
  return dtype;
}
