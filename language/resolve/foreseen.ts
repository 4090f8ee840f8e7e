import type { LayerSummary, ModelSummary } from '../../engine/graph/summary.ts';
import { type Foreseen, foresee } from '../../engine/pruning/foresee.ts';
import { firstFactorOf } from '../../engine/pruning/low-rank.ts';
import { remembered } from '../../engine/remembered.ts';
import type { CheckedSpec } from '../context.ts';
import { type Network, withAddedLayers } from '../selectors/network.ts';
import { passesOfSpec } from './passes.ts';
import { makesLayersSmaller, prunePlanOf } from './prune.ts';

type Pruning = Pick<CheckedSpec, 'model' | 'network' | 'prune' | 'definitions' | 'vocabulary'>;

/** Larger networks take seconds, at every change of what is pruned. */
const mostLayers = 2000;

/** A person types in one spec or two; what was foreseen of each state is kept as long as few others came. */
const mostRemembered = 8;
/** In one object, since there may be nothing to remember. */
interface Known {
  readonly foreseen: Foreseen | undefined;
}
const byContent = new WeakMap<ModelSummary, Map<string, Known>>();
const bySpec = new WeakMap<NonNullable<Pruning['prune']>, Known>();

/**
 * The network that a run leaves of the model, worked out once for what the spec takes out of it. Undefined where it takes no channels or
 * ranks, or where what is left cannot be told from the summary.
 */
export function foreseenOf(spec: Pruning): Foreseen | undefined {
  const { model, network, prune } = spec;
  if (!model || !network || !prune || !makesLayersSmaller(spec) || model.layers.length > mostLayers) return undefined;
  return remembered(bySpec, prune, () => foreseeOnce(model, network, prune, spec)).foreseen;
}

function foreseeOnce(
  model: ModelSummary,
  network: Network,
  prune: NonNullable<Pruning['prune']>,
  { definitions, vocabulary }: Pruning,
): Known {
  const plan = prunePlanOf(prune, network, vocabulary);
  const options = {
    passes: passesOfSpec(definitions, vocabulary),
    fitted: definitions.dataByName.has('calibration'),
  };
  // Neither what decides which weights go nor where that is written changes how large layers become.
  const amounts = Object.entries(plan.nodes).map(([name, { amount }]) => [name, amount]);
  const ofModel = remembered(byContent, model, () => new Map<string, Known>());
  if (ofModel.size >= mostRemembered) ofModel.clear();
  return remembered(ofModel, JSON.stringify([options, amounts]), () => ({ foreseen: foresee(model, plan, options) }));
}

const extended = new WeakMap<Foreseen, WeakMap<Network, Network>>();

/** The model's network and, where layers are split in two, the new ones: rules may name them. Those are there as well of which weights decide. */
export function networkWithAdded(spec: Pruning): Network | undefined {
  const { network, prune, vocabulary } = spec;
  const foreseen = network && foreseenOf(spec);
  if (!foreseen || !prune) return network;
  const ofForeseen = remembered(extended, foreseen, () => new WeakMap<Network, Network>());
  return remembered(ofForeseen, network, () => {
    const { nodes } = prunePlanOf(prune, network, vocabulary);
    const left = new Map(foreseen.summary.layers.map((layer) => [layer.name, layer]));
    const certain = Array.from(foreseen.added, ([name, before]) => [left.get(name)!, before] as const);
    const open = [...foreseen.open].filter((name) => nodes[name]?.amount.kind === 'rank');
    return withAddedLayers(network, [
      ...certain,
      ...open.map((name) => [ofUnknownRank(network.layers[network.indexOf.get(name)!]!), name] as const),
    ]);
  });
}

function ofUnknownRank(layer: LayerSummary): LayerSummary {
  const name = firstFactorOf(layer.name);
  return {
    ...layer,
    ...{ name, outputs: [{ name: `${name}_output`, dtype: 'float32', shape: null }], consumers: [layer.name] },
    ...{ parameters: 0, weightBytes: 0, biasBytes: 0, macs: 0, operations: 0 },
  };
}
