import { type Backend, wholeNetwork } from './backend.ts';

/** Qualcomm's SNPE on Hexagon processors. */
export const snpe: Backend = {
  name: 'snpe',
  title: 'SNPE (Hexagon)',
  description: 'Affine 8 bits per tensor, weights and activations alike; the whole network.',
  source: 'METHODS B7, MQBench, Li et al. 2021',
  weights: { format: 'uint8', scheme: 'affine', granularity: 'per-tensor' },
  activations: { format: 'uint8', scheme: 'affine' },
  placement: { reads: wholeNetwork, writes: 'where-read', rounds: 'tensor' },
};
