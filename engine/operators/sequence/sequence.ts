import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { dataTypeOf } from '../../onnx/data-types.ts';
import { int64Tensor, type Tensor, type ValueType } from '../../tensor.ts';
import type { Sequence, SequenceType } from '../../value.ts';
import { common } from '../control/if.ts';
import type { InferContext, Operator } from '../operator.ts';
import { describe, intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { scalarOf } from '../shared/numbers.ts';
import { inputType, optionalType, requireSameType, sequenceType, valueType } from '../shared/types.ts';

/** Sequences made, read and changed by position. A position below 0 counts from the end. */
const opsets = [11, newestOpset] as const;

function sequenceOf(element: ValueType): SequenceType {
  return { kind: 'sequence', element };
}

/** A sequence of its inputs. */
export const sequenceConstruct: Operator = {
  op: 'SequenceConstruct',
  domain: '',
  opsets,
  infer(node, context) {
    const first = inputType(node, 0, context);
    const types = node.inputs.map((_, i) => inputType(node, i, context));
    for (const type of types) requireSameType(node, first, type);
    return [sequenceOf(types.reduce((a, b) => common(a, b)!))];
  },
  evaluateValues: (_node, inputs) => [
    { kind: 'sequence', dtype: (inputs[0] as Tensor).dtype, items: inputs as Tensor[] },
  ],
};

/** A sequence without tensors, of the type that the attribute `dtype` names (float32 unless given). */
export const sequenceEmpty: Operator = {
  op: 'SequenceEmpty',
  domain: '',
  opsets,
  infer: (node) => [sequenceOf({ dtype: emptyType(node) })],
  evaluateValues: (node) => [{ kind: 'sequence', dtype: emptyType(node), items: [] }],
};

function emptyType(node: GraphNode): Sequence['dtype'] {
  const number = intAttribute(node, 'dtype', 1);
  return dataTypeOf(number) ?? fail('model/attribute', `${describe(node)} asks for the unknown data type ${number}.`);
}

export const sequenceLength: Operator = {
  op: 'SequenceLength',
  domain: '',
  opsets,
  infer(node, context) {
    sequenceType(node, 0, context);
    return [valueType('int64', [])];
  },
  evaluateValues: (_node, [sequence]) => [int64Tensor([], [(sequence as Sequence).items.length])],
};

/** The tensor at a position. */
export const sequenceAt: Operator = {
  op: 'SequenceAt',
  domain: '',
  opsets,
  infer(node, context) {
    requirePosition(node, 1, context);
    return [sequenceType(node, 0, context).element];
  },
  evaluateValues(node, [sequence, position]) {
    const { items } = sequence as Sequence;
    return [items[indexOf(node, position as Tensor, items.length - 1, items.length)]!];
  },
};

/** The sequence without the tensor at a position (the last one unless given). */
export const sequenceErase: Operator = {
  op: 'SequenceErase',
  domain: '',
  opsets,
  infer(node, context) {
    requirePosition(node, 1, context);
    return [sequenceType(node, 0, context)];
  },
  evaluateValues(node, [sequence, position]) {
    const { dtype, items } = sequence as Sequence;
    const at = indexOf(node, position as Tensor | undefined, items.length - 1, items.length);
    return [{ kind: 'sequence', dtype, items: items.filter((_, i) => i !== at) }];
  },
};

/** The sequence with a tensor in front of a position (at the end unless given). */
export const sequenceInsert: Operator = {
  op: 'SequenceInsert',
  domain: '',
  opsets,
  infer(node, context) {
    const { element } = sequenceType(node, 0, context);
    const tensor = inputType(node, 1, context);
    requirePosition(node, 2, context);
    requireSameType(node, element, tensor);
    return [sequenceOf(common(element, tensor)!)];
  },
  evaluateValues(node, [sequence, tensor, position]) {
    const { dtype, items } = sequence as Sequence;
    const at = indexOf(node, position as Tensor | undefined, items.length, items.length);
    return [{ kind: 'sequence', dtype, items: [...items.slice(0, at), tensor as Tensor, ...items.slice(at)] }];
  },
};

function requirePosition(node: GraphNode, index: number, context: InferContext): void {
  const type = optionalType(node, index, context);
  if (type !== undefined && type.dtype !== 'int64' && type.dtype !== 'int32')
    fail('model/type', `The position that ${describe(node)} is given is ${type.dtype}, not int32 or int64.`);
}

/** A position as an index from 0 to `last`; one below 0 counts back from `length`. */
function indexOf(node: GraphNode, position: Tensor | undefined, last: number, length: number): number {
  const given = position === undefined ? last : scalarOf(position);
  const index = given < 0 ? given + length : given;
  if (!(index >= 0 && index <= last))
    fail('run/position', `${describe(node)} asks for position ${given} of a sequence of ${length}.`);
  return index;
}
