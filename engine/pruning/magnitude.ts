import type { PruningCriterion } from './criterion.ts';

/** A weight matters by its magnitude, a channel by the L1 norms of the weights that write and that read it. */
export const magnitude: PruningCriterion = {
  name: 'magnitude',
  title: 'Magnitude',
  description:
    'Weights near zero go first; of channels, those with the least L1 norms of the weights that write them and that read them.',
  source: 'METHODS B2',
  arguments: [],
  scores: (values) => values.map(Math.abs),
};
