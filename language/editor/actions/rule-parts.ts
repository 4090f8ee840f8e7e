import type { CheckedSpec } from '../../context.ts';
import { headOf } from '../../grammar/heads.ts';
import { type AnyRule, selects } from '../../grammar/rules.ts';
import type { LayerSet } from '../../selectors/layer-set.ts';
import { stretchOf, wordsIn } from './action.ts';

/** A rule taken apart into what its text is made of. */
export interface RuleParts {
  readonly start: number;
  readonly end: number;
  /** `layers` or `layer`. */
  readonly keyword: 'layers' | 'layer';
  /** Of `layers`, the selector's alternatives; of `layer`, the names. */
  readonly parts: readonly string[];
  /** ` where macs > 1M`, ` optional`; with the space before it, empty without. */
  readonly where: string;
  readonly optional: string;
  /** `{ weights int4 }`, `keep float`. */
  readonly body: string;
  /** Says how many layers it must match. */
  readonly counted: boolean;
}

/** Undefined where the rule is not whole, or has comments that would be lost. */
export function partsOf(rule: AnyRule | undefined): RuleParts | undefined {
  const own = stretchOf(rule);
  if (!rule || !own || !rule.$cstNode) return undefined;
  const head = headOf(rule);
  const length = head.length;
  if (wordsIn(own.text.slice(0, length)) === undefined) return undefined;
  const body = own.text.slice(length).trim();
  if (body === '') return undefined;
  const selecting = selects(rule) ? rule : undefined;
  const nodes = !selects(rule) ? rule.names : rule.selector?.$type === 'AnyOf' ? rule.selector.parts : [rule.selector];
  const parts = nodes.flatMap((node) => stretchOf(node)?.text ?? []);
  if (parts.length === 0) return undefined;
  const predicate = stretchOf(selecting?.predicate)?.text;
  return {
    start: own.start,
    end: own.end,
    keyword: selecting ? 'layers' : 'layer',
    parts,
    where: predicate === undefined ? '' : ` where ${predicate}`,
    optional: rule.optionals.length > 0 ? ' optional' : '',
    body,
    counted: (selecting?.counts.length ?? 0) > 0,
  };
}

/** The layers that a rule of any block matches; undefined without a model. */
export function layersMatchedBy(rule: AnyRule | undefined, { outcomes }: CheckedSpec): LayerSet | undefined {
  return outcomes.flatMap(({ matches }) => matches).find((match) => match.rule === rule)?.layers;
}

export function ruleText({
  keyword,
  parts,
  where,
  optional,
  body,
}: Omit<RuleParts, 'start' | 'end' | 'counted'>): string {
  return `${keyword} ${parts.join(keyword === 'layers' ? ' or ' : ', ')}${where}${optional} ${body}`;
}
