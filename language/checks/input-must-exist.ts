import { suggestion } from '../../engine/nearest.ts';
import { rangeOf, rangeOfKeyword } from '../grammar/ranges.ts';
import { nameValue, optionsOf } from '../resolve/data.ts';
import { statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';

/** Data feeds an input of the model by name; where there is only one it need not say so. */
export const inputMustExist: Check = {
  code: 'data/input',
  severity: 'error',
  section: 'data',
  what: 'The model has no such input, or several and none is named.',
  why: 'Data feeds an input of the model by name.',
  fix: 'Add `input NAME`.',
  example: 'data calibration npz "c.npz" { input pixels }',
  needs: 'model',
  *remarks({ ast, definitions, model }) {
    const inputs = model?.inputs.map((input) => input.name) ?? [];
    if (inputs.length === 0) return;
    for (const statement of statementsOf(ast, 'DataStatement')) {
      const option = optionsOf(statement, definitions).InputOption;
      const name = nameValue(option?.name);
      if (option && name !== undefined && option.$container === statement && !inputs.includes(name)) {
        yield { what: `The model has no input \`${name}\`.`, ...suggestion(name, inputs), range: rangeOf(option.name) };
      } else if (
        !option &&
        inputs.length > 1 &&
        (statement.kind?.text === 'images' || statement.kind?.text === 'npy')
      ) {
        yield {
          what: `The model has ${inputs.length} inputs; which one does this feed?`,
          fix: `Add \`input NAME\`: ${inputs.slice(0, 6).join(', ')}${inputs.length > 6 ? ', …' : ''}.`,
          range: rangeOfKeyword(statement, 'data'),
        };
      }
    }
  },
};
