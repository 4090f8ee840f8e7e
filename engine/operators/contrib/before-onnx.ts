import { fail } from '../../findings.ts';
import { attribute, makeNode } from '../../graph/build.ts';
import { type Dimension, elementCount } from '../../tensor.ts';
import { gatherND as standardGatherND } from '../indexing/gather.ts';
import { unique as standardUnique } from '../indexing/select.ts';
import type { Operator } from '../operator.ts';
import { pad as standardPad } from '../shape/pad.ts';
import { trilu as standardTrilu } from '../shape/trilu.ts';
import { describe, stringAttribute } from '../shared/attributes.ts';
import { reshaped } from '../shared/movement.ts';
import { numbersOf, scalarOf, tensorOf } from '../shared/numbers.ts';
import {
  constantInts,
  costDims,
  inputType,
  requireRank,
  requireSameType,
  unifyDimension,
  valueType,
} from '../shared/types.ts';

/** Operators of ONNX Runtime from before ONNX had them, and a few that it never got. */

const contrib = { domain: 'com.microsoft', opsets: [1, 1] } as const satisfies Partial<Operator>;

export const trilu: Operator = { ...standardTrilu, ...contrib };

/** The standard operator without batch axes. */
export const gatherND: Operator = { ...standardGatherND, ...contrib };

/** The standard operator in the form of operator set 11. */
export const pad: Operator = {
  ...contrib,
  op: 'Pad',
  infer: (node, context) => standardPad.infer(node, { ...context, opset: 11 }),
  evaluate: (node, inputs, context) => standardPad.evaluate!(node, inputs, { ...context, opset: 11 }),
  decompose(node, parts) {
    if (parts.opset < 11) return 'Pad is that of operator set 11';
    parts.add('Pad', node.inputs, node.attributes, { output: node.outputs[0]! });
    return undefined;
  },
};

/** Distinct elements of a vector in the order in which they come, the place of each element among them, and how often. */
export const unique: Operator = {
  ...contrib,
  op: 'Unique',
  infer(node, context) {
    const x = inputType(node, 0, context);
    requireRank(node, 'The input', x, 1);
    return [valueType(x.dtype, [undefined]), valueType('int64', x.dims), valueType('int64', [undefined])];
  },
  evaluate(node, inputs, context) {
    const unsorted = makeNode(node.name, 'Unique', node.inputs, ['y'], { sorted: attribute.int(0) });
    const [y, , places, counts] = standardUnique.evaluate!(unsorted, inputs, context);
    return [y!, places!, counts!];
  },
};

/** An axis of size 1 at the place given. */
export const expandDims: Operator = {
  ...contrib,
  op: 'ExpandDims',
  infer(node, context) {
    const x = inputType(node, 0, context);
    const axis = constantInts(node, 1, context)?.[0];
    return [valueType(x.dtype, x.dims && axis !== undefined ? expanded(x.dims, axis) : undefined)];
  },
  evaluate: (_node, [x, axis]) => [reshaped(x!, expanded(x!.dims, scalarOf(axis!)) as number[])],
  decompose(node, parts) {
    const { dims } = parts.type(node.outputs[0]!);
    const shape = parts.tensor({ dtype: 'int64', dims: [dims.length], data: BigInt64Array.from(dims, BigInt) });
    parts.add('Reshape', [node.inputs[0]!, shape], {}, { output: node.outputs[0]! });
    return undefined;
  },
};

function expanded(dims: readonly Dimension[], axis: number): Dimension[] {
  const at = axis < 0 ? axis + dims.length + 1 : axis;
  return [...dims.slice(0, at), 1, ...dims.slice(at)];
}

/** Distances between the rows of a [M, K] and those of b [N, K]: [M, N], Euclidean or squared. */
export const cdist: Operator = {
  ...contrib,
  op: 'CDist',
  infer(node, context) {
    const [a, b] = [inputType(node, 0, context), inputType(node, 1, context)];
    requireSameType(node, a, b);
    requireRank(node, 'The first input', a, 2);
    requireRank(node, 'The second input', b, 2);
    unifyDimension(node, 'The widths of the inputs', a.dims?.[1], b.dims?.[1]);
    const metric = stringAttribute(node, 'metric', 'sqeuclidean');
    if (metric !== 'euclidean' && metric !== 'sqeuclidean')
      fail('model/attribute', `${describe(node)} measures by “${metric}”.`, {
        fix: 'Known are euclidean and sqeuclidean.',
      });
    return [valueType(a.dtype, [a.dims?.[0], b.dims?.[0]])];
  },
  evaluate(node, [a, b]) {
    const isRoot = stringAttribute(node, 'metric', 'sqeuclidean') === 'euclidean';
    const [rows, width] = a!.dims as [number, number];
    const columns = b!.dims[0]!;
    const [left, right] = [numbersOf(a!), numbersOf(b!)];
    const out = Float64Array.from({ length: rows * columns }, (_, n) => {
      const [i, j] = [Math.floor(n / columns), n % columns];
      let squares = 0;
      for (let k = 0; k < width; k++) squares += (left[i * width + k]! - right[j * width + k]!) ** 2;
      return isRoot ? Math.sqrt(squares) : squares;
    });
    return [tensorOf(a!.dtype, [rows, columns], out)];
  },
  cost(node, context) {
    const [rows = 1, width = 1] = costDims(context.type(node.inputs[0] ?? '')?.dims);
    const [columns = 1] = costDims(context.type(node.inputs[1] ?? '')?.dims);
    return { macs: rows * columns * width, operations: 0 };
  },
};

/** Inverse of each matrix [… , n, n], by Gauss-Jordan elimination with the largest pivot of the column. */
export const inverse: Operator = {
  ...contrib,
  op: 'Inverse',
  infer(node, context) {
    const x = inputType(node, 0, context);
    requireRank(node, 'The input', x, 2, 8);
    const [rows, columns] = x.dims?.slice(-2) ?? [];
    unifyDimension(node, 'Rows and columns', rows, columns);
    return [x];
  },
  evaluate(node, [x]) {
    const size = x!.dims[x!.dims.length - 1]!;
    const values = Float64Array.from(numbersOf(x!));
    const out = new Float64Array(values.length);
    for (let start = 0; start < values.length; start += size * size)
      invert(values.subarray(start, start + size * size), out.subarray(start, start + size * size), size, () =>
        fail('run/singular', `A matrix that ${describe(node)} inverts has no inverse.`),
      );
    return [tensorOf(x!.dtype, x!.dims, out)];
  },
  cost(node, context) {
    const dims = costDims(context.type(node.inputs[0] ?? '')?.dims);
    return { macs: elementCount(dims) * (dims[dims.length - 1] ?? 1), operations: 0 };
  },
};

function invert(m: Float64Array, out: Float64Array, size: number, singular: () => never): void {
  for (let i = 0; i < size; i++) out[i * size + i] = 1;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++)
      if (Math.abs(m[row * size + column]!) > Math.abs(m[pivot * size + column]!)) pivot = row;
    const factor = m[pivot * size + column]!;
    if (factor === 0 || !Number.isFinite(factor)) singular();
    for (const matrix of [m, out])
      for (let j = 0; j < size; j++) {
        const [a, b] = [column * size + j, pivot * size + j];
        const value = matrix[b]! / factor;
        matrix[b] = matrix[a]!;
        matrix[a] = value;
      }
    for (let row = 0; row < size; row++) {
      const own = m[row * size + column]!;
      if (row === column || own === 0) continue;
      for (const matrix of [m, out])
        for (let j = 0; j < size; j++) matrix[row * size + j]! -= own * matrix[column * size + j]!;
    }
  }
}
