import { joinRanges, rangeOf } from '../grammar/ranges.ts';
import { selects } from '../grammar/rules.ts';
import { textValue } from '../grammar/text.ts';
import { isGlob } from '../selectors/glob.ts';
import { isPending } from '../selectors/select.ts';
import type { Check } from './check.ts';

/** The field's most repeated complaint: a pattern that silently matches nothing. */
export const ruleMustMatch: Check = function* ({ outcomes, network }) {
  for (const { rule, layers } of outcomes.flatMap(({ matches }) => matches)) {
    // An exact name that is not there has been told of by name; a count, if stated, judges for itself.
    if (isPending(rule, network!)) continue;
    if (layers.size > 0 || !selects(rule) || rule.optionals.length > 0 || rule.counts.length > 0) continue;
    if (rule.selector?.$type === 'NameSelector' && !isGlob(textValue(rule.selector.pattern)) && !rule.predicate)
      continue;
    yield {
      what: 'This rule matches no layer.',
      why: `The model has ${network?.layers.length} layers and none is like that, so the rule would have no effect.`,
      fix: 'Correct the selector, or add `optional` if it need not match.',
      range: rule.predicate ? joinRanges(rangeOf(rule.selector), rangeOf(rule.predicate)) : rangeOf(rule.selector),
    };
  }
};
