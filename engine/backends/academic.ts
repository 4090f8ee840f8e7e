import type { Backend } from './backend.ts';

/** What papers quantise: weights and inputs of convolutions and linear layers, nothing between. */
export const academic: Backend = {
  name: 'academic',
  title: 'Academic setting',
  description:
    'As most papers have it: symmetric per tensor, activations unsigned where nothing is negative; inputs of convolutions and products alone, batch normalisations unfolded.',
  source: 'METHODS B7, MQBench, Li et al. 2021',
  weights: { format: 'int8', scheme: 'symmetric', granularity: 'per-tensor', codes: 'full-range' },
  activations: { format: 'uint8', scheme: 'symmetric' },
  placement: { reads: ['products'], writes: 'where-read', rounds: 'reader' },
  withoutPasses: ['fold-batch-norm'],
};
