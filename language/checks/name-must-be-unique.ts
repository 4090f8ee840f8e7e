import { rangeOf } from '../grammar/ranges.ts';
import { statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';
import { line, repeated } from './remarks.ts';

export const nameMustBeUnique: Check = {
  code: 'name/unique',
  severity: 'error',
  section: 'spec',
  what: 'Two data sets, formats or targets of one name.',
  why: 'Only the first would count.',
  fix: 'Give one of them another name; put all budgets of a target into one block.',
  example: 'format w = int8\nformat w = int4',
  *remarks({ ast }) {
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
  },
};
