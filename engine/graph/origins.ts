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

/** The same for tensors that were stored sparsely. */
const sparseOrigins = new WeakMap<Tensor, onnx.SparseTensorProto>();

export function rememberSparse(tensor: Tensor, proto: onnx.SparseTensorProto): Tensor {
  sparseOrigins.set(tensor, proto);
  return tensor;
}

export function sparseOrigin(tensor: Tensor): onnx.SparseTensorProto | undefined {
  return sparseOrigins.get(tensor);
}
