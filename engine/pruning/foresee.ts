import { FindingError } from '../findings.ts';
import type { Graph } from '../graph/graph.ts';
import { type ModelSummary, summarize } from '../graph/summary.ts';
import { graphOfSummary } from '../graph/summary-graph.ts';
import { optimize, passes, passesNamed } from '../passes/index.ts';
import type { PrunePlan } from '../plan.ts';
import { remembered } from '../remembered.ts';
import { withFittedBiases } from './fitted-layers.ts';
import { type PrunedUnread, pruneUnread } from './prune.ts';

/** What a run will make of a model that loses channels and ranks, as far as follows from its summary. */
export interface Foreseen extends Omit<PrunedUnread, 'graph'> {
  /** Of the network after passes and pruning. Where no layer is open, names, shapes and costs are those of the run. */
  readonly summary: ModelSummary;
}

export interface ForeseeOptions {
  /** Names of the passes that run before, in their order; absent: all, in the engine's. */
  readonly passes?: readonly string[] | undefined;
  /** What is left will be fitted to data, which gives biases to layers that have none. */
  readonly fitted: boolean;
}

/**
 * Follows a run (`prepare`, `pruneGraph`, `refit`) on a graph that has shapes alone: which channels go depends on weights, how many go
 * and which layers share their cut does not. Undefined where a model is more than its summary tells (bodies of If and Loop), or makes no sense.
 */
export function foresee(model: ModelSummary, plan: PrunePlan, options: ForeseeOptions): Foreseen | undefined {
  const whole = preparedOf(model, options.passes);
  if (!whole) return undefined;
  return unlessSenseless(() => {
    const pruned = pruneUnread(whole, plan);
    const isSmaller = pruned.kept.size + pruned.added.size > 0;
    const graph = options.fitted && isSmaller ? withFittedBiases(whole, pruned) : pruned.graph;
    return { ...pruned, summary: summaryOf(graph, model) };
  });
}

const prepared = new WeakMap<ModelSummary, Map<string, { readonly graph: Graph | undefined }>>();

/** The graph after the passes, worked out once. */
function preparedOf(model: ModelSummary, names: readonly string[] | undefined): Graph | undefined {
  const byPasses = remembered(prepared, model, () => new Map<string, { readonly graph: Graph | undefined }>());
  return remembered(byPasses, names?.join() ?? 'all', () => ({ graph: prepare(model, names) })).graph;
}

function prepare(model: ModelSummary, names: readonly string[] | undefined): Graph | undefined {
  if (model.layers.some(({ captures, op }) => captures || withBodies.has(op))) return undefined;
  const graph = graphOfSummary(model);
  // Nodes that compute constants are folded; what comes of them the summary tells.
  const nodes = graph.nodes.filter(({ outputs }) =>
    outputs.some((name) => name !== '' && !graph.initializers.has(name)),
  );
  const steps = names === undefined ? passes : passesNamed(names);
  return unlessSenseless(() => optimize({ ...graph, nodes }, steps).graph);
}

const withBodies: ReadonlySet<string> = new Set(['If', 'Loop', 'Scan', 'SequenceMap']);

/** A node whose attributes or shapes make no sense ends the work; whoever reads the model tells of it. */
function unlessSenseless<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof FindingError) return undefined;
    throw error;
  }
}

function summaryOf(graph: Graph, { irVersion, producer, metadata }: ModelSummary): ModelSummary {
  return summarize({
    ...{ graph, irVersion, producerName: producer, producerVersion: '', findings: [] },
    metadata: new Map(Object.entries(metadata)),
  });
}
