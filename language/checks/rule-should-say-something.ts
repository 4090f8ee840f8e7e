import { rangeOf } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import type { Check } from './check.ts';

export const ruleShouldSaySomething: Check = {
  code: 'rule/empty',
  severity: 'warning',
  section: 'rules',
  what: 'A rule without content.',
  why: 'It changes nothing.',
  fix: 'Say what these layers should have.',
  example: 'quantize { weights int8 layers first { } }',
  *remarks({ ast }) {
    for (const rule of [...nodesOf(ast, 'LayersRule'), ...nodesOf(ast, 'LayerRule')]) {
      if (!rule.block || rule.items.length > 0) continue;
      yield {
        what: 'This rule is empty and changes nothing.',
        fix: 'Say what these layers should have: `{ weights int8 }`, or `keep float`.',
        range: rangeOf(rule),
      };
    }
  },
};
