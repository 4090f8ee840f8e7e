import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { onnx } from '../../onnx/proto.ts';
import { denseFromProto } from '../../onnx/sparse-tensor.ts';
import { float32Tensor, int64Tensor, type Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, floatsAttribute, intsAttribute, stringsAttribute, tensorAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { filled } from '../shared/movement.ts';
import { integersOf } from '../shared/numbers.ts';
import { dimensionInput, inputType, valueType } from '../shared/types.ts';

export const constant: Operator = {
  op: 'Constant',
  domain: '',
  opsets: [1, newestOpset],
  infer(node) {
    const value = constantValue(node);
    return [valueType(value.dtype, value.dims)];
  },
  evaluate: (node) => [constantValue(node)],
};

/** The tensor of a Constant node, whichever attribute holds it. */
export function constantValue(node: GraphNode): Tensor {
  const { value_float: float, value_int: int, value_string: text, sparse_value: sparse } = node.attributes;
  const tensor = tensorAttribute(node, 'value');
  if (tensor !== undefined) return tensor;
  if (float?.kind === 'float') return float32Tensor([], Float32Array.of(float.value));
  if (int?.kind === 'int') return int64Tensor([], [int.value]);
  if (text?.kind === 'string') return { dtype: 'string', dims: [], data: [text.value] };
  const floats = floatsAttribute(node, 'value_floats');
  if (floats !== undefined) return float32Tensor([floats.length], Float32Array.from(floats));
  const ints = intsAttribute(node, 'value_ints');
  if (ints !== undefined) return int64Tensor([ints.length], ints);
  const strings = stringsAttribute(node, 'value_strings');
  if (strings !== undefined) return { dtype: 'string', dims: [strings.length], data: [...strings] };
  if (sparse?.kind === 'opaque') {
    const proto = (sparse.value as onnx.AttributeProto).sparse_tensor;
    if (proto !== undefined) return denseFromProto(proto);
  }
  fail('model/attribute', `${describe(node)} has no value that QSpec reads.`);
}

/** A tensor of the given shape, filled with one value (float32 0 by default). */
export const constantOfShape: Operator = {
  op: 'ConstantOfShape',
  domain: '',
  opsets: [9, newestOpset],
  infer(node, context) {
    inputType(node, 0, context);
    return [valueType(tensorAttribute(node, 'value')?.dtype ?? 'float32', dimensionInput(node, 0, context))];
  },
  inferElements(node, context) {
    const value = tensorAttribute(node, 'value');
    const length = dimensionInput(node, 0, context);
    const count = length?.length === 1 ? length[0] : undefined;
    if (value?.dtype !== 'int64' || typeof count !== 'number' || count > 64) return undefined;
    return new Array<number>(count).fill(integersOf(value)[0]!);
  },
  evaluate(node, [shape]) {
    const value = tensorAttribute(node, 'value') ?? float32Tensor([1], new Float32Array(1));
    return [filled(value, integersOf(shape!))];
  },
};
