import type { onnx } from '../onnx/proto.ts';
import type { Tensor } from '../tensor.ts';

/**
 * Tensors that were read and not changed since are written as they were stored: typed lists or raw data, doc strings,
 * annotations, unknown fields. Holds no tensor alive.
 */
const origins = new WeakMap<Tensor, onnx.TensorProto>();

export function rememberTensor(tensor: Tensor, proto: onnx.TensorProto): Tensor {
  origins.set(tensor, proto);
  return tensor;
}

export function tensorOrigin(tensor: Tensor): onnx.TensorProto | undefined {
  return origins.get(tensor);
}
