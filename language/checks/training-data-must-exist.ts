import { nodesOf } from '../grammar/walk.ts';
import type { Check } from './check.ts';
import { unknown } from './remarks.ts';

/** `data NAME` in a recipe names a data set of the spec. */
export const trainingDataMustExist: Check = {
  code: 'train/data',
  severity: 'error',
  section: 'blocks',
  what: 'The spec has no data set of that name.',
  why: 'There would be nothing to train on.',
  fix: 'Name a data set of the spec.',
  example: 'data training npz "t.npz" { labels y }\ntrain { epochs 3 data trainig }',
  *remarks({ ast, definitions }) {
    for (const { name } of nodesOf(ast, 'TrainData')) {
      if (name && !definitions.dataByName.has(name.text)) {
        yield unknown('data set', name, [...definitions.dataByName.keys()]);
      }
    }
  },
};
