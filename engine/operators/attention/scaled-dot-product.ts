import { poll } from '../../progress.ts';
import type { DataType, Tensor } from '../../tensor.ts';
import { softmaxRow } from '../normalization/softmax.ts';
import { numbersOf, roundTo, tensorOf } from '../shared/numbers.ts';

/** The arithmetic that all attention operators share. */

/** Elements as [batch, heads, length, size]. */
export interface Heads {
  readonly dims: readonly [number, number, number, number];
  at(b: number, h: number, i: number, c: number): number;
}

/** A tensor [batch, heads, length, size], or [batch, length, heads·size] with `count` heads. */
export function heads(tensor: Tensor, count: number): Heads {
  const values = numbersOf(tensor);
  if (tensor.dims.length === 4) return headsOf(values, tensor.dims as [number, number, number, number]);
  const [batch, length, width] = tensor.dims as [number, number, number];
  const size = width / count;
  return {
    dims: [batch, count, length, size],
    at: (b, h, i, c) => values[(b * length + i) * width + h * size + c]!,
  };
}

/** Past keys or values [batch, heads, length, size] in front of the new ones. */
export function extended(now: Heads, past: Tensor | undefined): Heads {
  if (past === undefined) return now;
  const before = heads(past, now.dims[1]);
  const skip = before.dims[2];
  return {
    dims: [now.dims[0], now.dims[1], skip + now.dims[2], now.dims[3]],
    at: (b, h, i, c) => (i < skip ? before.at(b, h, i, c) : now.at(b, h, i - skip, c)),
  };
}

/** As a tensor [batch, heads, length, size]. */
export function dense(own: Heads, dtype: DataType): Tensor {
  const [batch, count, length, size] = own.dims;
  const out = new Float64Array(batch * count * length * size);
  let n = 0;
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < count; h++)
      for (let i = 0; i < length; i++) for (let c = 0; c < size; c++) out[n++] = own.at(b, h, i, c);
  return tensorOf(dtype, own.dims, out);
}

/** Added to the score of query i and key j; −∞ forbids the look. */
export type Bias = (batch: number, head: number, i: number, j: number) => number;

export interface AttentionOptions {
  /** Type of queries and output. */
  readonly dtype: DataType;
  /** Type to which scores are rounded before the softmax; `dtype` unless given. */
  readonly precision?: DataType;
  /** 1/√size unless given. */
  readonly scale?: number | undefined;
  /** Scores become softcap · tanh(score / softcap); 0: they stay. */
  readonly softcap?: number;
  readonly bias: Bias;
  /** A further score of each head in the softmax's denominator that belongs to no key. */
  readonly sink?: ((head: number) => number) | undefined;
  /** What of the scores is given back: scaled products, after the cap, after the bias too, after the softmax. */
  readonly shown?: 'products' | 'capped' | 'biased' | 'probabilities';
}

/**
 * softmax(scale · Q·Kᵀ + bias)·V for each head; several heads of the query may share one of key and value. A row that is
 * forbidden whole gives zeros. Also the scores, [batch, heads, rows, columns].
 */
export function scaledDotProduct(
  query: Heads,
  key: Heads,
  value: Heads,
  options: AttentionOptions,
): { readonly output: Heads; readonly scores: Tensor } {
  const [batch, queryHeads, rows, size] = query.dims;
  const [, kvHeads, columns] = key.dims;
  const width = value.dims[3];
  const share = queryHeads / kvHeads;
  const {
    dtype,
    precision = dtype,
    scale = 1 / Math.sqrt(size),
    softcap = 0,
    bias,
    sink,
    shown = 'products',
  } = options;
  const kept = new Float64Array(batch * queryHeads * rows * columns);
  const out = new Float64Array(batch * queryHeads * rows * width);
  const line = new Float64Array(columns + (sink ? 1 : 0));
  const scores = line.subarray(0, columns);
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < queryHeads; h++)
      for (let i = 0; i < rows; i++) {
        poll();
        const source = Math.floor(h / share);
        const row = (b * queryHeads + h) * rows + i;
        let open = false;
        for (let j = 0; j < columns; j++) {
          let sum = 0;
          for (let c = 0; c < size; c++) sum += query.at(b, h, i, c) * key.at(b, source, j, c);
          const raw = roundTo(dtype, sum * scale);
          const capped = softcap > 0 ? softcap * Math.tanh(raw / softcap) : raw;
          const extra = bias(b, h, i, j);
          open ||= extra !== -Infinity;
          scores[j] = extra === -Infinity ? -Infinity : roundTo(precision, capped + extra);
          kept[row * columns + j] = shown === 'products' ? raw : shown === 'capped' ? capped : scores[j]!;
        }
        if (sink) line[columns] = sink(h);
        if (open || sink) softmaxRow(line);
        else scores.fill(0);
        if (shown === 'probabilities') kept.set(scores, row * columns);
        for (let j = 0; j < columns; j++) {
          const weight = scores[j]!;
          // A masked key must not count, not even where its value is infinite.
          if (weight === 0) continue;
          for (let c = 0; c < width; c++) out[row * width + c]! += weight * value.at(b, source, j, c);
        }
      }
  return {
    output: headsOf(out, [batch, queryHeads, rows, width]),
    scores: tensorOf(dtype, [batch, queryHeads, rows, columns], kept),
  };
}

/** Elements [batch, heads, length, size]. */
export function headsOf(values: ArrayLike<number>, dims: Heads['dims']): Heads {
  const [, own, length, size] = dims;
  return { dims, at: (b, h, i, c) => values[((b * own + h) * length + i) * size + c]! };
}

/** As a tensor [batch, length, heads·size]. */
export function packedHeads({ dims: [batch, count, length, size], at }: Heads, dtype: DataType): Tensor {
  const out = new Float64Array(batch * length * count * size);
  let n = 0;
  for (let b = 0; b < batch; b++)
    for (let i = 0; i < length; i++)
      for (let h = 0; h < count; h++) for (let c = 0; c < size; c++) out[n++] = at(b, h, i, c);
  return tensorOf(dtype, [batch, length, count * size], out);
}
