import { lowerTranspose } from '../../executor/lowerings/movement.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Operator } from '../operator.ts';
import { describe, intsAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { permuted } from '../shared/movement.ts';
import { inputType, valueType } from '../shared/types.ts';

/** Axis i of the output is axis perm[i] of the input; reversed axes by default. */
export const transpose: Operator = {
  op: 'Transpose',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    if (x.dims === undefined) return [x];
    return [
      valueType(
        x.dtype,
        permutation(node, x.dims.length).map((axis) => x.dims![axis]),
      ),
    ];
  },
  evaluate(node, [x]) {
    return [permuted(x!, permutation(node, x!.dims.length))];
  },
  lower: lowerTranspose,
  quantization: { kind: 'same-scale' },
};

export function permutation(node: GraphNode, rank: number): number[] {
  const order = intsAttribute(node, 'perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  const seen = new Set(order);
  if (order.length !== rank || seen.size !== rank || !order.every((axis) => axis >= 0 && axis < rank))
    fail('model/attribute', `Attribute “perm” of ${describe(node)} is no order of ${rank} axes.`);
  return order;
}
