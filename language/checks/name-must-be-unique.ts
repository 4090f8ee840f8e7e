import { rangeOf } from '../grammar/ranges.ts';
import { statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';
import { line, repeated } from './remarks.ts';

export const nameMustBeUnique: Check = function* ({ ast }) {
  const kinds = [
    ['data', statementsOf(ast, 'DataStatement')],
    ['format', statementsOf(ast, 'FormatStatement')],
    ['target', statementsOf(ast, 'TargetStatement')],
  ] as const;
  for (const [kind, statements] of kinds) {
    yield* repeated<(typeof statements)[number]>(
      statements,
      (statement) => statement.name?.text,
      (statement, first) => ({
        what: `There is a ${kind} \`${statement.name.text}\` already, on ${line(rangeOf(first))}.`,
        fix: kind === 'target' ? 'Put all its budgets into one block.' : 'Give this one another name.',
        range: rangeOf(statement.name),
      }),
    );
  }
};
