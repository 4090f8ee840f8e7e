import type { Dimension, ValueType } from '../../tensor.ts';
import { type AnyType, isTensorType, type OptionalType, requireTensor } from '../../value.ts';
import type { Operator } from '../operator.ts';
import { describe, graphAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { scalarOf } from '../shared/numbers.ts';
import { constantInput, valueType } from '../shared/types.ts';

/** Runs one of two subgraphs. */
export const ifOperator: Operator = {
  op: 'If',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const condition = constantInput(node, 0, context);
    const branches = [graphAttribute(node, 'then_branch'), graphAttribute(node, 'else_branch')] as const;
    if (condition !== undefined) return context.inferSubgraph(branches[scalarOf(condition) !== 0 ? 0 : 1]);
    const [then, otherwise] = branches.map((branch) => context.inferSubgraph(branch)) as [Types, Types];
    return node.outputs.map((_, i) => common(then[i], otherwise[i]));
  },
  evaluateValues: (node, [condition], context) => {
    const chosen = scalarOf(requireTensor(condition!, `The condition of ${describe(node)}`)) !== 0;
    return context.evaluateSubgraph(graphAttribute(node, chosen ? 'then_branch' : 'else_branch'), []);
  },
};

type Types = readonly (AnyType | undefined)[];

/** What two types agree on. */
export function common(a: ValueType | undefined, b: ValueType | undefined): ValueType | undefined;
export function common(a: AnyType | undefined, b: AnyType | undefined): AnyType | undefined;
export function common(a: AnyType | undefined, b: AnyType | undefined): AnyType | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (!isTensorType(a) || !isTensorType(b)) {
    if (isTensorType(a) || isTensorType(b) || a.kind !== b.kind) return undefined;
    const element = common(a.element, b.element);
    if (a.kind === 'optional') return { kind: 'optional', element: element as OptionalType['element'] };
    return element && { kind: 'sequence', element: element as ValueType };
  }
  if (a.dtype !== b.dtype) return undefined;
  if (a.dims === undefined || b.dims === undefined || a.dims.length !== b.dims.length) return { dtype: a.dtype };
  return valueType(
    a.dtype,
    a.dims.map((dim, i): Dimension => (dim === b.dims![i] ? dim : undefined)),
  );
}
