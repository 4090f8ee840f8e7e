import type { Dataset } from '../data/dataset.ts';
import { drawSample } from '../data/sampling.ts';

/** Part of the samples that choices are judged on, and how many there must be on either side. */
const heldOut = 1 / 4;
const fewest = 8;

/** Samples that a trial is compressed with, and others that it is judged on. */
export interface Halves {
  readonly fitted: Dataset;
  readonly judged: Dataset;
}

/**
 * Holds samples out, the same for all trials, drawn by class where there are labels: a choice that follows the samples that
 * it was made with (a range that ends at the largest of them, codes fitted to a hundred vectors) is no better on others. With
 * too few samples, all of them do both.
 */
export function holdOut(dataset: Dataset): Halves {
  const all = Array.from({ length: dataset.length }, (_, i) => i);
  const count = Math.round(dataset.length * heldOut);
  if (count < fewest) return { fitted: dataset, judged: dataset };
  const { labels } = dataset;
  const judged = drawSample(all, count, 0, labels && ((index) => labels[index]!));
  const out = new Set(judged);
  const fitted = all.filter((index) => !out.has(index));
  return { fitted: part(dataset, fitted, 'fitted'), judged: part(dataset, judged, 'judged') };
}

function part(dataset: Dataset, indices: readonly number[], name: string): Dataset {
  const { labels } = dataset;
  return {
    name: dataset.name,
    length: indices.length,
    hash: `${dataset.hash}/${name}`,
    findings: dataset.findings,
    ...(labels && { labels: Int32Array.from(indices, (index) => labels[index]!) }),
    nameOf: (index) => dataset.nameOf(indices[index]!),
    sample: (index) => dataset.sample(indices[index]!),
  };
}
