import type { AstNode } from 'langium';
import { type AnyRule, isRule } from '../../grammar/rules.ts';
import { type ActionKind, wordsIn } from './action.ts';
import { partsOf, ruleText } from './rule-parts.ts';

/** Two rules, one below the other, that say the same of different layers become one. */
export const mergeRules: ActionKind = {
  name: 'merge',
  family: 'refactor.rewrite',
  summary: 'Makes one rule of two, one below the other, that say the same of different layers.',
  keepsPlan: true,
  example: {
    before: 'quantize {\n  weights int8\n  layers fir¦st keep float\n  layers op Gemm keep float\n}',
    after: 'quantize {\n  weights int8\n  layers first or op Gemm keep float\n}',
  },
  offer(place) {
    const rule = place.rule();
    const [own, next] = [partsOf(rule), partsOf(rule && ruleAfter(rule))];
    if (!own || !next || own.counted || next.counted || own.keyword !== next.keyword) return undefined;
    const body = wordsIn(own.body);
    // What is said of both must be the same to the word, and nothing between them may be lost.
    const alike =
      body !== undefined && body === wordsIn(next.body) && own.where === next.where && own.optional === next.optional;
    if (!alike || wordsIn(place.text.slice(own.end, next.start)) !== '') return undefined;
    const text = ruleText({ ...own, parts: [...own.parts, ...next.parts] });
    return { title: 'Merge with the next rule', edits: [{ start: own.start, end: next.end, text }] };
  },
};

function ruleAfter(rule: AnyRule): AnyRule | undefined {
  const items: readonly AstNode[] = rule.$container.items;
  const next = items[items.indexOf(rule) + 1];
  return next && isRule(next) ? next : undefined;
}
