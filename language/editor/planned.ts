import type { Profile } from '../../engine/hardware/profile.ts';
import { targets } from '../../engine/hardware/registry.ts';
import type { Target } from '../../engine/hardware/target.ts';
import type { Plan } from '../../engine/plan.ts';
import type { CheckedSpec } from '../context.ts';
import { planOf } from '../resolve/plan.ts';
import type { LayerSet } from '../selectors/layer-set.ts';
import { costOf, costTable, type LayersCost, profiles } from './cost.ts';

/** What a spec makes of its model, and what that costs on its target. */
export interface Planned {
  readonly plan: Plan;
  readonly target: Target;
  /** The spec names the target; otherwise it stands in where only bytes are shown. */
  readonly named: boolean;
  readonly before: Profile;
  readonly after: Profile;
  costOf(layers: LayerSet): LayersCost;
}

const known = new WeakMap<CheckedSpec, Planned | undefined>();

/** Worked out once a spec: hover, hints and views ask for it again and again. Undefined without model or `quantize`. */
export function plannedOf(spec: CheckedSpec): Planned | undefined {
  if (!known.has(spec)) known.set(spec, work(spec));
  return known.get(spec);
}

function work(spec: CheckedSpec): Planned | undefined {
  const { definitions, rules, network, vocabulary, model } = spec;
  const wanted = definitions.targets[0]?.name?.text;
  const own = targets.find((candidate) => candidate.name === wanted);
  const target = own ?? targets[0];
  if (!definitions.quantize || !rules || !network || !model || !target) return undefined;
  const plan = planOf(definitions.quantize, rules, network, vocabulary);
  const { before, after } = profiles(model, plan, target);
  const named = own !== undefined;
  const table = costTable(model, before, after);
  return {
    plan,
    target,
    named,
    before,
    after,
    costOf: (layers) => costOf(layers, table, own),
  };
}
