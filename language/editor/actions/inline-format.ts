import type { CheckedSpec } from '../../context.ts';
import type { FormatStatement, FormatWord, FormatWords } from '../../generated/ast.ts';
import { importedFrom } from '../../grammar/ranges.ts';
import { spelled } from '../../grammar/spelling.ts';
import { nodesOf } from '../../grammar/walk.ts';
import { meaningOf } from '../../resolve/fields.ts';
import type { TextEdit } from '../format.ts';
import { type ActionKind, type Place, stretchOf, wholeLines, wordsIn } from './action.ts';

/** A format of the spec gives way to its words wherever it is used. */
export const inlineFormat: ActionKind = {
  name: 'format',
  family: 'refactor.inline',
  summary: 'Puts the words of a named format wherever it is used, and takes the name away.',
  keepsPlan: true,
  example: {
    before: 'format w4 = int4 per-channel\nquantize {\n  weights w¦4\n  layers first { weights w4 per-tensor }\n}',
    after: 'quantize {\n  weights int4 per-channel\n  layers first { weights int4 per-tensor }\n}',
  },
  offer(place, spec) {
    const format = formatAt(place, spec);
    const name = format?.name?.text;
    const own = stretchOf(format);
    if (!format?.format || !own || name === undefined || importedFrom(format) !== undefined) return undefined;
    if (wordsIn(own.text) === undefined) return undefined;
    const uses = [...nodesOf(spec.ast, 'FormatWords')].flatMap((words) =>
      words.words.filter(({ text }) => text === name).map((word) => ({ words, word })),
    );
    const choices = nodesOf(spec.ast, 'SearchChoice').flatMap(({ formats }) =>
      formats.filter(({ text }) => text === name),
    );
    const isInItself = uses.some(({ words }) => words === format.format);
    const single =
      format.format.words.length === 1 && format.format.observers.length + format.format.methods.length === 0;
    // A search chooses among single words.
    if (isInItself || uses.length + choices.length === 0 || (choices.length > 0 && !single)) return undefined;
    const edits: TextEdit[] = uses.map(({ words, word }) => put(word, wordsFor(format.format, words, word, spec)));
    for (const word of choices) edits.push(put(word, stretchOf(format.format)!.text));
    const line = wholeLines(place.text, own);
    return {
      title: `Inline ${name}`,
      edits: [...edits, { ...line, text: '' }].sort((a, b) => a.start - b.start),
    };
  },
};

/** The format that is defined, or used, under the cursor. */
function formatAt(place: Place, { definitions }: CheckedSpec): FormatStatement | undefined {
  const name = place.around('Name');
  if (name?.$container.$type === 'FormatStatement') return name.$container as FormatStatement;
  return definitions.formats.get(place.around('FormatWord')?.text ?? '');
}

function put(word: FormatWord, text: string): TextEdit {
  const { start, end } = stretchOf(word)!;
  return { start, end, text };
}

/** The format's words, without those that words behind the name here set otherwise. */
function wordsFor(format: FormatWords, use: FormatWords, name: FormatWord, spec: CheckedSpec): string {
  const meaning = (word: FormatWord) => meaningOf(spelled(word), spec.definitions.formats, spec.vocabulary);
  const later = new Set(use.words.slice(use.words.indexOf(name) + 1).map(meaning));
  const kept = [
    ...format.words.filter((word) => meaning(word) === 'named' || !later.has(meaning(word))).map(spelled),
    ...(use.observers.length > 0 ? [] : format.observers.slice(-1)).map((call) => `observe ${stretchOf(call)!.text}`),
    ...(use.methods.length > 0 ? [] : format.methods.slice(-1)).map((call) => `using ${stretchOf(call)!.text}`),
  ];
  return kept.join(' ');
}
