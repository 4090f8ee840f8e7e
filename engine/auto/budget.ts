import type { Expectation, Plan } from '../plan.ts';
import { judge, type Measurements } from '../report/judge.ts';
import type { Compressed } from '../run/compress.ts';
import type { ComparisonMetrics } from '../run/metrics.ts';
import { narrowWeights, promote, spare } from './bits.ts';
import { noisiest, sayFloat, withFloat } from './float-layers.ts';
import { withWideWeights } from './plans.ts';
import type { Trials } from './trials.ts';

/** A plan and the model that it makes. */
export interface Outcome {
  readonly plan: Plan;
  readonly compressed: Compressed;
}

/** What an expectation may speak of that calibration samples can judge. */
const quantities: readonly string[] = ['top1', 'agreement', 'sqnr'];
/** Times that more is given of each kind: twice the bytes of weights, or activations with a quarter of the noise. */
const mostRounds = 4;

/**
 * More bits where the calibration samples say that the spec's expectations of accuracy are missed: for weights first or for
 * activations first, whichever make most of the noise.
 */
export async function meetBudget(
  first: Outcome,
  expectations: readonly Expectation[],
  trials: Trials,
): Promise<Outcome> {
  const judged = expectations.filter(({ quantity }) => quantities.includes(quantity));
  if (judged.length === 0) return first;
  let outcome = first;
  let missed = missedBy(await trials.compare(outcome.compressed), judged);
  if (missed === undefined) return outcome;
  for await (const plan of richerPlans(first.plan, missed, trials)) {
    if (JSON.stringify(plan.nodes) === JSON.stringify(outcome.plan.nodes)) continue;
    outcome = { plan, compressed: await trials.compress(plan) };
    missed = missedBy(await trials.compare(outcome.compressed), judged);
    if (missed === undefined) return outcome;
  }
  trials.warn({
    code: 'auto/budget',
    severity: 'warning',
    what: `On the calibration samples ${missed}, with all that the recipe may give.`,
    fix: 'Name formats with more bits, unlock those that are locked, or expect less.',
  });
  return outcome;
}

/** Plans with more and more bits, and what each gives is said before it is tried. */
async function* richerPlans(first: Plan, missed: string, trials: Trials): AsyncGenerator<Plan> {
  const weights = await narrowWeights(first, trials);
  const activations = await trials.noiseOfLayers(withWideWeights(first));
  let weighed = first;
  let float: ReadonlySet<string> = new Set();
  trials.say(`More bits are given: on the calibration samples, ${missed}.`);
  const rounds = Array.from({ length: mostRounds }, (_, i) => i + 1);
  const forWeights = rounds.map((round) => () => {
    if (weights !== undefined) weighed = promote(first, weights, 2 ** round * spare * weights.wide, trials);
  });
  const forActivations = rounds.map((round) => () => {
    float = noisiest(activations, first, sum(activations) / 4 ** round);
    const { names } = withFloat(first, float, trials);
    if (names.size > 0) sayFloat(names, '', trials, ['The outputs feel their rounding most.']);
  });
  const isOfWeights = weights !== undefined && sum(weights.noise) > 2 * sum(activations);
  for (const step of isOfWeights ? [...forWeights, ...forActivations] : [...forActivations, ...forWeights]) {
    step();
    yield withFloat(weighed, float, trials).plan;
  }
}

/** Of all layers together, but for those whose codes leave no answer at all. */
function sum(noise: ReadonlyMap<string, number>): number {
  return [...noise.values()].filter(Number.isFinite).reduce((a, b) => a + b, 0);
}

/** What a comparison with the float model says of expectations. Without labels, predictions that changed count as lost. */
function measurementsOf({ labelled, agreement, sqnr }: ComparisonMetrics): Measurements {
  const { reference, candidate } = labelled ?? {};
  const unlabelled = agreement === undefined ? undefined : { value: agreement, before: 1 };
  return {
    top1: labelled ? { value: candidate!.top1, before: reference!.top1 } : unlabelled,
    agreement: agreement === undefined ? undefined : { value: agreement },
    sqnr: { value: sqnr },
  };
}

/** The first expectation that is missed, and by what; undefined where all hold that can be judged. */
function missedBy(metrics: ComparisonMetrics, expectations: readonly Expectation[]): string | undefined {
  const measurements = measurementsOf(metrics);
  const judgements = expectations
    .filter(({ quantity }) => measurements[quantity])
    .map((expectation) => judge(expectation, measurements));
  const missed = judgements.find(({ passed }) => passed === false);
  return missed && `“${missed.text}” is missed with ${missed.found}`;
}
