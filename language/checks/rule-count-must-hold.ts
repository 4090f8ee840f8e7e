import { rangeOf } from '../grammar/ranges.ts';
import { selects } from '../grammar/rules.ts';
import { numberOf } from '../quantities/quantity.ts';
import { compare } from '../selectors/predicate.ts';
import { isPending } from '../selectors/select.ts';
import type { Check } from './check.ts';
import { plural } from './remarks.ts';

/** `matches 12`, `matches >= 1`. */
export const ruleCountMustHold: Check = {
  code: 'rule/count',
  severity: 'error',
  mayBeLowered: true,
  section: 'rules',
  what: 'A stated number of matches does not hold.',
  why: 'The model is another one than the rule was written for.',
  fix: 'Correct the selector or the number.',
  example: 'quantize { layers op Conv matches 4 { weights int8 } }',
  needs: 'model',
  *remarks({ outcomes, network }) {
    for (const { rule, layers } of outcomes.flatMap(({ matches }) => matches)) {
      if (!selects(rule) || isPending(rule, network!) || (layers.size === 0 && rule.optionals.length > 0)) continue;
      for (const count of rule.counts) {
        const wanted = numberOf(count.number);
        if (Number.isNaN(wanted) || compare(layers.size, count.comparison, wanted)) continue;
        const names = [...layers].slice(0, 5).map((index) => network!.layers[index]!.name);
        yield {
          what: `This rule matches ${plural(layers.size, 'layer')}.`,
          ...(names.length > 0
            ? { why: `Among them: ${names.join(', ')}${layers.size > names.length ? ', …' : ''}.` }
            : {}),
          fix: 'Correct the selector or the number.',
          range: rangeOf(count),
        };
      }
    }
  },
};
