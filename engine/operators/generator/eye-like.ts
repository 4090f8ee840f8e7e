import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { dataTypeOf } from '../../onnx/data-types.ts';
import { type DataType, elementCount } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { tensorOf } from '../shared/numbers.ts';
import { inputType, requireRank, valueType } from '../shared/types.ts';

/** Element type named by an attribute, or the given one. */
export function namedType(node: GraphNode, fallback: DataType): DataType {
  const named = intAttribute(node, 'dtype');
  if (named === undefined) return fallback;
  const dtype = dataTypeOf(named);
  if (dtype === undefined) fail('model/attribute', `${describe(node)} makes a type that QSpec does not know.`);
  return dtype;
}

/** Ones on the k-th diagonal of a matrix as large as the input, zeros elsewhere. */
export const eyeLike: Operator = {
  op: 'EyeLike',
  domain: '',
  opsets: [9, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    requireRank(node, 'The input', x, 2);
    return [valueType(namedType(node, x.dtype), x.dims)];
  },
  evaluate(node, [x]) {
    const k = intAttribute(node, 'k', 0);
    const columns = x!.dims[1]!;
    const out = Float64Array.from({ length: elementCount(x!.dims) }, (_, i) =>
      (i % columns) - Math.floor(i / columns) === k ? 1 : 0,
    );
    return [tensorOf(namedType(node, x!.dtype), x!.dims, out)];
  },
};
