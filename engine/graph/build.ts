import type { DataType, Tensor, TensorData } from '../tensor.ts';
import type { Attribute, GraphNode } from './graph.ts';

/** Makes attributes: `attribute.ints([1, 1])`. */
export const attribute = {
  int: (value: number): Attribute => ({ kind: 'int', value }),
  ints: (value: readonly number[]): Attribute => ({ kind: 'ints', value }),
  float: (value: number): Attribute => ({ kind: 'float', value }),
  floats: (value: readonly number[]): Attribute => ({ kind: 'floats', value }),
  string: (value: string): Attribute => ({ kind: 'string', value }),
  tensor: (value: Tensor): Attribute => ({ kind: 'tensor', value }),
} as const;

/** A node of the ONNX domain unless another is given. */
export function makeNode(
  name: string,
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
  domain = '',
): GraphNode {
  return { name, op, domain, inputs, outputs, attributes };
}

/** The node without the named attributes and with the given ones. */
export function withAttributes(
  node: GraphNode,
  set: Readonly<Record<string, Attribute>>,
  remove: readonly string[] = [],
): GraphNode {
  const attributes = Object.fromEntries(Object.entries(node.attributes).filter(([name]) => !remove.includes(name)));
  return { ...node, attributes: { ...attributes, ...set } };
}

export function scalarTensor(dtype: DataType, data: TensorData): Tensor {
  return { dtype, dims: [], data };
}
