import type { Word } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import type { FormatScope } from '../resolve/fields.ts';
import type { Check } from './check.ts';

export const formatMustNotContainItself: Check = function* ({ definitions }) {
  for (const [name, statement] of definitions.formats) {
    for (const word of statement.format?.words ?? []) {
      if (leadsTo(word, name, definitions.formats)) {
        yield {
          what: `Format \`${name}\` is made of itself.`,
          fix: 'Name a number format here.',
          range: rangeOf(word),
        };
      }
    }
  }
};

function leadsTo(word: Word, name: string, scope: FormatScope): boolean {
  const pending = [word.text];
  const seen = new Set<string>();
  while (pending.length > 0) {
    const next = pending.pop()!;
    if (next === name) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    for (const inner of scope.get(next)?.format?.words ?? []) pending.push(inner.text);
  }
  return false;
}
