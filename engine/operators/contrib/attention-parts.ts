import { attribute } from '../../graph/build.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { float32Tensor } from '../../tensor.ts';
import type { Bias } from '../attention/scaled-dot-product.ts';
import type { Parts } from '../decomposition.ts';
import { floatAttribute } from '../shared/attributes.ts';
import { addNumber, addReshape, addScaled, addTranspose } from '../shared/parts.ts';
import { attentionBias, type Extent } from './attention-mask.ts';

/** Attention as matrix products and a softmax. All of q, k and v are [batch, heads, length, size]. */
export interface AttentionParts {
  readonly q: string;
  readonly k: string;
  readonly v: string;
  /** Output's dims: [batch, rows, heads·size]. */
  readonly dims: readonly [number, number, number];
  readonly scale: number;
  /** Added to the scores, broadcast to [batch, heads, rows, columns]. */
  readonly biases: readonly string[];
  readonly output: string;
}

export function addAttention(parts: Parts, { q, k, v, dims, scale, biases, output }: AttentionParts): void {
  const keys = addTranspose(parts, k, [0, 1, 3, 2]);
  let scores = parts.add('MatMul', [addScaled(parts, q, scale), keys]);
  for (const bias of biases) scores = parts.add('Add', [scores, bias]);
  const weights = parts.add('Softmax', [scores], { axis: attribute.int(-1) });
  const heads = parts.add('MatMul', [weights, v]);
  addReshape(parts, addTranspose(parts, heads, [0, 2, 1, 3]), dims, output);
}

/** [batch, length, heads·size] as [batch, heads, length, size]. */
export function addHeads(parts: Parts, x: string, dims: readonly [number, number, number, number]): string {
  const [batch, heads, length, size] = dims;
  return addTranspose(parts, addReshape(parts, x, [batch, length, heads, size]), [0, 2, 1, 3]);
}

/**
 * What a node adds to its scores: the addend, the mask and the diagonal, of which what is known is one constant. Of a mask
 * that is only known while running the forms with a flag for each key or pair are nodes; undefined for the others.
 */
export function addBiases(
  node: GraphNode,
  parts: Parts,
  extent: Extent,
  mask: string | undefined,
  addend: string | undefined,
): string[] | undefined {
  const known = mask ? parts.constant(mask) : undefined;
  const biases = [addend, addConstantBias(parts, attentionBias(node, extent, known), extent)];
  if (mask && !known) {
    const flags = addFlags(node, parts, extent, mask);
    if (flags === undefined) return undefined;
    biases.push(flags);
  }
  return biases.filter((name) => name !== undefined && name !== '') as string[];
}

/** `mask_filter_value` where the flag is 0. */
function addFlags(node: GraphNode, parts: Parts, { batch, rows, columns }: Extent, mask: string): string | undefined {
  const { dims } = parts.type(mask);
  const isKeys = dims.join() === [batch, columns].join();
  if (!isKeys && dims.join() !== [batch, rows, columns].join()) return undefined;
  const flags = addReshape(parts, mask, [batch, 1, isKeys ? 1 : rows, columns]);
  const numbers = parts.add('Cast', [flags], { to: attribute.int(1) });
  const least = parts.add('Max', [numbers, addNumber(parts, 0)]);
  const forbidden = parts.add('Sub', [addNumber(parts, 1), parts.add('Min', [least, addNumber(parts, 1)])]);
  return addScaled(parts, forbidden, floatAttribute(node, 'mask_filter_value', -10_000));
}

/** A bias that does not differ between heads as a constant; undefined where it is 0 everywhere. */
function addConstantBias(parts: Parts, bias: Bias, { batch, rows, columns }: Extent): string | undefined {
  const values = new Float32Array(batch * rows * columns);
  let n = 0;
  for (let b = 0; b < batch; b++)
    for (let i = 0; i < rows; i++)
      // −∞ minus −∞ is no number: a row that is forbidden whole must not meet it in the softmax.
      for (let j = 0; j < columns; j++) values[n++] = Math.max(lowest, bias(b, 0, i, j));
  if (values.every((value) => value === 0)) return undefined;
  return parts.tensor(float32Tensor([batch, 1, rows, columns], values));
}

const lowest = -3.4028234663852886e38;
