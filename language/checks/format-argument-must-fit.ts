import { memberOf } from '../../engine/formats/family.ts';
import { granularityKinds, parseGranularity } from '../../engine/formats/granularity.ts';
import type { FormatWord } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { argumentsOf, spelled } from '../grammar/spelling.ts';
import { nodesOf } from '../grammar/walk.ts';
import { find, type Vocabulary } from '../vocabulary.ts';
import type { Check, Remark } from './check.ts';

/** Arguments of formats and granularities: known, in range, and there where they are needed. */
export const formatArgumentMustFit: Check = {
  code: 'format/argument',
  severity: 'error',
  section: 'formats',
  what: 'An argument that a format or granularity does not have, out of its range, or missing.',
  why: 'It says which format is meant.',
  fix: 'Write the argument as `qspec formats` lists it.',
  example: 'quantize { weights float(e9m9) }',
  *remarks({ ast, vocabulary, definitions }) {
    for (const word of nodesOf(ast, 'FormatWord')) {
      // A name that the spec defines itself hides none of these; a check of its own forbids it.
      const remark = definitions.formats.has(word.text) ? needless(word) : judge(word, vocabulary);
      if (remark !== undefined) yield remark;
    }
  },
};

function judge(word: FormatWord, vocabulary: Vocabulary): Remark | undefined {
  const kind = find(granularityKinds, word.text);
  if (kind !== undefined) {
    if (parseGranularity(spelled(word))) return undefined;
    if (kind.argument === undefined) return needless(word);
    const example = kind.argument === 'count' ? `${kind.name}(32)` : `${kind.name}(16x16)`;
    return {
      what: `\`${kind.name}\` needs ${kind.argument === 'count' ? 'a number of weights' : 'a size'}.`,
      fix: `Write \`${example}\`.`,
      range: rangeOf(word),
    };
  }
  const family = find(vocabulary.families, word.text);
  // `float` alone is what stays float.
  if (family === undefined || (word.arguments.length === 0 && find(vocabulary.families, word.text)?.name === 'float'))
    return family === undefined ? needless(word) : undefined;
  const member = memberOf(family, argumentsOf(word));
  if (!('what' in member)) return undefined;
  const { at, ...remark } = member;
  return { ...remark, range: rangeOf(at === undefined ? word : word.arguments[at]!) };
}

function needless(word: FormatWord): Remark | undefined {
  if (word.arguments.length === 0) return undefined;
  return { what: `\`${word.text}\` takes no arguments.`, fix: 'Remove them.', range: rangeOf(word.arguments[0]!) };
}
