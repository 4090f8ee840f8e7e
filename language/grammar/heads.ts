import type { AstNode } from 'langium';
import { GrammarUtils } from 'langium';
import type { TextRange } from '../../engine/findings.ts';
import { joinRanges, rangeOf, rangeOfCst } from './ranges.ts';
import { type AnyRule, selects } from './rules.ts';

/** A rule up to what it says of its layers: `layers op Conv where macs > 1M matches 3`. */
export interface Head {
  /** On one line. */
  readonly text: string;
  readonly range: TextRange;
  /** Characters of the rule that it takes. */
  readonly length: number;
}

/** The head of a rule: selector and what is said of its count, before `{` or `keep`. */
export function headOf(rule: AnyRule): Head {
  const nodes: (AstNode | undefined)[] = selects(rule) ? [rule.selector, rule.predicate, ...rule.counts] : rule.names;
  const optional = rule.optionals.length > 0 ? GrammarUtils.findNodeForKeyword(rule.$cstNode, 'optional') : undefined;
  const parts = [optional, ...nodes.map((node) => node?.$cstNode)].flatMap((part) => part ?? []);
  // Recovery from a fault may leave a rule of which only its first word is there.
  const last = parts.toSorted((a, b) => a.end - b.end).at(-1) ?? rule.$cstNode;
  const from = rule.$cstNode?.offset ?? 0;
  return {
    text: onOneLine(rule.$cstNode?.text.slice(0, (last?.end ?? from) - from)),
    length: (last?.end ?? from) - from,
    range: joinRanges(rangeOf(rule), rangeOfCst(last)),
  };
}

export function onOneLine(text: string | undefined): string {
  return (text ?? '').replaceAll(/\s+/g, ' ').trim();
}
