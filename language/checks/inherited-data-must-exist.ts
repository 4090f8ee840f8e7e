import { statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';
import { unknown } from './remarks.ts';

export const inheritedDataMustExist: Check = {
  code: 'data/base',
  severity: 'error',
  section: 'data',
  what: '`like` names no data set.',
  why: 'There are no options to take over.',
  fix: 'Name a data set of this spec.',
  example: 'data validation npz "v.npz" like calibrat',
  *remarks({ ast, definitions }) {
    for (const { base, name } of statementsOf(ast, 'DataStatement')) {
      if (!base || definitions.dataByName.has(base.text)) continue;
      yield unknown(
        'data',
        base,
        [...definitions.dataByName.keys()].filter((known) => known !== name?.text),
      );
    }
  },
};
