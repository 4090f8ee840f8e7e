import { type Backend, wholeNetwork } from './backend.ts';

/** TVM on Arm processors: rescaling is a shift. */
export const tvm: Backend = {
  name: 'tvm',
  title: 'TVM',
  description: 'Symmetric int8 per tensor with scales that are powers of two; the whole network.',
  source: 'METHODS B7, MQBench, Li et al. 2021',
  weights: {
    format: 'int8',
    scheme: 'symmetric',
    granularity: 'per-tensor',
    scale: 'power-of-two-scale',
    codes: 'full-range',
  },
  activations: { format: 'int8', scheme: 'symmetric', scale: 'power-of-two-scale' },
  placement: { reads: wholeNetwork, writes: 'where-read', rounds: 'tensor' },
};
