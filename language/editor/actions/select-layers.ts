import { namingRules } from '../../grammar/rules.ts';
import { describeLayers } from '../describe-layers.ts';
import type { ActionKind } from './action.ts';
import { layersMatchedBy, partsOf } from './rule-parts.ts';

/** A list of names gives way to a selector that means exactly them. */
export const selectLayers: ActionKind = {
  name: 'select',
  family: 'refactor.rewrite',
  summary: 'Puts a selector that means exactly the same layers in place of a list of names.',
  keepsPlan: true,
  example: {
    before: 'quantize {\n  layer "/stem/Conv", "/stem/Re¦lu" keep float\n}',
    after: 'quantize {\n  layers "/stem/*" keep float\n}',
  },
  offer(place, spec) {
    const { network } = spec;
    const rule = place.around(...namingRules);
    const own = partsOf(rule);
    const layers = layersMatchedBy(rule, spec);
    // A name that no layer has would be lost without a word.
    if (!own || !layers || !network || layers.size !== own.parts.length) return undefined;
    const [head] = describeLayers(layers, network);
    if (!head?.startsWith('layers ')) return undefined;
    return {
      title: `Write as \`${head}\``,
      edits: [{ start: own.start, end: own.end, text: `${head}${own.optional} ${own.body}` }],
    };
  },
};
