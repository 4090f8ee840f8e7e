import { rangeOfProperty } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import { budgetKinds, findBudgetKind } from '../quantities/measured.ts';
import { wordFor } from '../spellings.ts';
import type { Check } from './check.ts';
import { unknown } from './remarks.ts';

const names = budgetKinds.map((kind) => kind.name);

export const budgetMustBeKnown: Check = {
  code: 'budget/unknown',
  severity: 'error',
  section: 'targets',
  what: 'No such budget, or a comparison that bounds nothing.',
  why: 'It would bind nothing.',
  fix: 'Write `flash`, `ram`, `latency`, `energy` or `size`, and `<=`.',
  example: 'target cortex-m7 { latencey <= 80 ms }',
  *remarks({ ast }) {
    for (const budget of nodesOf(ast, 'Budget')) {
      if (budget.quantity && !findBudgetKind(budget.quantity.text) && !wordFor('budget', budget.quantity.text, names))
        yield unknown('budget', budget.quantity, names);
      if (budget.comparison === '==' || budget.comparison === '!=') {
        yield {
          what: `A budget is a bound; \`${budget.comparison}\` gives none.`,
          fix: 'Write `<=`.',
          range: rangeOfProperty(budget, 'comparison'),
          replacement: '<=',
        };
      }
    }
  },
};
