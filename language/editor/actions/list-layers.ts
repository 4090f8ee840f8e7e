import { selectingRules } from '../../grammar/rules.ts';
import { quoteText } from '../../grammar/text.ts';
import { counted } from '../markdown.ts';
import { type ActionKind, indentAt } from './action.ts';
import { layersMatchedBy, partsOf, ruleText } from './rule-parts.ts';

/** A longer list is no longer read by anybody. */
const mostLayers = 40;
/** Columns beyond which every name gets a line of its own. */
const longestLine = 100;

/** A selector gives way to the names of the layers that it matches. */
export const listLayers: ActionKind = {
  name: 'list',
  family: 'refactor.rewrite',
  summary: 'Puts the names of the layers that a rule matches in place of its selector.',
  keepsPlan: true,
  example: {
    before: 'quantize {\n  layers "/stem/*¦" keep float\n}',
    after: 'quantize {\n  layer "/stem/Conv", "/stem/Relu" keep float\n}',
  },
  offer(place, spec) {
    const { network } = spec;
    const rule = place.around(...selectingRules);
    const own = partsOf(rule);
    const layers = layersMatchedBy(rule, spec);
    if (!own || !layers || !network || layers.size === 0 || layers.size > mostLayers) return undefined;
    const names = Array.from(layers.indices, (index) => quoteText(network.layers[index]!.name));
    const write = (parts: readonly string[]) => ruleText({ ...own, keyword: 'layer', parts, where: '', optional: '' });
    const indent = `\n${indentAt(place.text, own.start)}    `;
    const line = write(names);
    const long = line.length - own.body.length > longestLine;
    return {
      title: `Name the ${counted(layers.size, 'layer')}`,
      edits: [
        {
          start: own.start,
          end: own.end,
          text: long ? write(names.map((name) => `${indent}${name}`)).replaceAll(` ${indent}`, indent) : line,
        },
      ],
    };
  },
};
