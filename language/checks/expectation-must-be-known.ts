import { rangeOf, rangeOfProperty } from '../grammar/ranges.ts';
import { expectationKinds, findExpectationKind } from '../quantities/measured.ts';
import { statementsOf } from '../resolve/definitions.ts';
import { wordFor } from '../spellings.ts';
import type { Check } from './check.ts';
import { unknown } from './remarks.ts';

const names = expectationKinds.map((kind) => kind.name);

export const expectationMustBeKnown: Check = {
  code: 'expect/unknown',
  severity: 'error',
  section: 'results',
  what: 'No such quantity or measure of an expectation.',
  why: 'It could not be judged.',
  fix: 'Write one of the quantities of docs/language.md.',
  example: 'expect top2 >= 90 %',
  *remarks({ ast }) {
    for (const statement of statementsOf(ast, 'ExpectStatement')) {
      const { quantity, measure, comparison } = statement;
      const kind = findExpectationKind(quantity?.text);
      if (quantity && !kind && !wordFor('expectation', quantity.text, names))
        yield unknown('expectation', quantity, names);
      if (kind && measure && measure.text !== 'drop') {
        yield {
          ...unknown('measure', measure, ['drop']),
          fix: kind.drops ? 'Did you mean `drop`?' : 'Remove it.',
          ...(kind.drops ? { replacement: 'drop' } : {}),
        };
      } else if (kind && measure && !kind.drops) {
        yield {
          what: `\`${kind.name}\` of the float model is not defined, so it has no drop.`,
          fix: `Write \`expect ${kind.name} …\` with the value itself.`,
          range: rangeOf(measure),
        };
      }
      if (comparison === '!=') {
        yield {
          what: 'An expectation says what should be, not what should not.',
          fix: 'Write `<=` or `>=`.',
          range: rangeOfProperty(statement, 'comparison'),
        };
      }
    }
  },
};
