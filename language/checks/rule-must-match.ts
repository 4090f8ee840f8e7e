import { joinRanges, rangeOf } from '../grammar/ranges.ts';
import { selects } from '../grammar/rules.ts';
import { textValue } from '../grammar/text.ts';
import { isGlob } from '../selectors/glob.ts';
import { isPending } from '../selectors/select.ts';
import type { Check } from './check.ts';

/** The field's most repeated complaint: a pattern that silently matches nothing. */
export const ruleMustMatch: Check = {
  code: 'rule/no-match',
  severity: 'error',
  mayBeLowered: true,
  section: 'rules',
  what: 'A rule that matches no layer and does not say `optional`.',
  why: 'It would have no effect, and nobody would notice.',
  fix: 'Correct the selector, or add `optional`.',
  example: 'quantize { layers op Gemm where macs > 1G { weights int8 } }',
  needs: 'model',
  *remarks({ outcomes, network }) {
    for (const { rule, layers } of outcomes.flatMap(({ matches }) => matches)) {
      if (isPending(rule, network!)) continue;
      // An exact name that is not there has been told of by name; a count, if stated, judges for itself.
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
  },
};
