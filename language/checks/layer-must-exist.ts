import type { AstNode } from 'langium';
import { nearest } from '../../engine/nearest.ts';
import type { Text } from '../generated/ast.ts';
import { shown } from '../grammar/messages.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { namingRules } from '../grammar/rules.ts';
import { quoteText, textValue } from '../grammar/text.ts';
import { allNodesOf } from '../grammar/walk.ts';
import { isGlob, unescapeGlob } from '../selectors/glob.ts';
import { fileNetwork } from '../selectors/network.ts';
import type { Check, Remark } from './check.ts';
import { isOptional, plural } from './remarks.ts';

/** A layer named exactly must be in the model; a pattern may match nothing as long as the whole rule matches something. */
export const layerMustExist: Check = {
  code: 'selector/layer',
  severity: 'error',
  mayBeLowered: true,
  section: 'rules',
  what: 'The model has no layer of that name; the nearest is named.',
  why: 'The field’s most repeated complaint is a name that silently matches nothing.',
  fix: 'Correct the name; `qspec inspect` lists them.',
  example: 'quantize { layer "/stem/conv" { weights int8 } }',
  needs: 'model',
  *remarks({ spec, network }) {
    if (!network) return;
    const judge = function* (text: Text, name: string, optional: boolean): Iterable<Remark> {
      // What pruning adds is there for formats alone.
      const { indexOf } = isInFormats(text) ? network : fileNetwork(network);
      if (indexOf.has(name)) return;
      // Names are many: the nearest one is looked for only where it will be read.
      const best = nearest(name, indexOf.keys());
      yield {
        severity: optional ? 'information' : 'error',
        what: `The model has no layer ${shown(name)}.`,
        ...(best === undefined
          ? { fix: `\`qspec inspect\` lists the names of its ${plural(fileNetwork(network).layers.length, 'layer')}.` }
          : { fix: `Did you mean ${shown(best)}?`, replacement: quoteText(best) }),
        range: rangeOf(text),
      };
    };
    for (const rule of namingRules.flatMap((type) => [...allNodesOf(spec, type)])) {
      for (const name of rule.names) yield* judge(name, textValue(name), rule.optionals.length > 0);
    }
    for (const { pattern } of allNodesOf(spec, 'NameSelector')) {
      const text = textValue(pattern);
      if (pattern && !isGlob(text)) yield* judge(pattern, unescapeGlob(text), isOptional(pattern));
    }
  },
};

function isInFormats(node: AstNode): boolean {
  if (node.$type === 'QuantizeBlock') return true;
  return node.$container !== undefined && isInFormats(node.$container);
}
