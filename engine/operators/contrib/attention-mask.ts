import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Tensor } from '../../tensor.ts';
import type { Bias } from '../attention/scaled-dot-product.ts';
import { describe, floatAttribute, intAttribute } from '../shared/attributes.ts';
import { integersOf, numbersOf } from '../shared/numbers.ts';
import { formatDims } from '../shared/types.ts';

/** Queries, keys and what of the keys is past. */
export interface Extent {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly past: number;
}

/**
 * What ONNX Runtime's attentions add to the scores: `mask_filter_value` where the padding mask forbids a look, −∞ beyond
 * the diagonal where `unidirectional`, and an addend [batch or 1, heads or 1, rows, columns].
 *
 * The mask holds 0 for forbidden keys, [batch, columns], [batch, rows, columns] or [batch, 1, most, most]; or ends of the
 * sequences, [batch], or ends and starts, [2·batch].
 */
export function attentionBias(node: GraphNode, extent: Extent, mask?: Tensor, addend?: Tensor): Bias {
  const filter = Math.fround(floatAttribute(node, 'mask_filter_value', -10_000));
  const causal = intAttribute(node, 'unidirectional', 0) !== 0;
  const allows = mask && paddingOf(node, extent, mask);
  const added = addend && numbersOf(addend);
  const [addBatch, addHeads] = addend?.dims ?? [];
  return (b, h, i, j) => {
    if (causal && j > i + extent.past) return -Infinity;
    const padding = allows && !allows(b, i, j) ? filter : 0;
    if (!added) return padding;
    const matrix = (addBatch === 1 ? 0 : b) * addHeads! + (addHeads === 1 ? 0 : h);
    return added[(matrix * extent.rows + i) * extent.columns + j]! + padding;
  };
}

function paddingOf(node: GraphNode, { batch, rows, columns, past }: Extent, mask: Tensor) {
  const { dims } = mask;
  const values = integersOf(mask);
  const fits = (...wanted: number[]) => dims.join() === wanted.join();
  if (fits(batch)) return (b: number, _i: number, j: number) => j < values[b]!;
  if (fits(2 * batch)) return (b: number, _i: number, j: number) => j < values[b]! && j >= values[batch + b]!;
  if (fits(batch, columns)) return (b: number, _i: number, j: number) => values[b * columns + j]! > 0;
  // A mask of the new keys only: what is past may be looked at.
  if (fits(batch, columns - past))
    return (b: number, _i: number, j: number) => j < past || values[b * (columns - past) + j - past]! > 0;
  if (fits(batch, rows, columns)) return (b: number, i: number, j: number) => values[(b * rows + i) * columns + j]! > 0;
  const [, , most] = dims;
  if (dims.length === 4 && fits(batch, 1, most!, most!) && most! >= columns)
    return (b: number, i: number, j: number) => values[(b * most! + i + past) * most! + j]! > 0;
  fail('model/shape', `The mask ${formatDims(dims)} of ${describe(node)} fits none of the forms that are known.`, {
    why: `There are ${batch} × ${rows} queries and ${columns} keys.`,
  });
}
