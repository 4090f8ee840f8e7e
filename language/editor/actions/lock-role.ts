import type { PruneStatement, RoleStatement, TrainStatement } from '../../generated/ast.ts';
import { isRule } from '../../grammar/rules.ts';
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
    const statement = place.around('RoleStatement', 'PruneStatement', 'TrainStatement');
    const own = stretchOf(statement);
    const name = statement && own && nameOf(statement);
    if (name === undefined) return undefined;
    if (!statement!.lock) {
      return { title: `Lock ${name}`, edits: [{ start: own!.start, end: own!.start, text: 'lock ' }] };
    }
    const word = /^lock\s+/.exec(own!.text);
    return word
      ? { title: `Unlock ${name}`, edits: [{ start: own!.start, end: own!.start + word[0].length, text: '' }] }
      : undefined;
  },
};

/** What a statement sets; undefined where it sets nothing, or nothing that a rule could set again. */
function nameOf(statement: RoleStatement | PruneStatement | TrainStatement): string | undefined {
  if (statement.reset) return undefined;
  switch (statement.$type) {
    case 'RoleStatement':
      return statement.format && statement.role;
    case 'PruneStatement':
      return statement.setting && (statement.setting.$type === 'PruneCriterion' ? 'criterion' : 'amount');
    case 'TrainStatement':
      return isRule(statement.$container) ? statement.key?.text : undefined;
  }
}
