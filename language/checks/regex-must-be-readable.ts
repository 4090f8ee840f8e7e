import { compileRegex } from '../../engine/regex/matcher.ts';
import { RegexFault } from '../../engine/regex/syntax.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { decodeRegex } from '../grammar/text.ts';
import { nodesOf } from '../grammar/walk.ts';
import type { Check } from './check.ts';

export const regexMustBeReadable: Check = {
  code: 'selector/regex',
  severity: 'error',
  section: 'rules',
  what: 'A pattern that cannot be read, with what is wrong in it.',
  why: 'It would match nothing.',
  fix: 'Correct it; “Patterns” in docs/language.md says what there is.',
  example: 'quantize { layers re"/block/(" optional { weights int8 } }',
  *remarks({ ast }) {
    for (const selector of [...nodesOf(ast, 'RegexSelector'), ...nodesOf(ast, 'TensorSelector')]) {
      if (selector.regex === undefined) continue;
      try {
        compileRegex(decodeRegex(selector.regex).pattern);
      } catch (error) {
        if (!(error instanceof RegexFault)) throw error;
        yield { what: error.message, fix: 'See “Patterns” in docs/language.md.', range: rangeOf(selector) };
      }
    }
  },
};
