import type { PruningCriterion } from './criterion.ts';

/** A weight matters by its magnitude, a channel by its L1 norm. */
export const magnitude: PruningCriterion = {
  name: 'magnitude',
  title: 'Magnitude',
  description: 'Weights near zero go first; of channels, those with the least L1 norm.',
  source: 'METHODS B2',
  arguments: [],
  scores: (values) => values.map(Math.abs),
};
