import { headOf } from '../../grammar/heads.ts';
import { selectingRules } from '../../grammar/rules.ts';
import { type ActionKind, stretchOf } from './action.ts';
import { layersMatchedBy } from './rule-parts.ts';

/** The rule says how many layers it matches, so that a changed model cannot go unnoticed. */
export const pinCount: ActionKind = {
  name: 'pin',
  family: 'refactor.rewrite',
  summary: 'States how many layers a rule matches now, so that another model cannot go unnoticed.',
  keepsPlan: true,
  example: {
    before: 'quantize {\n  layers op Co¦nv { weights int4 }\n}',
    after: 'quantize {\n  layers op Conv matches 3 { weights int4 }\n}',
  },
  offer(place, spec) {
    const rule = place.around(...selectingRules);
    const own = stretchOf(rule);
    const count = layersMatchedBy(rule, spec)?.size ?? 0;
    if (!rule || !own || count === 0) return undefined;
    const text = `matches ${count}`;
    const said = stretchOf(rule.counts[0]);
    if (!said) {
      const end = own.start + headOf(rule).length;
      return { title: `Add \`${text}\``, edits: [{ start: end, end, text: ` ${text}` }] };
    }
    if (rule.counts.length > 1 || said.text.replaceAll(/\s+/g, ' ') === text) return undefined;
    return { title: `Change to \`${text}\``, edits: [{ start: said.start, end: said.end, text }] };
  },
};
