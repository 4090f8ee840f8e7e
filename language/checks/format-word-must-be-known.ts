import { roleWords, ruleWords } from '../grammar/block-words.ts';
import { spelled } from '../grammar/spelling.ts';
import { nodesOf } from '../grammar/walk.ts';
import { meaningOf } from '../resolve/fields.ts';
import { wordFor } from '../spellings.ts';
import { codeRanges, find, float, granularities, scaleWords, schemes } from '../vocabulary.ts';
import type { Check } from './check.ts';
import { unknown } from './remarks.ts';

/** Words that may follow a format; a misspelt one was read as part of the format. */
const following = [...roleWords, ...ruleWords, 'lock', 'observe', 'using'];

export const formatWordMustBeKnown: Check = {
  code: 'format/unknown',
  severity: 'error',
  section: 'formats',
  what: 'A word that is no format, scheme, granularity or format of this spec.',
  why: 'It would set nothing.',
  fix: 'Correct the word; `qspec formats` lists formats.',
  example: 'quantize { weights int17 }',
  *remarks({ ast, definitions, vocabulary }) {
    const { formats: rows, families } = vocabulary;
    const formats = [...[...rows, ...families].map(({ name }) => name), float, ...definitions.formats.keys()];
    const known = [...formats, ...schemes, ...granularities, ...scaleWords, ...codeRanges, ...following];
    const own = [...formats, ...schemes, ...granularities];
    // What their arguments lack is told by a check of its own.
    const takesArguments = (name: string) => find(families, name) !== undefined || granularities.includes(name);
    for (const words of nodesOf(ast, 'FormatWords')) {
      for (const word of words.words) {
        if (meaningOf(spelled(word), definitions.formats, vocabulary) !== 'unknown') continue;
        if (takesArguments(word.text) || known.includes(word.text)) continue;
        if (wordFor('format', word.text, own) === undefined) yield unknown('format', word, known);
      }
    }
    for (const choice of nodesOf(ast, 'SearchChoice')) {
      for (const word of choice.formats) {
        const meaning = meaningOf(spelled(word), definitions.formats, vocabulary);
        if (wordFor('format', word.text, formats) !== undefined) continue;
        if (meaning !== 'format' && meaning !== 'named' && !find(families, word.text))
          yield unknown('format', word, formats);
      }
    }
  },
};
