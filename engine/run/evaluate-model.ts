import { fail } from '../findings.ts';
import { requireOperators } from '../graph/missing-operators.ts';
import type { Job } from '../plan.ts';
import type { RunContext } from './context.ts';
import { evaluationSource, openData } from './datasets.ts';
import { evaluate } from './evaluate.ts';
import { loadJobModel, loadModel, prepare } from './load.ts';
import type { ComparisonMetrics } from './metrics.ts';
import { engineScorer, runtimeScorer, type Scorer } from './scorer.ts';

export interface ModelEvaluation {
  readonly data: string;
  readonly dataHash: string;
  readonly samples: number;
  /** What the model is measured against: the model of the spec, or itself. */
  readonly reference: string;
  readonly runtime: string;
  readonly measuredOn: 'logits' | 'outputs';
  readonly metrics: ComparisonMetrics;
}

/**
 * Measures a model file on the data of a spec, run in ONNX Runtime where the host has it, against the spec's own model
 * in the engine. Where the two are one file, the engine and the runtime check each other.
 */
export async function evaluateModel(
  path: string,
  job: Job,
  context: RunContext,
  samples = Number.POSITIVE_INFINITY,
): Promise<ModelEvaluation> {
  const source = evaluationSource(job);
  if (source === undefined) {
    fail('evaluate/no-data', 'The spec has no data to measure on.', {
      file: job.spec.path,
      fix: 'Add a block: data validation images "…" { labels folder }.',
    });
  }
  const { progress, host } = context;
  progress.report('Loading', 0, 1);
  const original = await loadJobModel(host, job);
  const model = path === job.model ? original : await loadModel(host, path);
  const { graph } = prepare(original);
  requireOperators(graph);
  const dataset = await openData(source, graph, job, context);
  const inputDims = new Map(Array.from(await dataset.sample(0), ([name, tensor]) => [name, tensor.dims]));
  const scorers: Scorer[] = [];
  try {
    const engine = { name: 'the engine', mode: 'relaxed', inputDims } as const;
    scorers.push(await engineScorer(graph, context, engine));
    const runtime = await context.loadRuntime?.();
    scorers.push(
      runtime ? await runtimeScorer(model.model, runtime) : await engineScorer(prepare(model).graph, context, engine),
    );
    const [reference, candidate] = scorers as [Scorer, Scorer];
    const [metrics] = await evaluate(dataset, reference, [candidate], { progress, samples });
    return {
      data: dataset.name,
      dataHash: dataset.hash,
      samples: metrics!.samples,
      reference: job.model,
      runtime: candidate.name,
      measuredOn: reference.kind,
      metrics: metrics!,
    };
  } finally {
    for (const scorer of scorers) await scorer.dispose();
  }
}
