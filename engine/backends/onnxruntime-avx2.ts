import type { Backend } from './backend.ts';
import { onnxruntime } from './onnxruntime.ts';

/**
 * x86 without VNNI multiplies unsigned by signed bytes and adds two products in 16 bits, which saturate: 255·127·2 is more
 * than 32,767, 255·64·2 is not. Weights of seven bits, written as int8, keep sums exact.
 */
export const onnxruntimeAvx2: Backend = {
  ...onnxruntime,
  name: 'onnxruntime-avx2',
  title: 'ONNX Runtime on x86 without VNNI',
  description: 'As `onnxruntime`, with weights of 7 bits: sums of two products do not saturate in 16 bits.',
  source: 'onnxruntime 1.30: quantisation of models, `reduce_range`; the instruction VPMADDUBSW',
  weights: { ...onnxruntime.weights, format: 'int7' },
};
