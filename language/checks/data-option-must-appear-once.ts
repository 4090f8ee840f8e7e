import { rangeOf } from '../grammar/ranges.ts';
import { statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';
import { optionKeywords } from './data-options.ts';
import { line, repeated } from './remarks.ts';

export const dataOptionMustAppearOnce: Check = function* ({ ast }) {
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
};
