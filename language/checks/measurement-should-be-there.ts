import { joinRanges, rangeOf } from '../grammar/ranges.ts';
import { selects } from '../grammar/rules.ts';
import { isPending } from '../selectors/select.ts';
import type { Check } from './check.ts';

/** A rule whose layers follow from a measurement that nobody has made yet: not wrong, only not known. */
export const measurementShouldBeThere: Check = {
  code: 'rule/pending',
  severity: 'information',
  section: 'rules',
  what: 'A rule asks for what is not measured yet, such as `sensitivity`.',
  why: 'Until it is measured the rule matches no layer.',
  fix: 'Its quick fix measures, and so do `qspec sensitivity` and `qspec quantize`.',
  example: 'quantize { weights int8  layers all where sensitivity < 30 dB keep float }',
  needs: 'model',
  *remarks({ outcomes, network }) {
    for (const { rule } of outcomes.flatMap(({ matches }) => matches)) {
      if (!selects(rule) || !network || !isPending(rule, network)) continue;
      yield {
        what: 'Which layers this rule matches is not known before their sensitivity is measured.',
        why: 'Until then the rule matches none. It is measured with what the spec says without such rules.',
        fix: 'Measure it here, or let `qspec sensitivity` or `qspec quantize` do so.',
        range: rule.predicate ? joinRanges(rangeOf(rule.selector), rangeOf(rule.predicate)) : rangeOf(rule.selector),
      };
    }
  },
};
