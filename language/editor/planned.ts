import type { ModelSummary } from '../../engine/graph/summary.ts';
import type { Profile } from '../../engine/hardware/profile.ts';
import { targets } from '../../engine/hardware/registry.ts';
import type { Target } from '../../engine/hardware/target.ts';
import type { Plan } from '../../engine/plan.ts';
import { withAdded } from '../../engine/pruning/added-layers.ts';
import type { CheckedSpec } from '../context.ts';
import { type AnyRule, setsFormats } from '../grammar/rules.ts';
import { foreseenOf } from '../resolve/foreseen.ts';
import { defaults, planOf } from '../resolve/plan.ts';
import { makesLayersSmaller } from '../resolve/prune.ts';
import type { LayerSet } from '../selectors/layer-set.ts';
import { type CostTable, costOf, costTable, type LayersCost, profiles } from './cost.ts';

/** What a spec makes of its model, and what that costs on its target. */
export interface Planned {
  readonly plan: Plan;
  readonly target: Target;
  /** The spec names the target; otherwise it stands in where only bytes are shown. */
  readonly named: boolean;
  readonly before: Profile;
  readonly after: Profile;
  /** The network that is compressed: the model as it is, or what pruning leaves of it after the passes. */
  readonly left: ModelSummary;
  readonly model: ModelSummary;
  /** Figures of its layers, and of those that pruning adds. */
  readonly table: CostTable;
  /** Layers of `left` that are not in the model, each with the one that was split in two. */
  readonly added: ReadonlyMap<string, string>;
  /** Layers of which their weights decide how much goes: bytes, parameters and MACs are no more than the figures then. */
  readonly open: ReadonlySet<string>;
  /** So they are, or what pruning leaves of the model cannot be told from its summary, and layers are counted as they are in the file. */
  readonly atMost: boolean;
  costOf(layers: LayerSet): LayersCost;
}

const known = new WeakMap<CheckedSpec, Planned | undefined>();

/** Worked out once a spec: hover, hints and views ask for it again and again. Undefined without model, or where nothing is compressed. */
export function plannedOf(spec: CheckedSpec): Planned | undefined {
  if (!known.has(spec)) known.set(spec, work(spec));
  return known.get(spec);
}

/**
 * Whether a rule may change what layers cost: one of formats, or of pruning where a spec takes channels or ranks. Weights that become
 * zero are stored like others.
 */
export function changesCost(rule: AnyRule, spec: CheckedSpec): boolean {
  return setsFormats(rule) || (rule.$container.$type === 'PruneBlock' && makesLayersSmaller(spec));
}

function work(spec: CheckedSpec): Planned | undefined {
  const { definitions, model, network } = spec;
  const wanted = definitions.targets[0]?.name?.text;
  const own = targets.find((candidate) => candidate.name === wanted);
  const target = own ?? targets[0];
  const foreseen = foreseenOf(spec);
  const stated = statedPlan(spec) ?? (makesLayersSmaller(spec) ? nothingInCodes : undefined);
  if (!model || !network || !target || !stated) return undefined;
  const left = foreseen?.summary ?? model;
  const added = foreseen?.added ?? new Map<string, string>();
  const plan = withAdded(stated, added);
  const open = foreseen?.open ?? new Set<string>();
  const { before, after } = profiles(model, left, plan, target);
  const named = own !== undefined;
  const table = costTable(network, before, after);
  return {
    ...{ plan, target, named, before, after, left, model, added, table },
    open,
    atMost: open.size > 0 || (foreseen === undefined && makesLayersSmaller(spec)),
    costOf: (layers) => costOf(layers, table, network, own),
  };
}

function statedPlan({ definitions, rules, network, vocabulary }: CheckedSpec): Plan | undefined {
  return definitions.quantize && rules && network && planOf(definitions.quantize, rules, network, vocabulary);
}

/** Of a spec that only prunes. */
const nothingInCodes: Plan = { arithmetic: defaults.arithmetic, nodes: {} };
