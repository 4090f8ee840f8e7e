import type { GraphNode } from '../../graph/graph.ts';
import type { Tensor, ValueType } from '../../tensor.ts';
import type { Parts } from '../decomposition.ts';
import { gemm } from '../linear/gemm.ts';
import type { InferContext, Operator } from '../operator.ts';
import { floatAttribute, intAttribute } from '../shared/attributes.ts';
import { mapTensor } from '../shared/elementwise.ts';
import { permuted } from '../shared/movement.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { addScaled, addTranspose } from '../shared/parts.ts';
import { matmul, matmulDims } from '../shared/product.ts';
import { costCount, costDims, inputType, requireSameType, valueType } from '../shared/types.ts';
import { fusedActivation } from './fused-activation.ts';

/** Matrix products with what ONNX Runtime's optimiser puts around them. */

/**
 * alpha · A' · B' by numpy's rules. `transA` swaps the last two axes of A; `transBatchA` first moves its first axis in
 * front of the last one. Vectors stay as they are.
 */
export const fusedMatMul: Operator = {
  op: 'FusedMatMul',
  domain: 'com.microsoft',
  opsets: [1, 1],
  isFusion: true,
  infer(node, context) {
    const [a, b] = [arranged(node, context, 0), arranged(node, context, 1)];
    requireSameType(node, a, b);
    return [valueType(a.dtype, matmulDims(node, a, b))];
  },
  evaluate(node, [a, b]) {
    const [left, right] = [arrangedTensor(node, a!, 0), arrangedTensor(node, b!, 1)];
    const { values, dims } = matmul(
      { values: numbersOf(left), dims: left.dims },
      { values: numbersOf(right), dims: right.dims },
    );
    const alpha = floatAttribute(node, 'alpha', 1);
    return [
      tensorOf(
        a!.dtype,
        dims,
        values.map((value) => alpha * value),
      ),
    ];
  },
  cost(node, context) {
    const a = costDims(arranged(node, context, 0).dims);
    return { macs: costCount(context.type(node.outputs[0] ?? '')?.dims) * (a[a.length - 1] ?? 1), operations: 0 };
  },
  decompose(node, parts) {
    const [a, b] = node.inputs.map((name, index) => addArranged(node, parts, name, index)) as [string, string];
    const alpha = floatAttribute(node, 'alpha', 1);
    // A constant factor is better in the weights than behind the product.
    parts.add(
      'MatMul',
      parts.constant(node.inputs[1]!) ? [a, addScaled(parts, b, alpha)] : [addScaled(parts, a, alpha), b],
      {},
      {
        output: node.outputs[0]!,
      },
    );
    return undefined;
  },
};

/** FusedMatMul's older name. */
export const transposeMatMul: Operator = { ...fusedMatMul, op: 'TransposeMatMul' };

const sides = ['A', 'B'] as const;

/** Order of an operand's axes in the product; undefined where it is its own. */
function order(node: GraphNode, index: number, rank: number): number[] | undefined {
  const isSet = (name: string) => intAttribute(node, `${name}${sides[index]}`, 0) !== 0;
  if (rank < 2) return undefined;
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const batched = isSet('transBatch') ? [...axes.slice(1, -1), 0, rank - 1] : axes;
  const [row, column] = batched.slice(-2) as [number, number];
  const result = isSet('trans') ? [...batched.slice(0, -2), column, row] : batched;
  return result.every((axis, i) => axis === i) ? undefined : result;
}

function arranged(node: GraphNode, context: InferContext, index: number): ValueType {
  const type = inputType(node, index, context);
  const axes = type.dims && order(node, index, type.dims.length);
  return axes
    ? valueType(
        type.dtype,
        axes.map((axis) => type.dims![axis]),
      )
    : type;
}

function addArranged(node: GraphNode, parts: Parts, name: string, index: number): string {
  const axes = order(node, index, parts.rank(name));
  return axes ? addTranspose(parts, name, axes) : name;
}

function arrangedTensor(node: GraphNode, tensor: Tensor, index: number): Tensor {
  const axes = order(node, index, tensor.dims.length);
  return axes ? permuted(tensor, axes) : tensor;
}

const { quantization: _role, lower: _kernel, ...product } = gemm;

/** Gemm with an activation behind it. */
export const fusedGemm: Operator = {
  ...product,
  op: 'FusedGemm',
  domain: 'com.microsoft',
  opsets: [1, 1],
  isFusion: true,
  evaluate(node, inputs, context) {
    const [y] = gemm.evaluate!(node, inputs, context) as [Tensor];
    const activation = fusedActivation(node);
    return [activation ? mapTensor(y, activation.apply) : y];
  },
  decompose(node, parts) {
    const output = node.outputs[0]!;
    const activation = fusedActivation(node);
    const y = parts.add('Gemm', node.inputs, node.attributes, activation ? {} : { output });
    activation?.add(parts, y, output);
    return undefined;
  },
};
