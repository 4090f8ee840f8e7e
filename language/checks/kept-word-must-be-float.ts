import { rangeOf } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import { float } from '../vocabulary.ts';
import type { Check } from './check.ts';

export const keptWordMustBeFloat: Check = {
  code: 'rule/keep',
  severity: 'error',
  section: 'rules',
  what: 'Layers are kept `float` and nothing else.',
  why: 'A format needs the role that it is for.',
  fix: 'Write `keep float`, or `{ weights int8 }`.',
  example: 'quantize { layers first keep int8 }',
  *remarks({ ast }) {
    for (const { keep } of [...nodesOf(ast, 'LayersRule'), ...nodesOf(ast, 'LayerRule')]) {
      if (!keep || keep.text === float) continue;
      yield {
        what: `Layers can be kept float, not \`${keep.text}\`.`,
        fix: `Write \`keep float\`, or give formats in braces: \`{ weights ${keep.text} }\`.`,
        range: rangeOf(keep),
        replacement: float,
      };
    }
  },
};
