import { rangeOf } from '../grammar/ranges.ts';
import { statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';
import { nodesOf } from './walk.ts';

/** A format that nothing names. */
export const definitionShouldBeUsed: Check = function* ({ ast }) {
  const used = new Set<string>();
  for (const { words } of nodesOf(ast, 'FormatWords')) for (const word of words) used.add(word.text);
  for (const { formats } of nodesOf(ast, 'SearchChoice')) for (const word of formats) used.add(word.text);
  for (const { name } of statementsOf(ast, 'FormatStatement')) {
    if (!name || used.has(name.text)) continue;
    yield { what: `Nothing uses the format \`${name.text}\`.`, fix: 'Use it or remove it.', range: rangeOf(name) };
  }
};
