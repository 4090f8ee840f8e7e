import { statementsOf } from '../resolve/definitions.ts';
import { find } from '../vocabulary.ts';
import type { Check } from './check.ts';
import { unknown } from './remarks.ts';

export const dataKindMustBeKnown: Check = function* ({ ast, vocabulary }) {
  const names = vocabulary.dataKinds.map((kind) => kind.name);
  for (const { kind } of statementsOf(ast, 'DataStatement')) {
    if (kind && !find(vocabulary.dataKinds, kind.text)) yield unknown('kind of data', kind, names);
  }
};
