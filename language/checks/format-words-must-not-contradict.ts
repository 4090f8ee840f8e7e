import type { FormatWords } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import { meaningOf } from '../resolve/fields.ts';
import { float } from '../vocabulary.ts';
import type { Check, Remark } from './check.ts';
import { repeated } from './remarks.ts';

const kinds = { format: 'number format', named: 'named format', scheme: 'scheme', granularity: 'granularity' } as const;

/** `int8 int4`: one of the two is not meant. */
export const formatWordsMustNotContradict: Check = {
  code: 'format/contradiction',
  severity: 'error',
  section: 'formats',
  what: 'Two words for one field; words beside `float`, which have no effect (a warning).',
  why: 'One of the two is not meant.',
  fix: 'Keep the one you mean.',
  example: 'quantize { weights int8 int4 }',
  *remarks({ ast, definitions, vocabulary }) {
    for (const words of nodesOf(ast, 'FormatWords')) {
      const meaning = (text: string | undefined) => meaningOf(text, definitions.formats, vocabulary);
      yield* repeated(
        words.words,
        (word) => {
          const kind = meaning(word.text);
          return kind === 'unknown' ? undefined : kind;
        },
        (word, first) => ({
          what: `\`${word.text}\` contradicts \`${first.text}\`: both give the ${kinds[meaning(word.text) as 'format']}.`,
          fix: 'Keep the one you mean.',
          range: rangeOf(word),
        }),
      );
      yield* second(words.observers, 'observer');
      yield* second(words.methods, 'method');
      yield* idle(words);
    }
  },
};

function* second(calls: FormatWords['observers'], kind: string): Iterable<Remark> {
  for (const call of calls.slice(1)) {
    yield { what: `There is one ${kind} already.`, fix: 'Keep the one you mean.', range: rangeOf(call) };
  }
}

/** `float per-channel`: what is not quantised has no scale. */
function* idle(words: FormatWords): Iterable<Remark> {
  if (!words.words.some((word) => word.text === float)) return;
  const others = [...words.words.filter((word) => word.text !== float), ...words.observers, ...words.methods];
  for (const other of others) {
    yield {
      severity: 'warning',
      what: 'This has no effect on what stays float.',
      fix: 'Remove it.',
      range: rangeOf(other),
    };
  }
}
