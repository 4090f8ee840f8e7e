import { boundsOf } from '../quantity-values.ts';
import { type ActionKind, stretchOf } from './action.ts';

/** A target without budgets is given those that the spec keeps to by the estimate. */
export const addBudgets: ActionKind = {
  name: 'budgets',
  family: 'refactor.rewrite',
  summary: 'Bounds what a target may cost by what the spec is estimated to need.',
  keepsPlan: true,
  example: {
    before: 'target cor¦tex-m7\nquantize {\n  weights int8\n  activations int8\n}',
    after:
      'target cortex-m7 {\n  flash <= 66 KiB\n  ram <= 18 KiB\n  latency <= 1.1 ms\n}\nquantize {\n  weights int8\n  activations int8\n}',
  },
  offer(place, spec) {
    const statement = place.around('TargetStatement');
    const own = stretchOf(statement);
    if (!statement || !own || statement.budgets.length > 0) return undefined;
    const budgets = (['flash', 'ram', 'latency'] as const).flatMap((name) => {
      const estimate = boundsOf(name, statement.name?.text, spec).find(({ detail }) => detail === 'estimate');
      return estimate ? [`  ${name} <= ${estimate.label}`] : [];
    });
    if (budgets.length === 0) return undefined;
    const text = `target ${statement.name!.text} {\n${budgets.join('\n')}\n}`;
    return { title: 'Add budgets from the estimate', edits: [{ start: own.start, end: own.end, text }] };
  },
};
