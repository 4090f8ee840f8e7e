import type { Dataset } from '../data/dataset.ts';
import type { Job, Plan } from '../plan.ts';
import { withAdded } from '../pruning/added-layers.ts';
import { type Compressed, compress, planOf } from '../run/compress.ts';
import type { RunContext } from '../run/context.ts';
import type { LoadedModel } from '../run/load.ts';
import type { PrunedModel } from '../run/prune.ts';
import { chooseAutomatically } from './choose.ts';

/** A job's model compressed by its plan, or by what its recipe makes of it: that plan comes with it. */
export async function compressJob(
  job: Job,
  model: LoadedModel,
  pruned: PrunedModel,
  calibration: Dataset | undefined,
  context: RunContext,
): Promise<{ readonly plan: Plan; readonly compressed: Compressed }> {
  const plan = withAdded(planOf(job), pruned.added);
  const { prepared, layers } = pruned;
  if (plan.recipe === 'auto' && calibration !== undefined)
    return chooseAutomatically({ model, pruned, plan, calibration, context, expectations: job.expectations });
  return { plan, compressed: await compress(model, prepared, plan, calibration, context, layers) };
}
