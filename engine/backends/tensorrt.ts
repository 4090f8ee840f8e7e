import { type Backend, wholeNetwork } from './backend.ts';

/** NVIDIA's TensorRT: a residual sum is part of the convolution before it, which adds in 32 bits. */
export const tensorrt: Backend = {
  name: 'tensorrt',
  title: 'TensorRT',
  description:
    'Symmetric int8, weights per channel; the whole network, but a convolution enters the sum behind it unrounded.',
  source: 'METHODS B7, MQBench, Li et al. 2021',
  weights: { format: 'int8', scheme: 'symmetric', granularity: 'per-channel' },
  activations: { format: 'int8', scheme: 'symmetric' },
  placement: { reads: wholeNetwork, writes: 'where-read', rounds: 'tensor', addsAccumulators: true },
};
