import type { ModelSummary } from '../../engine/graph/summary.ts';
import type { PrunePlan } from '../../engine/plan.ts';
import { type Foreseen, foresee } from '../../engine/pruning/foresee.ts';
import { remembered } from '../../engine/remembered.ts';
import type { CheckedSpec } from '../context.ts';
import { passesOfSpec } from './passes.ts';
import { makesLayersSmaller, prunePlanOf } from './prune.ts';

/** A person types in one spec or two; what was foreseen of each state is kept as long as few others came. */
const mostRemembered = 8;
const known = new WeakMap<ModelSummary, Map<string, { readonly foreseen: Foreseen | undefined }>>();

/**
 * The network that a run leaves of the model, worked out once for what the spec takes out of it. Undefined where it takes no channels or
 * ranks, or where what is left cannot be told from the summary.
 */
export function foreseenOf(spec: CheckedSpec): Foreseen | undefined {
  const { model, network, prune, definitions, vocabulary } = spec;
  if (!model || !network || !prune || !makesLayersSmaller(spec)) return undefined;
  const { nodes } = prunePlanOf(prune, network, vocabulary);
  const options = {
    passes: passesOfSpec(definitions, vocabulary),
    fitted: definitions.dataByName.has('calibration'),
  };
  // Neither what decides which weights go nor where that is written changes how large layers become.
  const amounts = Object.entries(nodes).map(([name, { amount }]) => [name, amount]);
  const ofModel = remembered(known, model, () => new Map<string, { readonly foreseen: Foreseen | undefined }>());
  if (ofModel.size >= mostRemembered) ofModel.clear();
  return remembered(ofModel, JSON.stringify([options, amounts]), () => ({
    foreseen: foresee(model, { nodes } satisfies PrunePlan, options),
  })).foreseen;
}
