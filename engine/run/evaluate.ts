import type { Dataset } from '../data/dataset.ts';
import { fail } from '../findings.ts';
import type { Progress } from '../progress.ts';
import { elementCount } from '../tensor.ts';
import { beginAgreement } from './agreement/registry.ts';
import { ComparisonAccumulator, type ComparisonMetrics, isClassVector, type OutputMetrics } from './metrics.ts';
import type { Scorer, Scores } from './scorer.ts';

export interface EvaluateOptions {
  readonly progress?: Progress;
  readonly stage?: string;
  /** Only the first so many samples. Default: all. */
  readonly samples?: number;
  /** Told the metrics of every sample by itself, one a candidate. */
  each?(metrics: readonly ComparisonMetrics[]): void;
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
  { progress, stage = 'Evaluating', samples = dataset.length, each }: EvaluateOptions = {},
): Promise<readonly ComparisonMetrics[]> {
  const count = Math.min(samples, dataset.length);
  let comparisons: Comparison[] | undefined;
  for (let i = 0; i < count; i++) {
    progress?.report(stage, i, count);
    const inputs = await dataset.sample(i);
    const expected = await reference.score(inputs);
    const sizes = Array.from(inputs.values(), ({ dims }) => dims);
    const begin = () => candidates.map(() => new Comparison(expected, sizes, dataset.labels !== undefined));
    comparisons ??= begin();
    const own = each && begin();
    for (const [j, candidate] of candidates.entries()) {
      const actual = await candidate.score(inputs);
      // How much is found may differ (detections, say), and how many dimensions the same is in, but not both.
      if (actual.values.length !== expected.values.length && actual.dims.length !== expected.dims.length) {
        fail(
          'evaluate/shape',
          `${candidate.name} answers with ${actual.values.length} values in ${actual.dims.length} dimensions where ${reference.name} gives ${expected.values.length} in ${expected.dims.length}.`,
        );
      }
      for (const all of own ? [comparisons, own] : [comparisons]) all[j]!.add(expected, actual, dataset.labels?.[i]);
    }
    if (own) each(own.map((comparison) => comparison.result()));
  }
  progress?.report(stage, count, count);
  return (comparisons ?? []).map((comparison) => comparison.result());
}

/** The scores of two models, what they decide, and, where there are several, each output. */
class Comparison {
  readonly #scores: ComparisonAccumulator;
  readonly #decided: ReturnType<typeof beginAgreement>;
  readonly #outputs: readonly { readonly name: string; readonly metrics: ComparisonAccumulator }[];

  constructor(first: Scores, inputs: readonly (readonly number[])[], labelled: boolean) {
    const classes = labelled || areClasses(first, inputs);
    this.#scores = new ComparisonAccumulator(classes && isClassVector(first.dims));
    this.#decided = classes ? undefined : beginAgreement(first.outputs, inputs);
    const several = first.outputs.length > 1 ? first.outputs : [];
    this.#outputs = several.map(({ name }) => ({ name, metrics: new ComparisonAccumulator(false) }));
  }

  add(expected: Scores, actual: Scores, label: number | undefined): void {
    this.#scores.add(expected.values, actual.values, label);
    this.#decided?.agreement.add(expected.outputs, actual.outputs);
    for (const [i, { metrics }] of this.#outputs.entries()) {
      const [before, after] = [expected.outputs[i], actual.outputs[i]];
      if (before && after) metrics.add(before.values, after.values);
    }
  }

  result(): ComparisonMetrics {
    const metrics = this.#scores.result();
    const agreement = this.#decided?.agreement.share();
    const outputs = this.#outputs.map(({ name, metrics: own }): OutputMetrics => {
      const { sqnr, cosine, meanAbsoluteError } = own.result();
      return { name, sqnr, cosine, meanAbsoluteError };
    });
    return {
      ...metrics,
      ...(metrics.agreement !== undefined && { agreementOf: 'classes' as const }),
      ...(agreement !== undefined && { agreement, agreementOf: this.#decided!.name }),
      ...(outputs.length > 0 && { outputs }),
    };
  }
}

/**
 * A vector of classes. As many values as an input has are that input again, cleaned or reconstructed; where another output has more
 * values for each of them, they are positions.
 */
function areClasses({ dims, values, outputs }: Scores, inputs: readonly (readonly number[])[]): boolean {
  const isAgain = inputs.some((input) => elementCount(input) === values.length);
  const arePositions = outputs.some(
    (other) => other.dims.length > 2 && other.dims[1] === values.length && other.values.length > values.length,
  );
  return isClassVector(dims) && !isAgain && !arePositions;
}
