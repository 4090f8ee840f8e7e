import { lowerMatMul } from '../../executor/lowerings/product.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { InferContext, Operator } from '../operator.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { matmulDims, matmul as multiply } from '../shared/product.ts';
import { costCount, costDims, inputType, requireSameType, valueType } from '../shared/types.ts';

/** numpy's matmul: a […, M, K], b […, K, N] -> […, M, N]. */
export const matmul: Operator = {
  op: 'MatMul',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const a = inputType(node, 0, context);
    const b = inputType(node, 1, context);
    requireSameType(node, a, b);
    return [valueType(a.dtype, matmulDims(node, a, b))];
  },
  evaluate(node, [a, b]) {
    matmulDims(node, a!, b!);
    const { values, dims } = multiply(
      { values: numbersOf(a!), dims: a!.dims },
      { values: numbersOf(b!), dims: b!.dims },
    );
    return [tensorOf(a!.dtype, dims, values)];
  },
  cost: productCost,
  lower: lowerMatMul,
  quantization: { kind: 'compute', weight: 1, weightAxis: () => 1 },
};

/** K multiply-accumulates for each output element. */
export function productCost(node: GraphNode, context: InferContext) {
  const a = costDims(context.type(node.inputs[0] ?? '')?.dims);
  const y = context.type(node.outputs[0] ?? '');
  return { macs: costCount(y?.dims) * (a[a.length - 1] ?? 1), operations: 0 };
}
