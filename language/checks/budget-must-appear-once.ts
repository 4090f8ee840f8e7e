import { rangeOf } from '../grammar/ranges.ts';
import { statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';
import { line, repeated } from './remarks.ts';

/** Of two budgets for one quantity only the tighter one would count, and nobody would see which. */
export const budgetMustAppearOnce: Check = {
  code: 'budget/twice',
  severity: 'error',
  mayBeLowered: true,
  section: 'targets',
  what: 'Two budgets of one target for one quantity and side.',
  why: 'Only the tighter one would count, and nobody would see which.',
  fix: 'Keep the one you mean.',
  example: 'target cortex-m7 {\n  ram <= 320 KiB\n  ram <= 200 KiB\n}',
  *remarks({ ast }) {
    for (const target of statementsOf(ast, 'TargetStatement')) {
      yield* repeated(
        target.budgets,
        (budget) =>
          budget.quantity && budget.comparison ? `${budget.quantity.text} ${budget.comparison[0]}` : undefined,
        (budget, first) => ({
          what: `\`${budget.quantity.text}\` has a budget already, on ${line(rangeOf(first))}.`,
          fix: 'Keep the one you mean.',
          range: rangeOf(budget),
        }),
      );
    }
  },
};
