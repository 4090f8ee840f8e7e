import type { Finding } from '../findings.ts';
import { dequantizeTensor } from '../formats/affine.ts';
import type { Job } from '../plan.ts';
import { Breather, interruptible } from '../progress.ts';
import { pruneGraph } from '../pruning/prune.ts';
import { edgeKey, hasCodes, type QuantizedModel } from '../quantize/assignment.ts';
import { integerForm } from '../quantize/integer-form.ts';
import type { RunContext } from './context.ts';
import type { Prepared } from './load.ts';

export interface PrunedModel {
  /** The model to be compressed; the given one where the job prunes nothing. */
  readonly prepared: Prepared;
  readonly findings: readonly Finding[];
  readonly layers: ReadonlySet<string>;
}

/** Takes out of a prepared model's weights what a job prunes. */
export async function pruneModel(prepared: Prepared, job: Job | undefined, context: RunContext): Promise<PrunedModel> {
  if (job?.prune === undefined) return { prepared, findings: [], layers: new Set() };
  const { graph, findings, layers } = await pruneGraph(prepared.graph, job.prune, context.progress);
  return { prepared: { ...prepared, graph }, findings, layers };
}

/** Share of the weights of each of these layers that are zero, in codes where they have codes. */
export async function zerosOf(
  { graph, assignment }: QuantizedModel,
  layers: ReadonlySet<string>,
  { progress }: Pick<RunContext, 'progress'>,
): Promise<ReadonlyMap<string, number>> {
  const shares = new Map<string, number>();
  const breather = new Breather(progress);
  for (const node of graph.nodes) {
    if (!layers.has(node.name)) continue;
    await breather.pause();
    const form = integerForm(node, graph);
    const weight = 'reason' in form ? undefined : graph.initializers.get(node.inputs[form.weight ?? -1] ?? '');
    if (weight === undefined) continue;
    const entry = assignment.entries.get(edgeKey(node.name, 'weight'));
    const share = interruptible(progress, () => {
      const values = hasCodes(entry)
        ? dequantizeTensor(entry.codes as Int8Array, weight.dims, entry)
        : (weight.data as Float32Array);
      return values.reduce((count, value) => count + (value === 0 ? 1 : 0), 0) / Math.max(1, values.length);
    });
    shares.set(node.name, share);
  }
  return shares;
}
