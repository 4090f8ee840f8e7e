import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { dataTypeOf } from '../../onnx/data-types.ts';
import { poll } from '../../progress.ts';
import type { DataType, Dimension, Tensor, ValueType } from '../../tensor.ts';
import { softmaxRow } from '../normalization/softmax.ts';
import type { Operator } from '../operator.ts';
import { describe, floatAttribute, intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, roundTo, tensorOf } from '../shared/numbers.ts';
import { costDims, inputType, optionalType, valueType } from '../shared/types.ts';

/**
 * Scaled dot-product attention. Q, K, V are [batch, heads, length, size] or [batch, length, heads·size]; several query
 * heads may share one of K and V. Past keys and values go in front of the new ones. Scores: softcap, then mask, causal
 * limit, window and padding, then softmax; a row that is masked whole gives zeros.
 */
export const attention: Operator = {
  op: 'Attention',
  domain: '',
  opsets: [23, newestOpset],
  infer(node, context) {
    const [q, k, v] = [0, 1, 2].map((i) => inputType(node, i, context)) as [ValueType, ValueType, ValueType];
    const past = optionalType(node, 4, context)?.dims?.[2];
    const packed = q.dims?.length === 3;
    if (q.dims === undefined || k.dims === undefined || v.dims === undefined) return node.outputs.map(() => undefined);
    const [qHeads, kvHeads] = headCounts(node, q.dims, k.dims);
    const divided = (dim: Dimension, by: Dimension) =>
      typeof dim === 'number' && typeof by === 'number' ? dim / by : undefined;
    const size = (dims: readonly Dimension[], heads: Dimension) => (packed ? divided(dims[2], heads) : dims[3]);
    const length = (dims: readonly Dimension[]) => (packed ? dims[1] : dims[2]);
    const withPast = node.inputs[4] ? past : 0;
    const [own, before] = [length(k.dims), withPast];
    const total = typeof own === 'number' && typeof before === 'number' ? own + before : before === 0 ? own : undefined;
    const vSize = size(v.dims, kvHeads);
    const batch = q.dims[0];
    const wide = typeof qHeads === 'number' && typeof vSize === 'number' ? qHeads * vSize : undefined;
    const y = packed ? [batch, q.dims[1], wide] : [batch, qHeads, q.dims[2], vSize];
    return [
      valueType(q.dtype, y),
      valueType(k.dtype, [batch, kvHeads, total, size(k.dims, kvHeads)]),
      valueType(v.dtype, [batch, kvHeads, total, vSize]),
      valueType(q.dtype, [batch, qHeads, length(q.dims), total]),
    ];
  },
  evaluate(node, [q, k, v, mask, pastKey, pastValue, lengths]) {
    const [qHeads, kvHeads] = headCounts(node, q!.dims, k!.dims) as [number, number];
    const query = heads(q!, qHeads);
    const key = extended(heads(k!, kvHeads), pastKey);
    const value = extended(heads(v!, kvHeads), pastValue);
    const bias = biasOf(node, query, mask, pastKey?.dims[2] ?? 0, lengths);
    return compute(node, q!, query, key, value, bias);
  },
  /** Both products: scores and weighted sum. */
  cost(node, context) {
    const types = [0, 1, 2].map((i) => costDims(inputType(node, i, context).dims));
    const [q, k, v] = types as [number[], number[], number[]];
    const packed = q.length === 3;
    const total = packed ? k[1]! : k[2]!;
    const [qHeads, kvHeads] = headCounts(node, q, k) as [number, number];
    const size = packed ? q[2]! / qHeads : q[3]!;
    const vSize = packed ? v[2]! / kvHeads : v[3]!;
    return { macs: q[0]! * qHeads * (packed ? q[1]! : q[2]!) * total * (size + vSize), operations: 0 };
  },
};

function headCounts(
  node: GraphNode,
  q: readonly Dimension[],
  k: readonly Dimension[],
): readonly [Dimension, Dimension] {
  if (q.length === 4) return [q[1], k[1]];
  const [queries, keys] = [intAttribute(node, 'q_num_heads'), intAttribute(node, 'kv_num_heads')];
  if (q.length !== 3 || !queries || !keys || queries < 0 || keys < 0 || queries % keys !== 0)
    fail('model/attribute', `The heads of ${describe(node)} are not given or do not fit its inputs.`);
  return [queries, keys];
}

/** Elements as [batch, heads, length, size]. */
interface Heads {
  readonly values: ArrayLike<number>;
  readonly dims: readonly [number, number, number, number];
  at(b: number, h: number, i: number, c: number): number;
}

function heads(tensor: Tensor, count: number): Heads {
  const values = numbersOf(tensor);
  if (tensor.dims.length === 4) {
    const [batch, own, length, size] = tensor.dims as [number, number, number, number];
    return {
      values,
      dims: [batch, own, length, size],
      at: (b, h, i, c) => values[((b * own + h) * length + i) * size + c]!,
    };
  }
  const [batch, length, width] = tensor.dims as [number, number, number];
  const size = width / count;
  return {
    values,
    dims: [batch, count, length, size],
    at: (b, h, i, c) => values[(b * length + i) * width + h * size + c]!,
  };
}

