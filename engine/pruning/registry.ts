import { fail } from '../findings.ts';
import { suggestion } from '../nearest.ts';
import type { PruneChoice } from '../plan.ts';
import type { PruningCriterion } from './criterion.ts';
import { magnitude } from './magnitude.ts';
import { random } from './random.ts';

/** Every criterion by which weights are pruned; one line each. The first is the default. */
export const criteria: readonly PruningCriterion[] = [magnitude, random];

/** @throws FindingError `criterion/unknown` */
export function criterionNamed(name: string): PruningCriterion {
  return (
    criteria.find((criterion) => criterion.name === name) ??
    fail(
      'criterion/unknown',
      `There is no criterion \`${name}\`.`,
      suggestion(
        name,
        criteria.map((criterion) => criterion.name),
      ),
    )
  );
}

/** How much each weight of a layer matters by the criterion that its choice names. */
export function scoresOf(values: Float32Array, layer: string, { criterion }: PruneChoice): Float32Array {
  return criterionNamed(criterion.name).scores(values, layer, criterion.arguments);
}
