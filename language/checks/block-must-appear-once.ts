import { rangeOfKeyword } from '../grammar/ranges.ts';
import { statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';
import { line } from './remarks.ts';

const kinds = [
  ['PassesStatement', 'passes'],
  ['PruneBlock', 'prune'],
  ['QuantizeBlock', 'quantize'],
  ['TrainBlock', 'train'],
  ['SearchBlock', 'search'],
] as const;

/** Rules of two blocks would have an order that no one sees. */
export const blockMustAppearOnce: Check = {
  code: 'spec/block',
  severity: 'error',
  section: 'spec',
  what: 'A second `passes` statement, or a second block of a kind.',
  why: 'Rules of two blocks would have an order that no one sees.',
  fix: 'Put all of it into one.',
  example: 'quantize { weights int8 }\nquantize { weights int4 }',
  *remarks({ ast }) {
    for (const [kind, keyword] of kinds) {
      const [first, ...others] = statementsOf(ast, kind);
      for (const other of others) {
        yield {
          what: `There is a \`${keyword}\` ${kind === 'PassesStatement' ? 'statement' : 'block'} already, on ${line(rangeOfKeyword(first!, keyword))}; this one is not read.`,
          fix: 'Put all of it into one.',
          range: rangeOfKeyword(other, keyword),
        };
      }
    }
  },
};
