import type { Dataset } from '../data/dataset.ts';
import { Breather, type Progress } from '../progress.ts';

/** The data set, stopping where the run is cancelled: inference awaits nothing but samples. */
export function breathing(dataset: Dataset, progress: Progress): Dataset {
  const breather = new Breather(progress);
  return {
    name: dataset.name,
    length: dataset.length,
    hash: dataset.hash,
    findings: dataset.findings,
    ...(dataset.labels && { labels: dataset.labels }),
    nameOf: (index) => dataset.nameOf(index),
    async sample(index) {
      await breather.pause();
      return dataset.sample(index);
    },
  };
}
