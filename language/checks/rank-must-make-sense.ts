import { rangeOf } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import { readQuantity } from '../quantities/quantity.ts';
import { amountOf, energy } from '../resolve/prune.ts';
import type { Check } from './check.ts';

/** `rank 1.5`, `rank 16 of energy`. */
export const rankMustMakeSense: Check = {
  code: 'prune/rank-form',
  severity: 'error',
  section: 'blocks',
  what: 'A rank that is neither a whole number nor a share.',
  why: 'A layer becomes two with as many channels between them as the rank says.',
  fix: 'Write `rank 16`, `rank 25 %` or `rank 95 % of energy`.',
  example: 'prune { rank 16 of energy }',
  *remarks({ ast }) {
    for (const rank of nodesOf(ast, 'PruneRank')) {
      // What measures something else has been told so.
      if (amountOf(rank) || readQuantity(rank.rank, ['ratio', 'count']).kind !== 'value') continue;
      yield {
        what: `A rank is a whole number from 1, or a share above 0 % and up to 100 %; a share can be one \`of ${energy}\`.`,
        fix: 'Write `rank 16`, `rank 25 %` or `rank 95 % of energy`.',
        range: rangeOf(rank),
      };
    }
  },
};
