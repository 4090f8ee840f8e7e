import { rangeOf } from '../grammar/ranges.ts';
import { statementsOf } from '../resolve/definitions.ts';
import { codeRanges, float, granularities, scaleWords, schemes } from '../vocabulary.ts';
import type { Check } from './check.ts';

/** A format called `int8` would change what every line that says `int8` means. */
export const nameMustNotHideWord: Check = {
  code: 'name/hides-word',
  severity: 'error',
  section: 'spec',
  what: 'A format called like a number format, a scheme or a granularity.',
  why: 'Every line that says the word would mean something else.',
  fix: 'Call it something else.',
  example: 'format int8 = int4 symmetric',
  *remarks({ ast, vocabulary }) {
    const formats = [...vocabulary.formats, ...vocabulary.families].map(({ name }) => name);
    const words = new Set<string>([float, ...schemes, ...granularities, ...scaleWords, ...codeRanges, ...formats]);
    for (const { name } of statementsOf(ast, 'FormatStatement')) {
      if (!words.has(name?.text)) continue;
      yield {
        what: `\`${name.text}\` is a word of the language and cannot name a format.`,
        fix: `Call it something else, such as \`my-${name.text}\`.`,
        range: rangeOf(name),
      };
    }
  },
};
