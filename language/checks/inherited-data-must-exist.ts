import { statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';
import { unknown } from './remarks.ts';

export const inheritedDataMustExist: Check = function* ({ ast, definitions }) {
  for (const { base, name } of statementsOf(ast, 'DataStatement')) {
    if (!base || definitions.dataByName.has(base.text)) continue;
    yield unknown(
      'data',
      base,
      [...definitions.dataByName.keys()].filter((known) => known !== name?.text),
    );
  }
};
