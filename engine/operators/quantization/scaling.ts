import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elementCount, type Tensor } from '../../tensor.ts';
import { describe, intAttribute } from '../shared/attributes.ts';
import { formatDims, normalizeAxis } from '../shared/types.ts';

/**
 * Which entry of a scale or zero point belongs to each element of x: one for all (scalar), one for each index of `axis`
 * (1-D), or one for each block along `axis` (same rank, operator set 21; the last block may be shorter).
 */
export function scaleIndices(node: GraphNode, dims: readonly number[], scale: Tensor): Uint32Array | undefined {
  const entries = elementCount(scale.dims);
  if (scale.dims.length === 0 || (entries === 1 && scale.dims.length <= 1)) return undefined;
  const axis = normalizeAxis(node, intAttribute(node, 'axis', 1), dims.length);
  const size = dims[axis]!;
  const inner = elementCount(dims.slice(axis + 1));
  const count = elementCount(dims);
  const out = new Uint32Array(count);
  if (scale.dims.length === 1) {
    if (entries !== size) mismatch(node, dims, scale);
    for (let i = 0; i < count; i++) out[i] = Math.floor(i / inner) % size;
    return out;
  }
  const blocks = scale.dims[axis];
  if (
    scale.dims.length !== dims.length ||
    blocks === undefined ||
    scale.dims.some((dim, i) => i !== axis && dim !== dims[i])
  )
    mismatch(node, dims, scale);
  const declared = intAttribute(node, 'block_size', 0);
  const block = declared > 0 ? declared : Math.ceil(size / blocks);
  if (Math.ceil(size / block) !== blocks) mismatch(node, dims, scale);
  for (let i = 0; i < count; i++) {
    const outer = Math.floor(i / (inner * size));
    const along = Math.floor(i / inner) % size;
    out[i] = (outer * blocks + Math.floor(along / block)) * inner + (i % inner);
  }
  return out;
}

function mismatch(node: GraphNode, dims: readonly number[], scale: Tensor): never {
  fail(
    'model/shape',
    `The scale ${formatDims(scale.dims)} of ${describe(node)} does not fit its input ${formatDims(dims)}.`,
    {
      fix: 'A scale is a scalar, has one entry for each index of the axis, or one for each block along it.',
    },
  );
}
