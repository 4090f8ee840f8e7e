import { examine } from '../context.ts';
import { shown } from '../grammar/messages.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { textValue } from '../grammar/text.ts';
import type { Check } from './check.ts';
import { runChecks } from './run.ts';

/** What an imported file may lack, since the spec that imports it can have it. */
const supplied = new Set(['spec/model', 'data/calibration', 'expect/unmeasurable']);

/** What is wrong with an imported file by itself; what its rules do to this model is told of with the spec's own. */
export const importedSpecMustBeSound: Check = {
  code: 'import/faulty',
  severity: 'error',
  section: 'spec',
  what: 'An imported file has errors of its own.',
  why: 'Its statements count as if they stood here.',
  fix: 'Open the file and mend it there.',
  example: 'import "faulty.qspec"',
  *remarks({ spec, vocabulary, path, fileAt, severities }) {
    for (const { statement, outcome } of spec.imports ?? []) {
      if (outcome.kind !== 'spec') continue;
      const context = { vocabulary, path, severities, ...(fileAt && { fileAt }) };
      const errors = runChecks(examine(outcome.spec, context)).filter(
        ({ severity, code }) => severity === 'error' && !supplied.has(code),
      );
      const [first] = errors;
      if (!first) continue;
      const place = first.range?.imported?.range ?? first.range;
      const where = place ? `line ${place.start.line + 1}: ` : '';
      const more = errors.length > 1 ? ` And ${errors.length - 1} more.` : '';
      yield {
        what: `${shown(textValue(statement.path))} has errors. ${where}${first.what}${more}`,
        fix: 'Open the file and mend it there.',
        range: rangeOf(statement.path),
      };
    }
  },
};
