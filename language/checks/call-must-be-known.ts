import { nodesOf } from '../grammar/walk.ts';
import { wordFor } from '../spellings.ts';
import { find } from '../vocabulary.ts';
import type { Check } from './check.ts';
import { unknown } from './remarks.ts';

/** Observers after `observe`, methods after `using`. */
export const callMustBeKnown: Check = {
  code: 'call/unknown',
  severity: 'error',
  section: 'formats',
  what: 'No such observer or method.',
  why: 'Ranges and codes are chosen by it.',
  fix: 'Name one that `qspec methods` lists.',
  example: 'quantize { weights int8 using adarond }',
  *remarks({ ast, vocabulary }) {
    for (const { observers, methods } of nodesOf(ast, 'FormatWords')) {
      for (const [calls, words, kind] of [
        [observers, vocabulary.observers, 'observer'],
        [methods, vocabulary.methods, 'method'],
      ] as const) {
        const names = words.map((word) => word.name);
        for (const { name } of calls) {
          if (name && !find(words, name.text) && !wordFor(kind, name.text, names)) yield unknown(kind, name, names);
        }
      }
    }
  },
};
