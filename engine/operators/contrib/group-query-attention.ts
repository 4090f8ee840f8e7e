import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Dimension, Tensor, ValueType } from '../../tensor.ts';
import { rotate } from '../attention/rotary-embedding.ts';
import { dense, type Heads, heads, headsOf, packedHeads, scaledDotProduct } from '../attention/scaled-dot-product.ts';
import { checkedIndex } from '../indexing/gather.ts';
import type { Operator } from '../operator.ts';
import { section } from '../shape/split.ts';
import { describe, floatAttribute, intAttribute, missing, stringAttribute } from '../shared/attributes.ts';
import { integersOf, numbersOf, scalarOf } from '../shared/numbers.ts';
import { constantInput, costDims, hasInput, inputType, optionalType, requireRank, valueType } from '../shared/types.ts';

interface HeadCounts {
  readonly queries: number;
  readonly keys: number;
}

/**
 * Causal attention in which groups of queries share a key: query [batch, length, heads·size] or queries, keys and values
 * packed along the last axis; key and value [batch, length, kv·size]; past of both [batch, kv, past, size]; the length of
 * each sequence less 1 [batch] and the longest one; tables of cosines and sines for rotation; positions; an addend to the
 * scores; and for each head a further score that belongs to no key. Outputs: [batch, length, heads·size], keys and values
 * with the new ones behind what is valid of the past, and the scores (`qk_output`).
 */
export const groupQueryAttention: Operator = {
  op: 'GroupQueryAttention',
  domain: 'com.microsoft',
  opsets: [1, 1],
  infer(node, context) {
    const q = inputType(node, 0, context);
    requireRank(node, 'The query', q, 3);
    checkSupported(node);
    const { queries, keys } = headCounts(node);
    const isPacked = !hasInput(node, 1);
    const width = q.dims?.[2];
    const size = typeof width === 'number' ? width / (isPacked ? queries + 2 * keys : queries) : undefined;
    if (size !== undefined && !Number.isInteger(size))
      fail('model/shape', `The width ${width} of ${describe(node)} does not divide into its heads.`);
    const past = hasInput(node, 3) ? optionalType(node, 3, context)?.dims?.[2] : 0;
    const longest = constantInput(node, 6, context);
    const total: Dimension = longest && typeof past === 'number' ? Math.max(past, scalarOf(longest)) : undefined;
    const present = valueType(q.dtype, [q.dims?.[0], keys, total, size]);
    const y = valueType(q.dtype, [q.dims?.[0], q.dims?.[1], size === undefined ? undefined : size * queries]);
    const scores: ValueType = valueType(q.dtype, [q.dims?.[0], queries, q.dims?.[1], total]);
    return [y, present, present, scores];
  },
  evaluate(node, [q, k, v, pastKey, pastValue, lengths, longest, cosines, sines, positions, addend, sinks]) {
    const { queries, keys } = headCounts(node);
    const [batch, rows, width] = q!.dims as [number, number, number];
    const size = k ? width / queries : width / (queries + 2 * keys);
    const parts = k
      ? [q!, k, v!]
      : [
          section(q!, 2, 0, queries * size),
          section(q!, 2, queries * size, keys * size),
          section(q!, 2, (queries + keys) * size, keys * size),
        ];
    const total = scalarOf(longest!);
    const columns = Math.max(total, pastKey?.dims[2] ?? 0);
    const isPrompt = rows === total;
    const ends = integersOf(lengths!).map((length) => length + 1);
    const before = ends.map((end) => (isPrompt ? 0 : end - rows));
    const places = positions && integersOf(positions);
    const place = (b: number, t: number) =>
      places ? (isPrompt ? places[0]! + t : places[b * rows + t]!) : before[b]! + t;
    const turned = (tensor: Tensor, count: number): Heads => {
      const own = heads(tensor, count);
      if (intAttribute(node, 'do_rotary', 0) === 0) return own;
      if (!cosines || !sines) fail('model/input-missing', `${describe(node)} rotates without tables of angles.`);
      const values = rotate(numbersOf(dense(own, q!.dtype)), {
        dims: [batch, count, rows],
        base: (b, h, t) => ((b * count + h) * rows + t) * size,
        rotated: 2 * cosines.dims[1]!,
        interleaved: intAttribute(node, 'rotary_interleaved', 0) !== 0,
        cosines,
        sines,
        row: (b, t) => checkedIndex(node, place(b, t), cosines.dims[0]!),
      });
      return headsOf(Float32Array.from(values), own.dims);
    };
    const query = turned(parts[0]!, queries);
    const key = appended(turned(parts[1]!, keys), pastKey, before, columns);
    const value = appended(heads(parts[2]!, keys), pastValue, before, columns);
    const window = intAttribute(node, 'local_window_size', -1);
    const causal = intAttribute(node, 'causal', 1) !== 0;
    const added = addend && numbersOf(addend);
    const [addBatch, addHeads, , addColumns] = addend?.dims ?? [];
    const heights = sinks && numbersOf(sinks);
    const smooth = intAttribute(node, 'smooth_softmax', 0) !== 0;
    const shown = intAttribute(node, 'qk_output', 0);
    const { output, scores } = scaledDotProduct(query, key, value, {
      dtype: q!.dtype,
      scale: floatAttribute(node, 'scale', 0) || undefined,
      softcap: floatAttribute(node, 'softcap', 0),
      sink: heights ? (h) => heights[h]! : smooth ? () => 0 : undefined,
      shown: shown === 1 ? 'biased' : 'probabilities',
      bias(b, h, i, j) {
        const position = before[b]! + i;
        if (j >= ends[b]! || (causal && j > position) || (window > 0 && j <= position - window)) return -Infinity;
        if (!added) return 0;
        const matrix = (addBatch === 1 ? 0 : b) * addHeads! + (addHeads === 1 ? 0 : h);
        return added[(matrix * rows + i) * addColumns! + j]!;
      },
    });
    return [packedHeads(output, q!.dtype), dense(key, q!.dtype), dense(value, q!.dtype), scores];
  },
  /** Both products over the longest sequence, as far as it is known. */
  cost(node, context) {
    const [batch = 1, rows = 1, width = 1] = costDims(context.type(node.outputs[0] ?? '')?.dims);
    const longest = constantInput(node, 6, context);
    return { macs: 2 * batch * rows * width * (longest ? scalarOf(longest) : rows), operations: 0 };
  },
};

