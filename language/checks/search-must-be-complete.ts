import { rangeOf, rangeOfKeyword } from '../grammar/ranges.ts';
import type { Check } from './check.ts';
import { repeated, unknown } from './remarks.ts';

const goals = ['loss', 'size', 'latency', 'energy', 'ram', 'flash'];

/** A search needs something to choose from and one goal. */
export const searchMustBeComplete: Check = {
  code: 'search/incomplete',
  severity: 'error',
  section: 'results',
  what: 'Nothing to choose from, no goal, two goals.',
  why: 'A search needs something to choose from and one goal.',
  fix: 'Add `weights one of int4, int8` and `minimize loss`.',
  example: 'search { minimize loss }',
  *remarks({ definitions: { search } }) {
    if (!search) return;
    const choices = search.items.filter((item) => item.$type === 'SearchChoice');
    const wishes = search.items.filter((item) => item.$type === 'SearchGoal');
    const range = rangeOfKeyword(search, 'search');
    if (choices.length === 0) {
      yield { what: 'This search has nothing to choose from.', fix: 'Add `weights one of int4, int8`.', range };
    }
    if (wishes.length === 0) yield { what: 'This search has no goal.', fix: 'Add `minimize loss`.', range };
    yield* repeated(
      choices,
      (choice) => choice.role,
      (choice) => ({ what: `\`${choice.role}\` has its choices already.`, range: rangeOf(choice) }),
    );
    yield* repeated(
      wishes,
      () => 'goal',
      (wish) => ({
        what: 'A search has one goal; the others are constraints.',
        fix: 'Write `subject to …`.',
        range: rangeOf(wish),
      }),
    );
    for (const { goal } of wishes) if (goal && !goals.includes(goal.text)) yield unknown('goal', goal, goals);
  },
};
