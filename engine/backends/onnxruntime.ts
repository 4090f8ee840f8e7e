import { type Backend, wholeNetwork } from './backend.ts';

/** What ONNX Runtime fuses into integer operators on processors with 8-bit dot products. */
export const onnxruntime: Backend = {
  name: 'onnxruntime',
  title: 'ONNX Runtime',
  description: 'What ONNX Runtime runs in integers: int8 weights per channel, uint8 activations, the whole network.',
  source: 'onnxruntime 1.30: quantisation of models; measured with onnxruntime-web 1.30',
  weights: { format: 'int8', scheme: 'symmetric', granularity: 'per-channel' },
  activations: { format: 'uint8', scheme: 'affine' },
  placement: { reads: wholeNetwork, writes: 'always' },
};
