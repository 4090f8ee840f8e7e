import type { Dataset } from '../data/dataset.ts';
import { drawSample } from '../data/sampling.ts';

/** Parts of the samples that are held out in turn. */
const parts = 4;
/** Samples that judge a choice, as far as there are so many; and the fewest that a part is good for. */
const judges = 25;
const fewest = 2;

/** Samples that a trial is compressed with, and others that it is judged on. */
export interface Fold {
  readonly fitted: Dataset;
  readonly judged: Dataset;
}

/**
 * Holds samples out, the same for all trials, drawn by class where there are labels: a choice that follows the samples that
 * it was made with (a range that ends at the largest of them, codes fitted to a hundred vectors) is no better on others. One
 * quarter of a hundred samples is enough; of fewer, more quarters are held out, each in a trial of its own. Too few samples
 * do both.
 */
export function holdOut(dataset: Dataset): readonly Fold[] {
  const size = Math.round(dataset.length / parts);
  if (size < fewest) return [{ fitted: dataset, judged: dataset }];
  const { labels } = dataset;
  // Sizes are rounded: six samples are three parts of two.
  const count = Math.min(parts, Math.ceil(judges / size), Math.ceil(dataset.length / size));
  let left = Array.from({ length: dataset.length }, (_, i) => i);
  return Array.from({ length: count }, (_, fold) => {
    const judged = new Set(drawSample(left, size, fold, labels && ((index) => labels[index]!)));
    left = left.filter((index) => !judged.has(index));
    return {
      fitted: part(dataset, (i) => !judged.has(i), `fitted ${fold}`),
      judged: part(dataset, (i) => judged.has(i), `judged ${fold}`),
    };
  });
}

function part(dataset: Dataset, isIn: (index: number) => boolean, name: string): Dataset {
  const { labels } = dataset;
  const indices = Array.from({ length: dataset.length }, (_, i) => i).filter(isIn);
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
