import { lowerConcat } from '../../executor/lowerings/movement.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { type Dimension, elementCount, type Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute, missing } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { emptyLike, movable } from '../shared/numbers.ts';
import { formatDims, inputType, normalizeAxis, requireSameType, unifyDimension, valueType } from '../shared/types.ts';

/** Joins tensors along an axis. */
export const concat: Operator = {
  op: 'Concat',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const first = inputType(node, 0, context);
    const types = node.inputs.map((_, i) => inputType(node, i, context));
    for (const type of types) requireSameType(node, first, type);
    const rank = types.find((type) => type.dims !== undefined)?.dims?.length;
    if (rank === undefined) return [valueType(first.dtype, undefined)];
    const axis = concatAxis(node, rank, context.opset);
    let dims: Dimension[] = new Array<Dimension>(rank).fill(undefined);
    let total: Dimension = 0;
    for (const type of types) {
      if (type.dims === undefined) {
        total = undefined;
        continue;
      }
      if (type.dims.length !== rank)
        fail(
          'model/rank',
          `The inputs of ${describe(node)} differ in rank: ${types.map((t) => formatDims(t.dims)).join(', ')}.`,
        );
      dims = dims.map((dim, i) =>
        i === axis ? dim : unifyDimension(node, `The inputs’ dimensions ${i}`, dim, type.dims![i]),
      );
      const size = type.dims[axis];
      total =
        typeof total === 'number' && typeof size === 'number' ? total + size : types.length === 1 ? size : undefined;
    }
    dims[axis] = total;
    return [valueType(first.dtype, dims)];
  },
  inferElements(node, context) {
    const parts: Dimension[] = [];
    for (const name of node.inputs) {
      const elements = context.dimensions(name);
      if (elements !== undefined) parts.push(...elements);
      else {
        const length = context.type(name)?.dims?.[0];
        if (typeof length !== 'number' || length > 64) return undefined;
        parts.push(...new Array<Dimension>(length).fill(undefined));
      }
    }
    return parts;
  },
  evaluate: (node, inputs, { opset }) => {
    const tensors = inputs as Tensor[];
    return [joined(tensors, concatAxis(node, tensors[0]!.dims.length, opset))];
  },
  lower: lowerConcat,
  quantization: { kind: 'same-scale' },
};

function concatAxis(node: GraphNode, rank: number, opset: number): number {
  const axis = intAttribute(node, 'axis') ?? (opset < 4 ? 1 : missing(node, 'axis'));
  return normalizeAxis(node, axis, rank);
}

/** Tensors of one type and equal shapes but for `axis`, one behind the other. */
export function joined(tensors: readonly Tensor[], axis: number): Tensor {
  const first = tensors[0]!;
  const total = tensors.reduce((sum, tensor) => sum + tensor.dims[axis]!, 0);
  const dims = first.dims.map((dim, i) => (i === axis ? total : dim));
  const { tensor: out, data } = emptyLike(first, dims);
  const outer = elementCount(dims.slice(0, axis));
  const inner = elementCount(dims.slice(axis + 1));
  let start = 0;
  for (const tensor of tensors) {
    const from = movable(tensor);
    const length = tensor.dims[axis]! * inner;
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < length; i++) data[o * total * inner + start + i] = from[o * length + i];
    start += length;
  }
  return out;
}
