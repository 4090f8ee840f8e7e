import { rangeOf } from '../grammar/ranges.ts';
import { deepestFormats, type FormatScope } from '../resolve/fields.ts';
import type { Check } from './check.ts';

export const formatMustNotContainItself: Check = {
  code: 'format/cycle',
  severity: 'error',
  section: 'formats',
  what: 'A format made of itself.',
  why: 'It would say nothing.',
  fix: 'Name a number format.',
  example: 'format a = b\nformat b = a',
  *remarks({ definitions: { formats } }) {
    for (const [name, statement] of formats) {
      for (const word of statement.format?.words ?? []) {
        if (leadsTo(word.text, name, formats)) {
          yield {
            what: `Format \`${name}\` is made of itself.`,
            fix: 'Name a number format here.',
            range: rangeOf(word),
          };
        }
      }
      if (depthOf(name, formats) > deepestFormats) {
        yield {
          what: `Format \`${name}\` is made of formats more than ${deepestFormats} deep.`,
          fix: 'Name a number format here.',
          range: rangeOf(statement.name),
        };
      }
    }
  },
};

function leadsTo(start: string, name: string, scope: FormatScope): boolean {
  const pending = [start];
  const seen = new Set<string>();
  // A format deeper than this is told of for its depth.
  while (pending.length > 0 && seen.size <= 4 * deepestFormats) {
    const next = pending.pop()!;
    if (next === name) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    for (const inner of scope.get(next)?.format?.words ?? []) pending.push(inner.text);
  }
  return false;
}

/** Length of the longest chain of names from a format down, followed no further than matters. */
function depthOf(name: string, scope: FormatScope): number {
  let level = new Set([name]);
  let depth = 0;
  while (level.size > 0 && depth <= deepestFormats) {
    const below = new Set<string>();
    for (const format of level) {
      for (const word of scope.get(format)?.format?.words ?? []) if (scope.has(word.text)) below.add(word.text);
    }
    level = below;
    depth++;
  }
  // A cycle is endless, but has been told of already.
  return level.size > 0 && [...level].some((format) => leadsTo(format, name, scope) || level.has(name)) ? 0 : depth;
}
