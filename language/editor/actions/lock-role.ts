import type { ActionKind } from './action.ts';
import { stretchOf } from './action.ts';

/** Later rules may no longer change what a statement sets, or may again. */
export const lockRole: ActionKind = {
  name: 'lock',
  family: 'refactor.rewrite',
  summary: 'Locks what a statement sets against later rules, or takes the lock away.',
  keepsPlan: false,
  example: {
    before: 'quantize {\n  layers first { wei¦ghts int8 }\n  layers op Conv { weights int4 }\n}',
    after: 'quantize {\n  layers first { lock weights int8 }\n  layers op Conv { weights int4 }\n}',
  },
  offer(place) {
    const statement = place.around('RoleStatement');
    const own = stretchOf(statement);
    if (!statement || !own || statement.reset || !statement.format) return undefined;
    if (!statement.lock) {
      return { title: `Lock ${statement.role}`, edits: [{ start: own.start, end: own.start, text: 'lock ' }] };
    }
    const word = /^lock\s+/.exec(own.text);
    return word
      ? { title: `Unlock ${statement.role}`, edits: [{ start: own.start, end: own.start + word[0].length, text: '' }] }
      : undefined;
  },
};
