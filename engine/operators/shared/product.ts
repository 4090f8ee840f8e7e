import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { poll } from '../../progress.ts';
import { type Dimension, elementCount, type ValueType } from '../../tensor.ts';
import { describe } from './attributes.ts';
import { broadcastOffsets, broadcastShape } from './broadcast.ts';
import { doublesOf } from './numbers.ts';
import { broadcastDims, formatDims } from './types.ts';

/**
 * One matrix product in double precision: out[M, N] += a[M, K] · b[K, N], all row-major, starting at the given offsets.
 * Sums run over K in a fixed order, four terms at a time.
 */
export function multiplyInto(
  out: Float64Array,
  outStart: number,
  a: Float64Array,
  aStart: number,
  b: Float64Array,
  bStart: number,
  m: number,
  k: number,
  n: number,
): void {
  for (let i = 0; i < m; i++) {
    const row = outStart + i * n;
    const line = aStart + i * k;
    let j = 0;
    for (; j + 4 <= k; j += 4) {
      if ((j & 0xfff) === 0) poll();
      const [f0, f1, f2, f3] = [a[line + j]!, a[line + j + 1]!, a[line + j + 2]!, a[line + j + 3]!];
      const at = bStart + j * n;
      for (let o = 0; o < n; o++)
        out[row + o]! += f0 * b[at + o]! + f1 * b[at + n + o]! + f2 * b[at + 2 * n + o]! + f3 * b[at + 3 * n + o]!;
    }
    for (; j < k; j++) {
      const factor = a[line + j]!;
      const at = bStart + j * n;
      for (let o = 0; o < n; o++) out[row + o]! += factor * b[at + o]!;
    }
  }
}

/** Shape of numpy's matmul: vectors are rows or columns, leading dimensions broadcast. */
export function matmulDims(node: GraphNode, a: ValueType, b: ValueType): readonly Dimension[] | undefined {
  if (a.dims === undefined || b.dims === undefined) return undefined;
  if (a.dims.length === 0 || b.dims.length === 0)
    fail(
      'model/rank',
      `${describe(node)} multiplies ${formatDims(a.dims)} and ${formatDims(b.dims)}; it needs vectors or matrices.`,
    );
  const left = a.dims.length === 1 ? [1, a.dims[0]] : a.dims;
  const right = b.dims.length === 1 ? [b.dims[0], 1] : b.dims;
  const inner = left[left.length - 1];
  const outer = right[right.length - 2];
  if (typeof inner === 'number' && typeof outer === 'number' && inner !== outer)
    fail('model/shape', `${describe(node)} cannot multiply ${formatDims(a.dims)} and ${formatDims(b.dims)}.`);
  const batch = broadcastDims(node, [left.slice(0, -2), right.slice(0, -2)]);
  if (batch === undefined) return undefined;
  return [
    ...batch,
    ...(a.dims.length === 1 ? [] : [left[left.length - 2]]),
    ...(b.dims.length === 1 ? [] : [right[right.length - 1]]),
  ];
}

export interface Matrices {
  readonly values: ArrayLike<number>;
  readonly dims: readonly number[];
}

/** numpy's matmul in double precision. The shapes must have passed `matmulDims`. */
export function matmul(a: Matrices, b: Matrices): { values: Float64Array; dims: number[] } {
  const left = a.dims.length === 1 ? [1, a.dims[0]!] : a.dims;
  const right = b.dims.length === 1 ? [b.dims[0]!, 1] : b.dims;
  const m = left[left.length - 2]!;
  const k = left[left.length - 1]!;
  const n = right[right.length - 1]!;
  const batch = broadcastShape([left.slice(0, -2), right.slice(0, -2)]);
  const count = elementCount(batch);
  const aOffsets = broadcastOffsets(left.slice(0, -2), batch);
  const bOffsets = broadcastOffsets(right.slice(0, -2), batch);
  const values = new Float64Array(count * m * n);
  const [aValues, bValues] = [doublesOf(a.values), doublesOf(b.values)];
  for (let i = 0; i < count; i++)
    multiplyInto(
      values,
      i * m * n,
      aValues,
      (aOffsets ? aOffsets[i]! : i) * m * k,
      bValues,
      (bOffsets ? bOffsets[i]! : i) * k * n,
      m,
      k,
      n,
    );
  const dims = [...batch, ...(a.dims.length === 1 ? [] : [m]), ...(b.dims.length === 1 ? [] : [n])];
  return { values, dims };
}
