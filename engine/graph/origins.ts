import { storedBytes } from '../onnx/data-types.ts';
import type { onnx } from '../onnx/proto.ts';
import { elementCount, type Tensor } from '../tensor.ts';
import type { GraphNode } from './graph.ts';

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

/** The same for codes that nodes of the file compute of constants. */
export interface ComputedOrigin {
  readonly value: string;
  /** In the order in which they run. */
  readonly nodes: readonly GraphNode[];
  readonly constants: ReadonlyMap<string, Tensor>;
  /** Version of the operators that the nodes are written for. */
  readonly opset: number | undefined;
}

const computedOrigins = new WeakMap<Tensor, ComputedOrigin>();

export function rememberComputed(tensor: Tensor, origin: ComputedOrigin): Tensor {
  computedOrigins.set(tensor, origin);
  return tensor;
}

export function computedOrigin(tensor: Tensor): ComputedOrigin | undefined {
  return computedOrigins.get(tensor);
}

/** Bytes of a constant in a file: its elements, or the largest of the constants of which nodes compute them. Not for strings. */
export function bytesInFile(tensor: Tensor): number {
  const bytes = ({ dtype, dims }: Tensor) => storedBytes(dtype, elementCount(dims));
  const { nodes = [], constants = new Map<string, Tensor>() } = computedOrigins.get(tensor) ?? {};
  // A node without inputs (Constant) holds elements itself.
  if (constants.size === 0 || nodes.some(({ inputs }) => inputs.length === 0)) return bytes(tensor);
  return Math.max(...[...constants.values()].map(bytes));
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
