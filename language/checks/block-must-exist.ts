import { shown } from '../grammar/messages.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { allNodesOf } from '../grammar/walk.ts';
import { blocksNamed } from '../selectors/select.ts';
import type { Check } from './check.ts';
import { isOptional, plural } from './remarks.ts';

/** `block 9` of a network that has eight. */
export const blockMustExist: Check = {
  code: 'selector/block',
  severity: 'error',
  section: 'rules',
  what: 'The model has no block of that number, or a range goes downwards.',
  why: 'Blocks are counted from 1, where the network branches and comes together again.',
  fix: 'Take a number that the model has; hovering over the word tells how many there are.',
  example: 'quantize { layers block 40 { weights int8 } }',
  needs: 'model',
  *remarks({ spec, network }) {
    if (!network) return;
    const count = network.blocks.length;
    for (const range of allNodesOf(spec, 'BlockRange')) {
      if (range.from === undefined) continue;
      const { from, to } = blocksNamed(range);
      const written = range.to === undefined ? range.from : `${range.from}..${range.to}`;
      if (from > to) {
        yield {
          what: `${shown(written)} names no block: they are counted from 1, and a range goes upwards.`,
          fix: 'Write, for example, `block 3` or `blocks 2..4`.',
          range: rangeOf(range),
        };
      } else if (to > count) {
        yield {
          severity: isOptional(range) ? 'information' : 'error',
          what:
            count === 0
              ? 'The model has no blocks.'
              : `The model has ${plural(count, 'block')}; there is no block ${to}.`,
          ...(count === 0 && {
            why: 'A block is where a network branches and comes together again; this one never does.',
          }),
          fix: count === 0 ? 'Select by name, operator or position.' : `Take numbers from 1 to ${count}.`,
          range: rangeOf(range),
        };
      }
    }
  },
};
