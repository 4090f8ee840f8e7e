import { rangeOf } from '../grammar/ranges.ts';
import { statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';
import { optionKeywords } from './data-options.ts';
import { line, repeated } from './remarks.ts';

export const dataOptionMustAppearOnce: Check = {
  code: 'data/option-twice',
  severity: 'error',
  section: 'data',
  what: 'An option given twice.',
  why: 'Only one of the two can count.',
  fix: 'Keep the one you mean.',
  example: 'data calibration npz "c.npz" { take 100 take 200 }',
  *remarks({ ast }) {
    for (const statement of statementsOf(ast, 'DataStatement')) {
      yield* repeated(
        statement.options,
        (option) => (option.$type === 'UnknownOption' ? undefined : option.$type),
        (option, first) => ({
          what: `\`${optionKeywords[option.$type as 'InputOption']}\` is given already, on ${line(rangeOf(first))}.`,
          fix: 'Keep the one you mean.',
          range: rangeOf(option),
        }),
      );
    }
  },
};
