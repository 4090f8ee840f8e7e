import { wordFor } from '../spellings.ts';
import { find } from '../vocabulary.ts';
import { callsOf } from './calls.ts';
import type { Check } from './check.ts';
import { unknown } from './remarks.ts';

/** Observers after `observe`, methods after `using`, criteria after `by`, optimisers and schedules. */
export const callMustBeKnown: Check = {
  code: 'call/unknown',
  severity: 'error',
  section: 'formats',
  what: 'No such observer, method, criterion, optimiser or schedule.',
  why: 'Ranges, codes, masks and updates are chosen by it.',
  fix: 'Name one that `qspec methods` lists.',
  example: 'quantize { weights int8 using adarond }',
  *remarks({ ast, vocabulary }) {
    for (const { call, kind, words } of callsOf(ast, vocabulary)) {
      const { name } = call;
      if (!name || find(words, name.text)) continue;
      const names = words.map((word) => word.name);
      if (!wordFor(kind, name.text, names)) yield unknown(kind, name, names);
    }
  },
};
