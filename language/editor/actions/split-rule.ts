import { type ActionKind, indentAt } from './action.ts';
import { partsOf, ruleText } from './rule-parts.ts';

/** More rules than this help nobody. */
const mostRules = 20;

/** A rule for each name, or for each alternative of the selector. */
export const splitRule: ActionKind = {
  name: 'split',
  family: 'refactor.rewrite',
  summary: 'Makes a rule of each name, or of each alternative of a selector.',
  keepsPlan: true,
  example: {
    before: 'quantize {\n  weights int8\n  layers fir¦st or op Gemm { weights int4 }\n}',
    after: 'quantize {\n  weights int8\n  layers first { weights int4 }\n  layers op Gemm { weights int4 }\n}',
  },
  offer(place) {
    const rule = partsOf(place.rule());
    if (!rule || rule.counted || rule.parts.length < 2 || rule.parts.length > mostRules) return undefined;
    const between = `\n${indentAt(place.text, rule.start)}`;
    const text = rule.parts.map((part) => ruleText({ ...rule, parts: [part] })).join(between);
    return { title: `Split into ${rule.parts.length} rules`, edits: [{ start: rule.start, end: rule.end, text }] };
  },
};
