import type { Backend } from './backend.ts';
import { snpe } from './snpe.ts';

/** PyTorch's FBGEMM on x86. */
export const fbgemm: Backend = {
  name: 'fbgemm',
  title: 'FBGEMM (x86)',
  description: 'Affine 8 bits, weights per channel; the whole network.',
  source: 'METHODS B7, MQBench, Li et al. 2021',
  weights: { format: 'int8', scheme: 'affine', granularity: 'per-channel' },
  activations: { format: 'uint8', scheme: 'affine' },
  placement: snpe.placement,
};
