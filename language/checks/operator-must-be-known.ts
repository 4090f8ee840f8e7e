import type { LayerSummary, ModelSummary } from '../../engine/graph/summary.ts';
import { suggestion } from '../../engine/nearest.ts';
import { remembered } from '../../engine/remembered.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import { qualifiedOperator } from '../selectors/properties.ts';
import { wordFor } from '../spellings.ts';
import type { Vocabulary } from '../vocabulary.ts';
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
    const { known, names } = model ? operatorsBeside(model, vocabulary) : operatorsOf([], vocabulary);
    for (const operator of nodesOf(ast, 'OperatorName')) {
      const { name } = operator;
      if (name === undefined || names.has(name) || names.has(name.replace(/^ai\.onnx\./, ''))) continue;
      if (wordFor('operator', name, vocabulary.operators) !== undefined) continue;
      yield { what: `There is no operator \`${name}\`.`, ...suggestion(name, known), range: rangeOf(operator) };
    }
  },
};

interface Operators {
  /** What a suggestion is taken from: those of the model first. */
  readonly known: readonly string[];
  /** All that may be written. */
  readonly names: ReadonlySet<string>;
}

function operatorsOf(layers: readonly LayerSummary[], vocabulary: Vocabulary): Operators {
  const inModel = new Set(layers.map(qualifiedOperator));
  const known = [...inModel, ...vocabulary.operators.filter((operator) => !inModel.has(operator))];
  // A bare name selects the operator in every domain.
  return { known, names: new Set([...known, ...layers.map(({ op }) => op)]) };
}

/** Worked out once a model and not at every keystroke. */
const ofModels = new WeakMap<ModelSummary, Operators>();

function operatorsBeside(model: ModelSummary, vocabulary: Vocabulary): Operators {
  return remembered(ofModels, model, () => operatorsOf(model.layers, vocabulary));
}
