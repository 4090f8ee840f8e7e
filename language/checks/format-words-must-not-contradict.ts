import type { FormatWord, FormatWords } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { spelled } from '../grammar/spelling.ts';
import { nodesOf } from '../grammar/walk.ts';
import { meaningOf } from '../resolve/fields.ts';
import { float } from '../vocabulary.ts';
import type { Check, Remark } from './check.ts';
import { repeated } from './remarks.ts';

const kinds = {
  format: 'number format',
  named: 'named format',
  scheme: 'scheme',
  granularity: 'granularity',
  scale: 'kind of scales',
  codes: 'range of codes',
} as const;

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
      const meaning = (word: FormatWord) => meaningOf(spelled(word), definitions.formats, vocabulary);
      yield* repeated(
        words.words,
        (word) => {
          const kind = meaning(word);
          return kind === 'unknown' ? undefined : kind;
        },
        (word, first) => ({
          what: `\`${spelled(word)}\` contradicts \`${spelled(first)}\`: both give the ${kinds[meaning(word) as 'format']}.`,
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
  if (!words.words.some((word) => spelled(word) === float)) return;
  const others = [...words.words.filter((word) => spelled(word) !== float), ...words.observers, ...words.methods];
  for (const other of others) {
    yield {
      severity: 'warning',
      what: 'This has no effect on what stays float.',
      fix: 'Remove it.',
      range: rangeOf(other),
    };
  }
}
