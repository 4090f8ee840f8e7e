import type { Expectation, Plan } from '../plan.ts';
import { judge, type Measurements } from '../report/judge.ts';
import type { Compressed } from '../run/compress.ts';
import type { ComparisonMetrics } from '../run/metrics.ts';
import { narrowWeights, promote, spare } from './bits.ts';
import type { Trials } from './trials.ts';

/** A plan and the model that it makes. */
export interface Outcome {
  readonly plan: Plan;
  readonly compressed: Compressed;
}

/** What an expectation may speak of that calibration samples can judge. */
const quantities: readonly string[] = ['top1', 'agreement', 'sqnr'];
/** Times that more bits are given, twice as much each time. */
const mostRounds = 4;

/** More bits where the calibration samples say that the spec's expectations of accuracy are missed. */
export async function meetBudget(
  first: Outcome,
  expectations: readonly Expectation[],
  trials: Trials,
): Promise<Outcome> {
  let outcome = first;
  if (!expectations.some(({ quantity }) => quantities.includes(quantity))) return outcome;
  let weights: Awaited<ReturnType<typeof narrowWeights>>;
  for (let round = 1; round <= mostRounds; round++) {
    const missed = missedBy(await trials.compare(outcome.compressed), expectations);
    if (missed === undefined) break;
    weights ??= await narrowWeights(outcome.plan, trials);
    if (weights === undefined) break;
    trials.say(`More weights get 8 bits: on the calibration samples, ${missed}.`);
    const plan = promote(first.plan, weights, 2 ** round * spare * weights.wide, trials);
    if (plan === outcome.plan) break;
    outcome = { plan, compressed: await trials.compress(plan) };
  }
  return outcome;
}

/** What a comparison with the float model says of expectations. Without labels, predictions that changed count as lost. */
function measurementsOf({ labelled, agreement, sqnr }: ComparisonMetrics): Measurements {
  const { reference, candidate } = labelled ?? {};
  const top1 = labelled
    ? { value: candidate!.top1, before: reference!.top1 }
    : agreement !== undefined
      ? { value: agreement, before: 1 }
      : undefined;
  return { top1, agreement: agreement === undefined ? undefined : { value: agreement }, sqnr: { value: sqnr } };
}

/** The first expectation that is missed, and by what; undefined where all hold that can be judged. */
function missedBy(metrics: ComparisonMetrics, expectations: readonly Expectation[]): string | undefined {
  const measurements = measurementsOf(metrics);
  const judged = expectations.filter(({ quantity }) => measurements[quantity]).map((one) => judge(one, measurements));
  const missed = judged.find(({ passed }) => passed === false);
  return missed && `“${missed.text}” is missed with ${missed.found}`;
}
