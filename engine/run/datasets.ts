import type { Dataset } from '../data/dataset.ts';
import { classesOf, modelInputs } from '../data/model-inputs.ts';
import { openDataset } from '../data/open.ts';
import { FindingError, fail } from '../findings.ts';
import type { Graph } from '../graph/graph.ts';
import { type DataSource, evaluationNames, type Job, trainingName } from '../plan.ts';
import { breathing } from './breathing.ts';
import type { RunContext } from './context.ts';

/** Names of data blocks that a run looks for, in order of preference. */

export async function openData(source: DataSource, graph: Graph, job: Job, context: RunContext): Promise<Dataset> {
  const classes = classesOf(graph);
  try {
    const dataset = await openDataset(source, context.host, {
      progress: context.progress,
      inputs: modelInputs(graph),
      ...(classes !== undefined && { classes }),
    });
    return breathing(dataset, context.progress);
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    // The block in the spec is where a person can do something about it.
    const range = error.finding.range ?? source.range;
    throw new FindingError({ ...error.finding, file: job.spec.path, ...(range && { range }) });
  }
}

export function calibrationSource(job: Job): DataSource {
  return (
    job.data['calibration'] ??
    fail('run/no-calibration', 'There is no data to calibrate with.', {
      file: job.spec.path,
      why: 'The ranges of the activations come from samples like those the model will meet.',
      fix: 'Add a block: data calibration images "…" { … }.',
    })
  );
}

/**
 * The data that accuracy is measured on: the block called `validation` or one of its like, or else the only block with
 * labels besides `calibration`.
 */
export function evaluationSource(job: Job): DataSource | undefined {
  for (const name of evaluationNames) if (job.data[name]) return job.data[name];
  const seen = ['calibration', ...(job.train ? [job.train.data ?? trainingName] : [])];
  const others = Object.values(job.data).filter(({ name, labels }) => !seen.includes(name) && labels !== undefined);
  return others.length === 1 ? others[0] : undefined;
}
