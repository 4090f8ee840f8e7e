import { rangeOf } from '../grammar/ranges.ts';
import { statementsOf } from '../resolve/definitions.ts';
import { noPasses } from '../resolve/passes.ts';
import type { Check } from './check.ts';
import { repeated, unknown } from './remarks.ts';

/** Passes are named as the engine calls them, each once; `none` stands alone. */
export const passesMustBeKnown: Check = {
  code: 'passes/unknown',
  severity: 'error',
  section: 'blocks',
  what: 'No such pass, one named twice, or `none` beside others.',
  why: 'Passes change the network before anything else does.',
  fix: 'Name passes that `qspec methods` lists, each once.',
  example: 'passes fold-batchnorm',
  *remarks({ ast, vocabulary }) {
    const names = vocabulary.passes.map(({ name }) => name);
    for (const { all, names: words } of statementsOf(ast, 'PassesStatement')) {
      for (const word of words) {
        if (word.text === noPasses && !all && words.length === 1) continue;
        if (word.text === noPasses) {
          yield { what: '`none` stands alone: `passes none` runs no pass at all.', range: rangeOf(word) };
        } else if (!names.includes(word.text)) yield unknown('pass', word, names);
      }
      yield* repeated(
        words,
        ({ text }) => text,
        (word) => ({
          what: `\`${word.text}\` is named already.`,
          why: 'Passes run in turn until none of them changes anything: a second time adds nothing.',
          fix: 'Remove it.',
          range: rangeOf(word),
        }),
      );
    }
  },
};
