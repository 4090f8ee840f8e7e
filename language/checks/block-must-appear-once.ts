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
export const blockMustAppearOnce: Check = function* ({ ast }) {
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
};