function headCounts(node: GraphNode): HeadCounts {
  const queries = intAttribute(node, 'num_heads') ?? missing(node, 'num_heads');
  const keys = intAttribute(node, 'kv_num_heads') ?? missing(node, 'kv_num_heads');
  if (
    !(Number.isSafeInteger(keys) && keys >= 1 && Number.isSafeInteger(queries) && queries >= 1 && queries % keys === 0)
  )
    fail('model/attribute', `${describe(node)} shares ${keys} keys between ${queries} queries.`);
  return { queries, keys };
}

function checkSupported(node: GraphNode): void {
  const quantised = ['k_quant_type', 'v_quant_type'].some((name) => stringAttribute(node, name, 'NONE') !== 'NONE');
  if (quantised || intAttribute(node, 'sliding_window_cache', 0) !== 0 || hasInput(node, 14) || hasInput(node, 15))
    fail('model/operator-unsupported', `${describe(node)} cannot be run.`, {
      why: 'QSpec knows neither quantised nor sliding caches of keys and values, nor the normalisation of heads.',
    });
}

/** New keys or values behind the valid part of the past, in a buffer of `columns` steps whose rest is 0. */
function appended(now: Heads, past: Tensor | undefined, before: readonly number[], columns: number): Heads {
  const [batch, count, rows, size] = now.dims;
  const old = past && heads(past, count);
  const values = new Float32Array(batch * count * columns * size);
  let n = 0;
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < count; h++)
      for (let i = 0; i < columns; i++)
        for (let c = 0; c < size; c++, n++) {
          const valid = before[b]!;
          if (i < valid) values[n] = old?.at(b, h, i, c) ?? 0;
          else if (i < valid + rows) values[n] = now.at(b, h, i - valid, c);
        }
  return headsOf(values, [batch, count, columns, size]);
}
