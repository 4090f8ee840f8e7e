import { lowerDepthSpace } from '../../executor/lowerings/movement.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Dimension, Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute, missing, stringAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { permuted, reshaped } from '../shared/movement.ts';
import { inputType, requireRank, valueType } from '../shared/types.ts';

/** A reshape to six axes, their transposition, and a reshape back: what both operators are. */
function rearranged(x: Tensor, six: readonly number[], order: readonly number[], dims: readonly number[]): Tensor {
  return reshaped(permuted(reshaped(x, six), order), dims);
}

function blockOf(node: GraphNode): number {
  const block = intAttribute(node, 'blocksize') ?? missing(node, 'blocksize');
  if (!(Number.isSafeInteger(block) && block >= 1))
    fail('model/attribute', `The block of ${describe(node)} is ${block}.`);
  return block;
}

function columnsFirst(node: GraphNode): boolean {
  return stringAttribute(node, 'mode', 'DCR') === 'CRD';
}

const times = (dim: Dimension, factor: number) =>
  typeof dim === 'number' ? dim * factor : factor === 1 ? dim : undefined;

function divided(node: GraphNode, dim: Dimension, divisor: number): Dimension {
  if (typeof dim !== 'number') return divisor === 1 ? dim : undefined;
  if (dim % divisor !== 0) fail('model/shape', `${describe(node)} divides an axis of ${dim} into parts of ${divisor}.`);
  return dim / divisor;
}

/** [N, C·b², H, W] -> [N, C, H·b, W·b]; channels in order depth-column-row (DCR) or column-row-depth (CRD). */
export const depthToSpace: Operator = {
  op: 'DepthToSpace',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    requireRank(node, 'The input', x, 4);
    return [valueType(x.dtype, x.dims && deeper(node, x.dims))];
  },
  evaluate(node, [x]) {
    const [n, c, h, w] = x!.dims as [number, number, number, number];
    const block = blockOf(node);
    const dims = deeper(node, x!.dims) as number[];
    const depth = c / (block * block);
    return [
      columnsFirst(node)
        ? rearranged(x!, [n, depth, block, block, h, w], [0, 1, 4, 2, 5, 3], dims)
        : rearranged(x!, [n, block, block, depth, h, w], [0, 3, 4, 1, 5, 2], dims),
    ];
  },
  lower: lowerDepthSpace('depthToSpace'),
  quantization: { kind: 'same-scale' },
};

function deeper(node: GraphNode, dims: readonly Dimension[]): Dimension[] {
  const block = blockOf(node);
  return [dims[0], divided(node, dims[1], block * block), times(dims[2], block), times(dims[3], block)];
}

/** The inverse: [N, C, H·b, W·b] -> [N, C·b², H, W]. */
export const spaceToDepth: Operator = {
  op: 'SpaceToDepth',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    requireRank(node, 'The input', x, 4);
    return [valueType(x.dtype, x.dims && shallower(node, x.dims))];
  },
  evaluate(node, [x]) {
    const [n, c, h, w] = x!.dims as [number, number, number, number];
    const block = blockOf(node);
    const dims = shallower(node, x!.dims) as number[];
    const order = columnsFirst(node) ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4];
    return [rearranged(x!, [n, c, h / block, block, w / block, block], order, dims)];
  },
  lower: lowerDepthSpace('spaceToDepth'),
  quantization: { kind: 'same-scale' },
};

function shallower(node: GraphNode, dims: readonly Dimension[]): Dimension[] {
  const block = blockOf(node);
  return [dims[0], times(dims[1], block * block), divided(node, dims[2], block), divided(node, dims[3], block)];
}
