import type { AstNode } from 'langium';
import { importedFrom } from '../../grammar/ranges.ts';
import { overridesOf } from '../owners.ts';
import { type ActionKind, stretchOf, wholeLines } from './action.ts';

/** A rule goes below those that take layers from it, and wins. */
export const moveRule: ActionKind = {
  name: 'move',
  family: 'refactor.rewrite',
  summary: 'Moves a rule below the last one that overrides it, so that it wins.',
  keepsPlan: false,
  example: {
    before: 'quantize {\n  layers fir¦st { weights int8 }\n  layers op Conv { weights int4 }\n}',
    after: 'quantize {\n  layers op Conv { weights int4 }\n  layers first { weights int8 }\n}',
  },
  offer(place, spec) {
    const rule = place.rule();
    const own = stretchOf(rule);
    if (!rule || !own) return undefined;
    const items: readonly AstNode[] = rule.$container.items;
    const taking = overridesOf(rule, spec).lost.map(({ item }) => item);
    const others = new Set<unknown>(taking.filter((item) => importedFrom(item) === undefined));
    const last = items.findLast((item) => others.has(item));
    const below = stretchOf(last);
    if (!below) return undefined;
    const from = wholeLines(place.text, own);
    const to = wholeLines(place.text, below);
    const moved = place.text.slice(from.start, from.end);
    // The last line of a file may have no end.
    const text = to.end > below.end || !moved.endsWith('\n') ? moved : `\n${moved.replace(/\r?\n$/, '')}`;
    return {
      title: `Move below the ${others.size === 1 ? 'rule that overrides' : 'rules that override'} it`,
      edits: [
        { ...from, text: '' },
        { start: to.end, end: to.end, text },
      ],
    };
  },
};
