import { rangeOf } from '../grammar/ranges.ts';
import { allNodesOf } from '../grammar/walk.ts';
import { isBase, statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';

/** A format that nothing names. */
export const definitionShouldBeUsed: Check = {
  code: 'format/unused',
  severity: 'hint',
  section: 'formats',
  what: 'A format that nothing names.',
  why: 'It may be a slip: another format was to have this name.',
  fix: 'Use it or remove it.',
  example: 'format w4 = int4 symmetric',
  *remarks({ ast, spec, definitions }) {
    // The formats of a base are for those that import it.
    if (isBase(definitions)) return;
    const used = new Set<string>();
    for (const { words } of allNodesOf(spec, 'FormatWords')) for (const word of words) used.add(word.text);
    for (const { formats } of allNodesOf(spec, 'SearchChoice')) for (const word of formats) used.add(word.text);
    for (const { name } of statementsOf(ast, 'FormatStatement')) {
      if (!name || used.has(name.text)) continue;
      yield { what: `Nothing uses the format \`${name.text}\`.`, fix: 'Use it or remove it.', range: rangeOf(name) };
    }
  },
};
