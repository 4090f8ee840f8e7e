import { shown } from '../grammar/messages.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { textValue } from '../grammar/text.ts';
import type { Check, Remark } from './check.ts';

/** Of an imported file that is not there `file/missing` tells, of one outside the workspace `data/outside`. */
export const importsMustNotCycle: Check = {
  code: 'import/cycle',
  severity: 'error',
  section: 'spec',
  what: 'A file that imports itself, or another that imports it in turn.',
  why: 'Which of two rules comes later would depend on where one begins to read.',
  fix: 'Move what both need into a third file.',
  example: 'import "network.qspec"',
  *remarks({ spec }) {
    for (const { statement, path, outcome } of spec.imports ?? []) {
      const range = rangeOf(statement.path ?? statement);
      const name = shown(textValue(statement.path));
      const remarks: Partial<Record<typeof outcome.kind, Remark>> = {
        cycle: {
          what: path === spec.path ? 'The spec imports itself.' : `${name} imports this spec in turn.`,
          fix: 'Move what both need into a third file.',
          range,
        },
        'too-deep': { what: `Files that import files are nested too deeply at ${name}.`, range },
      };
      const remark = remarks[outcome.kind];
      if (remark) yield remark;
    }
  },
};
