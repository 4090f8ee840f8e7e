import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { bigintsOf, isWide, scalarOf, tensorOf } from '../shared/numbers.ts';
import { constantInput, inputType, valueType } from '../shared/types.ts';

/** start, start + delta, … up to, not including, limit. */
export const range: Operator = {
  op: 'Range',
  domain: '',
  opsets: [11, newestOpset],
  infer(node, context) {
    const { dtype } = inputType(node, 0, context);
    const [start, limit, delta] = [0, 1, 2].map((i) => constantInput(node, i, context));
    return [valueType(dtype, [start && limit && delta ? length(node, start, limit, delta) : undefined])];
  },
  inferElements(node, context) {
    const [start, limit, delta] = [0, 1, 2].map((i) => context.dimensions(node.inputs[i] ?? '')?.[0]);
    if (typeof start !== 'number' || typeof limit !== 'number' || typeof delta !== 'number') return undefined;
    const count = Math.ceil((limit - start) / delta);
    return count >= 0 && count <= 1024 ? Array.from({ length: count }, (_, i) => start + i * delta) : undefined;
  },
  evaluate(node, [start, limit, delta]) {
    const count = length(node, start!, limit!, delta!);
    const { dtype } = start!;
    if (isWide(dtype)) {
      const [first, step] = [bigintsOf(start!)[0]!, bigintsOf(delta!)[0]!];
      return [
        { dtype, dims: [count], data: BigInt64Array.from({ length: count }, (_, i) => first + BigInt(i) * step) },
      ];
    }
    const [first, step] = [scalarOf(start!), scalarOf(delta!)];
    return [
      tensorOf(
        dtype,
        [count],
        Float64Array.from({ length: count }, (_, i) => first + i * step),
      ),
    ];
  },
};

function length(node: GraphNode, start: Tensor, limit: Tensor, delta: Tensor): number {
  const step = scalarOf(delta);
  if (step === 0 || Number.isNaN(step)) fail('model/shape', `${describe(node)} has a step of ${step}.`);
  const count = Math.max(0, Math.ceil((scalarOf(limit) - scalarOf(start)) / step));
  if (!(count < 2 ** 31)) fail('model/too-large', `${describe(node)} makes a range of ${count} elements.`);
  return count;
}
