import type { Operator } from '../operator.ts';
import { intAttribute } from '../shared/attributes.ts';
import { mapTensor, newestOpset } from '../shared/elementwise.ts';
import { inputType, valueType } from '../shared/types.ts';

/** IsNaN and IsInf: bool of the input's shape. */
export const isNotANumber: Operator = {
  op: 'IsNaN',
  domain: '',
  opsets: [9, newestOpset],
  infer: (node, context) => [valueType('bool', inputType(node, 0, context).dims)],
  evaluate: (_node, [x]) => [mapTensor(x!, (value) => (Number.isNaN(value) ? 1 : 0), 'bool')],
};

export const isInfinite: Operator = {
  op: 'IsInf',
  domain: '',
  opsets: [10, newestOpset],
  infer: (node, context) => [valueType('bool', inputType(node, 0, context).dims)],
  evaluate(node, [x]) {
    const positive = intAttribute(node, 'detect_positive', 1) !== 0;
    const negative = intAttribute(node, 'detect_negative', 1) !== 0;
    return [
      mapTensor(x!, (value) => ((value === Infinity && positive) || (value === -Infinity && negative) ? 1 : 0), 'bool'),
    ];
  },
};
