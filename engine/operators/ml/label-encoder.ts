import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { type DataType, elementCount, float32Tensor, int64Tensor, type Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import {
  describe,
  floatAttribute,
  floatsAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
  stringsAttribute,
  tensorAttribute,
} from '../shared/attributes.ts';
import { emptyLike, movable } from '../shared/numbers.ts';
import { inputType, valueType } from '../shared/types.ts';

/**
 * Replaces every key by its value and everything else by a default. Keys and values are lists of one type each (since
 * version 4 also tensors); version 1 numbers a list of texts, and takes numbers back to texts.
 */
export const labelEncoder: Operator = {
  op: 'LabelEncoder',
  domain: 'ai.onnx.ml',
  opsets: [1, 5],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const { keys, values } = tablesOf(node, x.dtype, context.opset);
    if (keys.dtype !== x.dtype)
      fail('model/type', `${describe(node)} has keys of ${keys.dtype} for an input of ${x.dtype}.`);
    if (elementCount(keys.dims) !== elementCount(values.dims))
      fail('model/attribute', `${describe(node)} has ${keys.data.length} keys and ${values.data.length} values.`);
    return [valueType(values.dtype, x.dims)];
  },
  evaluate(node, [x], { opset }) {
    const { keys, values, fallback } = tablesOf(node, x!.dtype, opset);
    // A Map finds NaN, too, and takes 0 and -0 for the same.
    const places = new Map(Array.from(keys.data as Iterable<unknown>, (key, i) => [key, i]));
    const { tensor, data } = emptyLike(values, x!.dims);
    const [from, to, other] = [movable(x!), movable(values), movable(fallback)];
    for (let i = 0; i < data.length; i++) {
      const place = places.get(from[i]);
      data[i] = place === undefined ? other[0] : to[place];
    }
    return [tensor];
  },
};

interface Tables {
  readonly keys: Tensor;
  readonly values: Tensor;
  /** One element. */
  readonly fallback: Tensor;
}

const text = (values: readonly string[]): Tensor => ({ dtype: 'string', dims: [values.length], data: [...values] });

function tablesOf(node: GraphNode, input: DataType, opset: number): Tables {
  if (opset < 2) {
    const classes = stringsAttribute(node, 'classes_strings') ?? [];
    const [texts, numbers] = [text(classes), int64Tensor([classes.length], [...classes.keys()])];
    const [keys, values] = input === 'string' ? [texts, numbers] : [numbers, texts];
    return { keys, values, fallback: fallbackOf(node, values.dtype) };
  }
  const values = listOf(node, 'values');
  return { keys: listOf(node, 'keys'), values, fallback: fallbackOf(node, values.dtype) };
}

function listOf(node: GraphNode, name: 'keys' | 'values'): Tensor {
  const strings = stringsAttribute(node, `${name}_strings`);
  if (strings !== undefined) return text(strings);
  const ints = intsAttribute(node, `${name}_int64s`);
  if (ints !== undefined) return int64Tensor([ints.length], ints);
  const floats = floatsAttribute(node, `${name}_floats`);
  if (floats !== undefined) return float32Tensor([floats.length], Float32Array.from(floats));
  return tensorAttribute(node, `${name}_tensor`) ?? fail('model/attribute', `${describe(node)} lacks its ${name}.`);
}

function fallbackOf(node: GraphNode, dtype: DataType): Tensor {
  const given = tensorAttribute(node, 'default_tensor');
  if (given !== undefined && given.dtype === dtype && given.data.length === 1) return given;
  if (dtype === 'string') return text([stringAttribute(node, 'default_string', '_Unused')]);
  if (dtype === 'int64') return int64Tensor([1], [intAttribute(node, 'default_int64', -1)]);
  if (dtype === 'float32') return float32Tensor([1], Float32Array.of(floatAttribute(node, 'default_float', -0)));
  fail('model/attribute', `${describe(node)} has values of ${dtype} and no default of that type.`);
}
