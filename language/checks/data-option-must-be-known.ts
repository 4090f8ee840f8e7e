import { statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';
import { dataOptionWords } from './data-options.ts';
import { unknown } from './remarks.ts';

export const dataOptionMustBeKnown: Check = function* ({ ast }) {
  for (const statement of statementsOf(ast, 'DataStatement')) {
    for (const option of statement.options) {
      if (option.$type === 'UnknownOption' && option.key) yield unknown('option', option.key, dataOptionWords);
    }
  }
};
