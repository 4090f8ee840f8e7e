import { statementsOf } from '../resolve/definitions.ts';
import { wordFor } from '../spellings.ts';
import { find } from '../vocabulary.ts';
import type { Check } from './check.ts';
import { unknown } from './remarks.ts';

export const targetMustBeKnown: Check = {
  code: 'target/unknown',
  severity: 'error',
  section: 'targets',
  what: 'No such target.',
  why: 'Formats and budgets are judged by it.',
  fix: 'Name one that `qspec targets` lists.',
  example: 'target cortex-m8',
  *remarks({ ast, vocabulary }) {
    const names = vocabulary.targets.map((target) => target.name);
    for (const { name } of statementsOf(ast, 'TargetStatement')) {
      if (name && !find(vocabulary.targets, name.text) && !wordFor('target', name.text, names))
        yield unknown('target', name, names);
    }
  },
};
