import { find } from '../vocabulary.ts';
import { callsOf } from './calls.ts';
import type { Check } from './check.ts';
import { unknown } from './remarks.ts';

/** Observers after `observe`, methods after `using`, criteria after `by`, optimisers and schedules. */
export const callMustBeKnown: Check = function* ({ ast, vocabulary }) {
  for (const { call, kind, words } of callsOf(ast, vocabulary)) {
    if (!call.name || find(words, call.name.text)) continue;
    yield unknown(
      kind,
      call.name,
      words.map((word) => word.name),
    );
  }
};