function extended(now: Heads, past: Tensor | undefined): Heads {
  if (past === undefined) return now;
  const before = heads(past, now.dims[1]);
  const skip = before.dims[2];
  return {
    values: now.values,
    dims: [now.dims[0], now.dims[1], skip + now.dims[2], now.dims[3]],
    at: (b, h, i, c) => (i < skip ? before.at(b, h, i, c) : now.at(b, h, i - skip, c)),
  };
}

function dense(own: Heads, dtype: DataType): Tensor {
  const [batch, count, length, size] = own.dims;
  const out = new Float64Array(batch * count * length * size);
  let n = 0;
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < count; h++)
      for (let i = 0; i < length; i++) for (let c = 0; c < size; c++) out[n++] = own.at(b, h, i, c);
  return tensorOf(dtype, own.dims, out);
}

type Bias = (b: number, h: number, i: number, j: number) => number;

/** What is added to each score: the mask, and −∞ where causality, window or padding forbid a look. */
function biasOf(
  node: GraphNode,
  query: Heads,
  mask: Tensor | undefined,
  past: number,
  lengths: Tensor | undefined,
): Bias {
  const causal = intAttribute(node, 'is_causal', 0) !== 0;
  const left = intAttribute(node, 'left_window_size', -1);
  const right = intAttribute(node, 'right_window_size', -1);
  const valid = lengths && numbersOf(lengths);
  const given = maskOf(mask);
  const rows = query.dims[2];
  return (b, h, i, j) => {
    const position = i + (valid ? valid[b]! - rows : past);
    if (valid && j >= valid[b]!) return -Infinity;
    if (causal && position < j) return -Infinity;
    if (left >= 0 && position - j > left) return -Infinity;
    if (right >= 0 && j - position > right) return -Infinity;
    return given(b, h, i, j);
  };
}

/** The mask broadcast to [batch, heads, rows, columns]; columns beyond its own are forbidden. */
function maskOf(mask: Tensor | undefined): Bias {
  if (mask === undefined) return () => 0;
  const dims = [...new Array<number>(4 - mask.dims.length).fill(1), ...mask.dims] as [number, number, number, number];
  const values = numbersOf(mask);
  const flags = mask.dtype === 'bool';
  return (b, h, i, j) => {
    if (dims[3] !== 1 && j >= dims[3]) return -Infinity;
    const at = (index: number, dim: number) => (dim === 1 ? 0 : index);
    const value =
      values[((at(b, dims[0]) * dims[1] + at(h, dims[1])) * dims[2] + at(i, dims[2])) * dims[3] + at(j, dims[3])]!;
    return flags ? (value !== 0 ? 0 : -Infinity) : value;
  };
}

function compute(node: GraphNode, q: Tensor, query: Heads, key: Heads, value: Heads, bias: Bias): Tensor[] {
  const [batch, queryHeads, rows, size] = query.dims;
  const [, kvHeads, columns] = key.dims;
  const width = value.dims[3];
  const share = queryHeads / kvHeads;
  const scale = floatAttribute(node, 'scale', 1 / Math.sqrt(size));
  const softcap = floatAttribute(node, 'softcap', 0);
  const mode = intAttribute(node, 'qk_matmul_output_mode', 0);
  const precision = dataTypeOf(intAttribute(node, 'softmax_precision', 0)) ?? q.dtype;
  const packed = q.dims.length === 3;
  const shown = new Float64Array(batch * queryHeads * rows * columns);
  const out = new Float64Array(batch * queryHeads * rows * width);
  const scores = new Float64Array(columns);
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < queryHeads; h++)
      for (let i = 0; i < rows; i++) {
        poll();
        const source = Math.floor(h / share);
        const line = ((b * queryHeads + h) * rows + i) * columns;
        let open = false;
        for (let j = 0; j < columns; j++) {
          let sum = 0;
          for (let c = 0; c < size; c++) sum += query.at(b, h, i, c) * key.at(b, source, j, c);
          const raw = roundTo(q.dtype, sum * scale);
          const capped = softcap > 0 ? softcap * Math.tanh(raw / softcap) : raw;
          const extra = bias(b, h, i, j);
          open ||= extra !== -Infinity;
          scores[j] = extra === -Infinity ? -Infinity : roundTo(precision, capped + extra);
          shown[line + j] = mode === 0 ? raw : mode === 1 ? capped : scores[j]!;
        }
        if (open) softmaxRow(scores);
        else scores.fill(0);
        if (mode === 3) shown.set(scores, line);
        const row = packed ? ((b * rows + i) * queryHeads + h) * width : ((b * queryHeads + h) * rows + i) * width;
        for (let j = 0; j < columns; j++) {
          const weight = scores[j]!;
          // A masked key must not count, not even where its value is infinite.
          if (weight === 0) continue;
          for (let c = 0; c < width; c++) out[row + c]! += weight * value.at(b, source, j, c);
        }
      }
  const dims = packed ? [batch, rows, queryHeads * width] : [batch, queryHeads, rows, width];
  return [
    tensorOf(q.dtype, dims, out),
    dense(key, q.dtype),
    dense(value, q.dtype),
    tensorOf(q.dtype, [batch, queryHeads, rows, columns], shown),
  ];
}
