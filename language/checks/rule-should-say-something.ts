import { rangeOf } from '../grammar/ranges.ts';
import { namingRules, selectingRules } from '../grammar/rules.ts';
import { nodesOf } from '../grammar/walk.ts';
import type { Check } from './check.ts';

const examples = {
  QuantizeBlock: '{ weights int8 }`, or `keep float',
  PruneBlock: '{ sparsity 50 % }`, or `keep dense',
  TrainBlock: '{ rate 1e-5 }`, or `keep frozen',
} as const;

export const ruleShouldSaySomething: Check = {
  code: 'rule/empty',
  severity: 'warning',
  section: 'rules',
  what: 'A rule without content.',
  why: 'It changes nothing.',
  fix: 'Say what these layers should have.',
  example: 'quantize { weights int8 layers first { } }',
  *remarks({ ast }) {
    for (const rule of [...selectingRules, ...namingRules].flatMap((type) => [...nodesOf(ast, type)])) {
      if (!rule.block || rule.items.length > 0) continue;
      yield {
        what: 'This rule is empty and changes nothing.',
        fix: `Say what these layers should have: \`${examples[rule.$container.$type]}\`.`,
        range: rangeOf(rule),
      };
    }
  },
};
