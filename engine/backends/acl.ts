import { academic } from './academic.ts';
import type { Backend } from './backend.ts';

/** Huawei's Ascend Computing Language: layers with weights in integers, the rest in float. */
export const acl: Backend = {
  name: 'acl',
  title: 'ACL (Ascend)',
  description: 'Symmetric weights per channel, affine activations; inputs of convolutions and products alone.',
  source: 'METHODS B7, MQBench, Li et al. 2021; weights as its documentation says',
  weights: { format: 'int8', scheme: 'symmetric', granularity: 'per-channel', codes: 'full-range' },
  activations: { format: 'uint8', scheme: 'affine' },
  placement: academic.placement,
};
