import { suggestion } from '../../engine/nearest.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import { qualifiedOperator } from '../selectors/properties.ts';
import { wordFor } from '../spellings.ts';
import type { Check } from './check.ts';

/** Operator types are case-sensitive in ONNX: `conv` selects nothing. */
export const operatorMustBeKnown: Check = {
  code: 'selector/operator',
  severity: 'error',
  mayBeLowered: true,
  section: 'rules',
  what: 'No such operator; ONNX tells `Conv` from `conv`.',
  why: 'The rule would match nothing.',
  fix: 'Correct the name; `qspec operators` lists them.',
  example: 'quantize { layers op Convolve optional { weights int8 } }',
  *remarks({ ast, vocabulary, model }) {
    const inModel = new Set(model?.layers.map(qualifiedOperator));
    const known = [...inModel, ...vocabulary.operators.filter((operator) => !inModel.has(operator))];
    const names = new Set(known);
    // A bare name selects the operator in every domain.
    for (const { op } of model?.layers ?? []) names.add(op);
    for (const operator of nodesOf(ast, 'OperatorName')) {
      const { name } = operator;
      if (name === undefined || names.has(name) || names.has(name.replace(/^ai\.onnx\./, ''))) continue;
      if (wordFor('operator', name, vocabulary.operators) !== undefined) continue;
      yield { what: `There is no operator \`${name}\`.`, ...suggestion(name, known), range: rangeOf(operator) };
    }
  },
};
