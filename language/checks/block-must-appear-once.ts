import { rangeOfKeyword } from '../grammar/ranges.ts';
import { statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';
import { line } from './remarks.ts';

/** Rules of two blocks would have an order that no one sees. */
export const blockMustAppearOnce: Check = {
  code: 'spec/block',
  severity: 'error',
  section: 'spec',
  what: 'A second `quantize` or `search` block.',
  why: 'Rules of two blocks would have an order that no one sees.',
  fix: 'Put all of it into one block.',
  example: 'quantize { weights int8 }\nquantize { weights int4 }',
  *remarks({ ast }) {
    for (const [kind, keyword] of [['QuantizeBlock', 'quantize'] as const, ['SearchBlock', 'search'] as const]) {
      const [first, ...others] = statementsOf(ast, kind);
      for (const other of others) {
        yield {
          what: `There is a \`${keyword}\` block already, on ${line(rangeOfKeyword(first!, keyword))}; this one is not read.`,
          fix: 'Put all of it into one block.',
          range: rangeOfKeyword(other, keyword),
        };
      }
    }
  },
};
