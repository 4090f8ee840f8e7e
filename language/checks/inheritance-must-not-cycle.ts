import { rangeOf } from '../grammar/ranges.ts';
import { statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';

export const inheritanceMustNotCycle: Check = function* ({ ast, definitions }) {
  for (const statement of statementsOf(ast, 'DataStatement')) {
    const path = [statement.name?.text ?? ''];
    const seen = new Set([statement]);
    for (let next = definitions.dataByName.get(statement.base?.text ?? ''); next && !seen.has(next); ) {
      path.push(next.name.text);
      seen.add(next);
      next = definitions.dataByName.get(next.base?.text ?? '');
      if (next === statement) path.push(path[0]!);
    }
    const isSelf = statement.base !== undefined && definitions.dataByName.get(statement.base.text) === statement;
    if (!isSelf && !(path.length > 1 && path.at(-1) === path[0])) continue;
    yield {
      what: `Data \`${path[0]}\` is like itself: ${isSelf ? `${path[0]} → ${path[0]}` : path.join(' → ')}.`,
      fix: 'Let one of them state its options.',
      range: rangeOf(statement.base),
    };
  }
};
