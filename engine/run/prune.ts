import type { Graph, GraphNode } from '../graph/graph.ts';
import type { Job } from '../plan.ts';
import { Breather, interruptible } from '../progress.ts';
import { type Pruned, pruneGraph } from '../pruning/prune.ts';
import { refit } from '../pruning/refit.ts';
import { integerForm } from '../quantize/integer-form.ts';
import type { Tensor } from '../tensor.ts';
import { compilingStrictly } from './compress.ts';
import type { RunContext } from './context.ts';
import { openData } from './datasets.ts';
import type { LayerNoise } from './layer-noise.ts';
import type { Prepared } from './load.ts';

export interface PrunedModel extends Omit<Pruned, 'graph'> {
  /** The model to be compressed; the given one where the job prunes nothing. */
  readonly prepared: Prepared;
}

/** Takes out of a prepared model what a job prunes; where layers became smaller and there are calibration data, what is left is fitted to them. */
export async function pruneModel(prepared: Prepared, job: Job | undefined, context: RunContext): Promise<PrunedModel> {
  if (job?.prune === undefined)
    return { prepared, findings: [], layers: new Set(), zeroed: new Set(), kept: new Map(), added: new Map() };
  const { graph, ...rest } = await pruneGraph(prepared.graph, job.prune, context.progress);
  const source = job.data['calibration'];
  if (source === undefined || rest.kept.size + rest.added.size === 0)
    return { prepared: { ...prepared, graph }, ...rest };
  const dataset = await openData(source, prepared.graph, job, context);
  // Calibration says so.
  if (dataset.length === 0) return { prepared: { ...prepared, graph }, ...rest };
  const fitted = await compilingStrictly(context, (compile) =>
    refit(prepared.graph, { graph, ...rest }, dataset, { compile, progress: context.progress }),
  );
  return { prepared: { ...prepared, graph: fitted }, ...rest };
}

/**
 * Share of zeros among the weights of each of these layers.
 * @param weights what became of weights that have codes; those of other layers are the float ones
 */
export async function zerosOf(
  graph: Graph,
  layers: ReadonlySet<string>,
  weights: ReadonlyMap<string, LayerNoise>,
  { progress }: Pick<RunContext, 'progress'>,
): Promise<ReadonlyMap<string, number>> {
  const shares = new Map<string, number>();
  const breather = new Breather(progress);
  for (const node of graph.nodes) {
    if (!layers.has(node.name)) continue;
    await breather.pause();
    const share =
      weights.get(node.name)?.weights?.zeros[1] ?? interruptible(progress, () => floatZeros(weightOf(node, graph)));
    if (share !== undefined) shares.set(node.name, share);
  }
  return shares;
}

function weightOf(node: GraphNode, graph: Graph): Tensor | undefined {
  const form = integerForm(node, graph);
  return 'reason' in form ? undefined : graph.initializers.get(node.inputs[form.weight ?? -1] ?? '');
}

function floatZeros(weight: Tensor | undefined): number | undefined {
  if (weight === undefined) return undefined;
  const values = weight.data as Float32Array;
  return values.reduce((count, value) => count + (value === 0 ? 1 : 0), 0) / Math.max(1, values.length);
}
