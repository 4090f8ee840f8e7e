import { nodesOf } from '../grammar/walk.ts';
import type { Check } from './check.ts';
import { unknown } from './remarks.ts';

/** `data NAME` in a recipe names a data set of the spec. */
export const trainingDataMustExist: Check = function* ({ ast, definitions }) {
  for (const { name } of nodesOf(ast, 'TrainData')) {
    if (name && !definitions.dataByName.has(name.text)) {
      yield unknown('data set', name, [...definitions.dataByName.keys()]);
    }
  }
};
