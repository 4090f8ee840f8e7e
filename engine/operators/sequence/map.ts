import { fail } from '../../findings.ts';
import type { Tensor } from '../../tensor.ts';
import { isTensor, isTensorType, requireTensor, type Sequence, type SequenceType } from '../../value.ts';
import type { Operator } from '../operator.ts';
import { describe, graphAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { anyInputType, sequenceType } from '../shared/types.ts';

/**
 * Runs its body for every position of a sequence; further inputs are sequences as long as the first, taken by the same
 * position, or tensors, given as they are. Body: (tensor…) -> (tensor…), each collected into a sequence.
 */
export const sequenceMap: Operator = {
  op: 'SequenceMap',
  domain: '',
  opsets: [17, newestOpset],
  infer(node, context) {
    sequenceType(node, 0, context);
    const types = node.inputs.map((_, i) => anyInputType(node, i, context));
    const inner = types.map((type) =>
      isTensorType(type) ? type : type.kind === 'sequence' ? type.element : undefined,
    );
    return context
      .inferSubgraph(graphAttribute(node, 'body'), inner)
      .map((type): SequenceType | undefined =>
        type !== undefined && isTensorType(type) ? { kind: 'sequence', element: type } : undefined,
      );
  },
  evaluateValues(node, inputs, context) {
    const body = graphAttribute(node, 'body');
    const { items } = inputs[0] as Sequence;
    const rest = inputs as readonly (Tensor | Sequence)[];
    for (const other of rest)
      if (!isTensor(other) && other.items.length !== items.length)
        fail(
          'run/sequence-lengths',
          `${describe(node)} is given sequences of ${items.length} and ${other.items.length}.`,
        );
    const collected: Tensor[][] = body.outputs.map(() => []);
    for (let i = 0; i < items.length; i++) {
      const given = rest.map((value) => (isTensor(value) ? value : value.items[i]!));
      context.evaluateSubgraph(body, given).forEach((value, k) => {
        collected[k]!.push(requireTensor(value, `What the body of ${describe(node)} computes`));
      });
    }
    return collected.map((list, k) => ({
      kind: 'sequence',
      dtype: list[0]?.dtype ?? body.types.get(body.outputs[k]!)?.dtype ?? 'float32',
      items: list,
    }));
  },
};
