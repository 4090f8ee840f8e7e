import type { Dataset } from '../data/dataset.ts';
import { type Progress, throwIfCancelled } from '../progress.ts';

/** Milliseconds of work after which the event loop gets its turn. */
const breath = 50;

/**
 * The data set, stopping where the run is cancelled. Inference keeps a thread busy and awaits nothing but itself; without a turn of the
 * event loop between samples, no Ctrl-C and no cancel message would ever be heard.
 */
export function breathing(dataset: Dataset, progress: Progress): Dataset {
  let last = performance.now();
  return {
    name: dataset.name,
    length: dataset.length,
    hash: dataset.hash,
    findings: dataset.findings,
    ...(dataset.labels && { labels: dataset.labels }),
    nameOf: (index) => dataset.nameOf(index),
    async sample(index) {
      if (performance.now() - last >= breath) {
        await turn();
        last = performance.now();
      }
      throwIfCancelled(progress);
      return dataset.sample(index);
    },
  };
}

/** Lets timers, signals and messages be handled. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
