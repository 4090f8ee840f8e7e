import type { Dataset } from '../data/dataset.ts';
import { fail } from '../findings.ts';
import type { Progress } from '../progress.ts';
import { ComparisonAccumulator, type ComparisonMetrics, isClassVector } from './metrics.ts';
import type { Scorer } from './scorer.ts';

export interface EvaluateOptions {
  readonly progress?: Progress;
  readonly stage?: string;
  /** Only the first so many samples. Default: all. */
  readonly samples?: number;
}

/**
 * Runs every sample through the reference and each candidate and compares their scores. Samples come one at a time; nothing
 * but sums is kept.
 *
 * @returns one row of metrics a candidate, in order
 */
export async function evaluate(
  dataset: Dataset,
  reference: Scorer,
  candidates: readonly Scorer[],
  { progress, stage = 'Evaluating', samples = dataset.length }: EvaluateOptions = {},
): Promise<readonly ComparisonMetrics[]> {
  const count = Math.min(samples, dataset.length);
  let accumulators: ComparisonAccumulator[] | undefined;
  for (let i = 0; i < count; i++) {
    progress?.report(stage, i, count);
    const inputs = await dataset.sample(i);
    const expected = await reference.score(inputs);
    accumulators ??= candidates.map(() => new ComparisonAccumulator(isClassVector(expected.dims)));
    for (const [j, candidate] of candidates.entries()) {
      const actual = await candidate.score(inputs);
      if (actual.values.length !== expected.values.length) {
        fail(
          'evaluate/shape',
          `${candidate.name} answers with ${actual.values.length} values where ${reference.name} gives ${expected.values.length}.`,
        );
      }
      accumulators[j]!.add(expected.values, actual.values, dataset.labels?.[i]);
    }
  }
  progress?.report(stage, count, count);
  return (accumulators ?? []).map((accumulator) => accumulator.result());
}
