import { sha256 } from '../hash.ts';
import type { Host } from '../host.ts';
import type { Tensor } from '../tensor.ts';
import type { Attribute, Graph } from './graph.ts';

/**
 * SHA-256 of what a graph computes: nodes, constants, inputs and outputs by name. Not of what it was read from. Constants are
 * touched one at a time.
 */
export function graphHash(graph: Graph, hash: NonNullable<Host['sha256']> = sha256): string {
  const tensor = ({ dtype, dims, data }: Tensor): unknown => [
    dtype,
    dims,
    Array.isArray(data) ? data : hash(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ];
  const attribute = ({ kind, value }: Attribute): unknown => {
    switch (kind) {
      case 'tensor':
        return tensor(value);
      case 'tensors':
        return value.map(tensor);
      case 'graph':
        return content(value);
      case 'graphs':
        return value.map(content);
      case 'float':
        return String(value);
      case 'floats':
        return value.map(String);
      default:
        return value;
    }
  };
  const content = ({ nodes, inputs, outputs, initializers, types, opsets }: Graph): unknown => [
    [...opsets],
    inputs.map((name) => [name, types.get(name) ?? null]),
    outputs,
    Array.from(initializers, ([name, value]) => [name, tensor(value)]),
    nodes.map(({ name, op, domain, inputs: read, outputs: written, attributes }) => [
      [name, op, domain, read, written],
      Object.entries(attributes).map(([key, value]) => [key, value.kind, attribute(value)]),
    ]),
  ];
  return hash(JSON.stringify(content(graph), (_, value) => (typeof value === 'bigint' ? `${value}n` : value)));
}
