import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { anyTypeFromProto } from '../../graph/value-types.ts';
import type { onnx } from '../../onnx/proto.ts';
import { type AnyType, isTensor, isTensorType, type Optional, type OptionalType, type Value } from '../../value.ts';
import type { Operator } from '../operator.ts';
import { describe } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { tensorOf } from '../shared/numbers.ts';
import { anyInputType, hasInput, valueType } from '../shared/types.ts';

/** An optional around its input, or an empty one of the type that the attribute `type` gives. */
export const optional: Operator = {
  op: 'Optional',
  domain: '',
  opsets: [15, newestOpset],
  infer: (node, context) => [
    { kind: 'optional', element: plain(node, hasInput(node, 0) ? anyInputType(node, 0, context) : namedType(node)) },
  ],
  evaluateValues: (_node, [value]) => [{ kind: 'optional', value: value as Optional['value'] }],
};

function namedType(node: GraphNode): AnyType | undefined {
  const attribute = node.attributes['type'];
  return attribute?.kind === 'opaque' ? anyTypeFromProto((attribute.value as onnx.AttributeProto).tp) : undefined;
}

function plain(node: GraphNode, type: AnyType | undefined): OptionalType['element'] {
  if (type === undefined) fail('model/attribute', `${describe(node)} does not say what it is an optional of.`);
  if (!isTensorType(type) && type.kind === 'optional')
    fail('model/type', `${describe(node)} makes an optional of an optional, which ONNX does not have.`);
  return type;
}

/** What an optional holds; since operator set 18 tensors and sequences are their own content. */
export const optionalGetElement: Operator = {
  op: 'OptionalGetElement',
  domain: '',
  opsets: [15, newestOpset],
  infer(node, context) {
    const type = anyInputType(node, 0, context);
    return [isTensorType(type) || type.kind === 'sequence' ? type : type.element];
  },
  evaluateValues(node, [value]) {
    const content = contentOf(value);
    if (content === undefined)
      fail('run/empty-optional', `${describe(node)} is given an optional without a value.`, {
        fix: 'Ask OptionalHasElement first, in the condition of an If.',
      });
    return [content];
  },
};

/** Whether an optional holds something; an input that is left out does not. */
export const optionalHasElement: Operator = {
  op: 'OptionalHasElement',
  domain: '',
  opsets: [15, newestOpset],
  infer: () => [valueType('bool', [])],
  evaluateValues: (_node, [value]) => [tensorOf('bool', [], [contentOf(value) === undefined ? 0 : 1])],
};

function contentOf(value: Value | undefined): Exclude<Value, Optional> | undefined {
  return value !== undefined && !isTensor(value) && value.kind === 'optional' ? value.value : value;
}
