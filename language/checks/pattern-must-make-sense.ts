import { rangeOf } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import { amountOf, largestGroup } from '../resolve/prune.ts';
import type { Check } from './check.ts';

/** `pattern 4:2` keeps more than there are. */
export const patternMustMakeSense: Check = {
  code: 'prune/pattern',
  severity: 'error',
  section: 'blocks',
  what: 'A pattern that keeps all or nothing.',
  why: 'Of every M weights a pattern keeps N: fewer than M, and at least one.',
  fix: 'Write, for example, `pattern 2:4`.',
  example: 'prune { pattern 4:2 }',
  *remarks({ ast }) {
    for (const pattern of nodesOf(ast, 'PrunePattern')) {
      if (pattern.kept === undefined || pattern.of === undefined || amountOf(pattern)) continue;
      yield {
        what: `\`pattern ${pattern.kept}:${pattern.of}\` is no pattern: of every M weights it keeps N, with N from 1 to M − 1 and M up to ${largestGroup}.`,
        fix: 'Write, for example, `pattern 2:4`.',
        range: rangeOf(pattern),
      };
    }
  },
};
