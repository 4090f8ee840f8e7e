import { statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';
import { dataOptionWords } from './data-options.ts';
import { unknown } from './remarks.ts';

export const dataOptionMustBeKnown: Check = {
  code: 'data/option',
  severity: 'error',
  section: 'data',
  what: 'No such option of data; the nearest is named.',
  why: 'It would change nothing.',
  fix: 'Correct the word.',
  example: 'data calibration npz "c.npz" { tak 100 }',
  *remarks({ ast }) {
    for (const statement of statementsOf(ast, 'DataStatement')) {
      for (const option of statement.options) {
        if (option.$type === 'UnknownOption' && option.key) yield unknown('option', option.key, dataOptionWords);
      }
    }
  },
};
