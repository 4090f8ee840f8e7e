import type {
  LayerRule,
  LayersRule,
  PruneLayerRule,
  PruneLayersRule,
  TrainLayerRule,
  TrainLayersRule,
} from '../generated/ast.ts';

/** A rule of any block for what a selector matches. */
export type SelectingRule = LayersRule | PruneLayersRule | TrainLayersRule;
/** A rule of any block for layers named exactly. */
export type NamingRule = LayerRule | PruneLayerRule | TrainLayerRule;
export type AnyRule = SelectingRule | NamingRule;

export const selectingRules = ['LayersRule', 'PruneLayersRule', 'TrainLayersRule'] as const;
export const namingRules = ['LayerRule', 'PruneLayerRule', 'TrainLayerRule'] as const;

const selecting: ReadonlySet<string> = new Set(selectingRules);
const rules: ReadonlySet<string> = new Set([...selectingRules, ...namingRules]);

export function selects(rule: AnyRule): rule is SelectingRule {
  return selecting.has(rule.$type);
}

/** Of `prune` and `train` there are rules too. */
export function setsFormats(rule: AnyRule): rule is LayersRule | LayerRule {
  return rule.$container.$type === 'QuantizeBlock';
}

export function isRule(node: { readonly $type: string }): node is AnyRule {
  return rules.has(node.$type);
}
