import { fail } from '../../findings.ts';
import { attribute } from '../../graph/build.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { type Dimension, elementCount, int64Tensor, type Tensor, type ValueType } from '../../tensor.ts';
import { dense, extended, type Heads, heads, packedHeads, scaledDotProduct } from '../attention/scaled-dot-product.ts';
import type { NotDecomposed, Parts } from '../decomposition.ts';
import type { InferContext, Operator } from '../operator.ts';
import { joined } from '../shape/concat.ts';
import { section } from '../shape/split.ts';
import { describe, floatAttribute, intAttribute, intsAttribute, missing } from '../shared/attributes.ts';
import { reshaped } from '../shared/movement.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { addReshape } from '../shared/parts.ts';
import { matmul } from '../shared/product.ts';
import {
  costDims,
  hasInput,
  hasOutput,
  inputType,
  optionalType,
  requireRank,
  unifyDimension,
  valueType,
} from '../shared/types.ts';
import { attentionBias, type Extent } from './attention-mask.ts';
import { addAttention, addBiases, addHeads } from './attention-parts.ts';

/**
 * ONNX Runtime's attention with its own projections: input [batch, length, width], weights [width, q + k + v], bias [q + k
 * + v], mask (see `attentionBias`), past [2, batch, heads, past, size], addend to the scores. Outputs: [batch, length, v],
 * and past with the new keys and values behind it.
 */
export const attention: Operator = {
  op: 'Attention',
  domain: 'com.microsoft',
  opsets: [1, 1],
  infer: (node, context) => projectedTypes(node, context, 4, inputType(node, 0, context).dtype),
  evaluate(node, [x, weights, bias, mask, past, addend]) {
    const projections = project(node, x!, numbersOf(x!), weights!, numbersOf(weights!), bias);
    return attend(node, projections, mask, past, addend);
  },
  cost: projectedCost,
  decompose(node, parts) {
    const [x, weightsName, biasName, maskName, past, addend] = node.inputs as string[];
    const weights = parts.constant(weightsName!);
    const bias = biasName ? parts.constant(biasName) : undefined;
    if (!weights || (biasName && !bias)) return 'the weights are only known while running';
    const [batch, length] = parts.type(x!).dims as [number, number];
    const count = headsOf(node);
    const sizes = projectionSizes(node, weights.dims[1]!) as [number, number, number];
    let start = 0;
    const [q, ...own] = sizes.map((size) => {
      const matrix = parts.tensor(section(weights, 1, start, size));
      const product = parts.add('MatMul', [x!, matrix]);
      const biased = bias ? parts.add('Add', [product, parts.tensor(section(bias, 0, start, size))]) : product;
      start += size;
      return addHeads(parts, biased, [batch, count, length, size / count]);
    }) as [string, string, string];
    const before = past ? parts.type(past).dims[3]! : 0;
    const extent = { batch, rows: length, columns: length + before, past: before };
    const biases = addBiases(node, parts, extent, maskName, addend);
    if (!biases) return 'the ends of the sequences are only known while running';
    const [k, v] = own.map((now, index) => {
      if (!past) return now;
      const old = parts.add('Gather', [past, parts.tensor(int64Tensor([], [index]))], { axis: attribute.int(0) });
      return parts.add('Concat', [old, now], { axis: attribute.int(2) });
    }) as [string, string];
    if (hasOutput(node, 1)) {
      const dims = [1, batch, count, extent.columns, sizes[0] / count];
      const both = [k, v].map((name) => addReshape(parts, name, dims));
      parts.add('Concat', both, { axis: attribute.int(0) }, { output: node.outputs[1]! });
    }
    addAttention(parts, {
      q,
      k,
      v,
      dims: [batch, length, sizes[2]],
      scale: floatAttribute(node, 'scale', 0) || 1 / Math.sqrt(sizes[0] / count),
      biases,
      output: node.outputs[0]!,
    });
    return undefined;
  },
};

/**
 * The same on codes: input and weights of 8 bits, bias, scale of the input, scale of the weights (one or one for each
 * column), mask, zero point of the input, zero point of the weights, past. The products are float32 from there on.
 */
export const qattention: Operator = {
  op: 'QAttention',
  domain: 'com.microsoft',
  opsets: [1, 1],
  infer: (node, context) => projectedTypes(node, context, 8, inputType(node, 3, context).dtype),
  evaluate(node, [x, weights, bias, inputScale, weightScale, mask, inputZero, weightZero, past]) {
    const columns = weights!.dims[1]!;
    const perColumn = (tensor: Tensor | undefined, fallback: number) => {
      const values = tensor ? numbersOf(tensor) : [fallback];
      return (column: number) => values[values.length === 1 ? 0 : column]!;
    };
    const [step, zero] = [perColumn(weightScale, 1), perColumn(weightZero, 0)];
    const [inputStep, inputCode] = [perColumn(inputScale, 1)(0), perColumn(inputZero, 0)(0)];
    const codes = numbersOf(weights!);
    const real = Float64Array.from({ length: codes.length }, (_, i) => {
      const column = i % columns;
      return (codes[i]! - zero(column)) * step(column);
    });
    const values = Float64Array.from(numbersOf(x!), (code) => (code - inputCode) * inputStep);
    const projections = project(node, { ...x!, dtype: 'float32' }, values, weights!, real, bias);
    return attend(node, projections, mask, past, undefined);
  },
  cost: projectedCost,
};

function headsOf(node: GraphNode): number {
  const count = intAttribute(node, 'num_heads') ?? missing(node, 'num_heads');
  if (!(Number.isSafeInteger(count) && count >= 1))
    fail('model/attribute', `Attribute “num_heads” of ${describe(node)} is ${count}.`);
  return count;
}

/** Widths of queries, keys and values. */
function projectionSizes(node: GraphNode, columns: Dimension): readonly Dimension[] {
  const given = intsAttribute(node, 'qkv_hidden_sizes');
  const sizes =
    given?.length === 3 ? given : new Array<Dimension>(3).fill(typeof columns === 'number' ? columns / 3 : undefined);
  const count = headsOf(node);
  const whole = sizes.every((size) => typeof size !== 'number' || (size > 0 && Number.isInteger(size / count)));
  const sum = sizes.reduce<number>((total, size) => total + (typeof size === 'number' ? size : 0), 0);
  if (!whole || (typeof columns === 'number' && sum !== columns))
    fail(
      'model/shape',
      `The ${columns} columns of ${describe(node)} do not divide into queries, keys and values of ${count} heads.`,
    );
  return sizes;
}

function projectedTypes(
  node: GraphNode,
  context: InferContext,
  pastIndex: number,
  dtype: ValueType['dtype'],
): ValueType[] {
  const x = inputType(node, 0, context);
  const weights = inputType(node, 1, context);
  requireRank(node, 'The input', x, 3);
  requireRank(node, 'The weights', weights, 2);
  unifyDimension(node, 'The widths of input and weights', x.dims?.[2], weights.dims?.[0]);
  for (const name of ['do_rotary', 'past_present_share_buffer'])
    if (intAttribute(node, name, 0) !== 0)
      fail('model/operator-unsupported', `${describe(node)} asks for “${name}”, which QSpec does not do.`);
  const [size, , vSize] = projectionSizes(node, weights.dims?.[1]);
  const past = optionalType(node, pastIndex, context);
  const count = headsOf(node);
  const [length, before] = [x.dims?.[1], hasInput(node, pastIndex) ? past?.dims?.[3] : 0];
  const total = typeof length === 'number' && typeof before === 'number' ? length + before : undefined;
  const each = typeof size === 'number' ? size / count : undefined;
  return [valueType(dtype, [x.dims?.[0], length, vSize]), valueType(dtype, [2, x.dims?.[0], count, total, each])];
}

/** The projections and both products. */
function projectedCost(node: GraphNode, context: InferContext) {
  const [batch = 1, length = 1, width = 1] = costDims(context.type(node.inputs[0] ?? '')?.dims);
  const [, columns = 1] = costDims(context.type(node.inputs[1] ?? '')?.dims);
  const [q, , v] = projectionSizes(node, columns) as [number, number, number];
  return { macs: batch * length * (width * columns + length * (q + v)), operations: 0 };
}

function project(
  node: GraphNode,
  x: Tensor,
  values: ArrayLike<number>,
  weights: Tensor,
  matrix: ArrayLike<number>,
  bias: Tensor | undefined,
): Heads[] {
  const [batch, length] = x.dims as [number, number];
  const columns = weights.dims[1]!;
  const product = matmul({ values, dims: x.dims }, { values: matrix, dims: weights.dims });
  const addends = bias && numbersOf(bias);
  const sums = addends ? product.values.map((value, i) => value + addends[i % columns]!) : product.values;
  const all = tensorOf(x.dtype, [batch, length, columns], sums);
  let start = 0;
  return (projectionSizes(node, columns) as number[]).map((size) => {
    const own = section(all, 2, start, size);
    start += size;
    return heads(own, headsOf(node));
  });
}

function attend(
  node: GraphNode,
  projections: readonly Heads[],
  mask: Tensor | undefined,
  past: Tensor | undefined,
  addend: Tensor | undefined,
): Tensor[] {
  const [query, ownKey, ownValue] = projections as [Heads, Heads, Heads];
  const before = (index: number) => past && reshaped(section(past, 0, index, 1), past.dims.slice(1));
  const [key, value] = [extended(ownKey, before(0)), extended(ownValue, before(1))];
  const extent = extentOf(query, key, past?.dims[3] ?? 0);
  const { output } = scaledDotProduct(query, key, value, {
    dtype: 'float32',
    scale: floatAttribute(node, 'scale', 0) || undefined,
    bias: attentionBias(node, extent, mask, addend),
  });
  const present = hasOutput(node, 1)
    ? joined(
        [key, value].map((own) => reshaped(dense(own, 'float32'), [1, ...own.dims])),
        0,
      )
    : tensorOf('float32', [0], []);
  return [packedHeads(output, 'float32'), present];
}

function extentOf(query: Heads, key: Heads, past: number): Extent {
  return { batch: query.dims[0], rows: query.dims[2], columns: key.dims[2], past };
}

/**
 * ONNX Runtime's attention between given projections: query [batch, rows, heads·size], key and value [batch, length,
 * heads·size] or [batch, heads, length, size]; or keys and values packed, [batch, length, heads, 2, size], or all three,
 * [batch, length, heads, 3, size]. Then a bias of the projections, the padding mask, an addend to the scores, past key and
 * value. Outputs: [batch, rows, heads·size of the value], keys and values including the past, and the softmax's weights.
 */
export const multiHeadAttention: Operator = {
  op: 'MultiHeadAttention',
  domain: 'com.microsoft',
  opsets: [1, 1],
  infer(node, context) {
    const q = inputType(node, 0, context);
    const [k, v, past] = [1, 2, 6].map((index) => optionalType(node, index, context)) as (ValueType | undefined)[];
    requireRank(node, 'The query', q, 3, 5);
    if (hasInput(node, 8) || hasInput(node, 9))
      fail('model/operator-unsupported', `${describe(node)} shares buffers of past keys, which QSpec does not do.`);
    const count = headsOf(node);
    if (q.dims === undefined) return node.outputs.map(() => undefined);
    const divided = (dim: Dimension) => (typeof dim === 'number' ? dim / count : undefined);
    const size = q.dims.length === 5 ? q.dims[4] : divided(q.dims[2]);
    if (typeof size === 'number' && !Number.isInteger(size))
      fail('model/shape', `The width of the query of ${describe(node)} does not divide into ${count} heads.`);
    const isLong = k?.dims?.length === 4;
    const own = k === undefined ? q.dims[1] : isLong ? k.dims![2] : k.dims?.[1];
    const vSize = v?.dims === undefined ? size : v.dims.length === 4 ? v.dims[3] : divided(v.dims[2]);
    const before = hasInput(node, 6) ? past?.dims?.[2] : 0;
    const total = typeof own === 'number' && typeof before === 'number' ? own + before : undefined;
    const width = typeof vSize === 'number' ? vSize * count : undefined;
    const [batch, rows] = q.dims;
    return [
      valueType(q.dtype, [batch, rows, width]),
      valueType(q.dtype, [batch, count, total, size]),
      valueType(q.dtype, [batch, count, total, vSize]),
      valueType(q.dtype, [batch, count, rows, total]),
    ];
  },
  evaluate(node, [q, k, v, bias, mask, addend, pastKey, pastValue]) {
    const [query, ownKey, ownValue] = unpacked(node, q!, k, v, bias);
    const [key, value] = [extended(ownKey, pastKey), extended(ownValue, pastValue)];
    const extent = extentOf(query, key, pastKey?.dims[2] ?? 0);
    const { output, scores } = scaledDotProduct(query, key, value, {
      dtype: q!.dtype,
      scale: floatAttribute(node, 'scale', 0) || undefined,
      bias: attentionBias(node, extent, mask, addend),
      shown: 'probabilities',
    });
    return [packedHeads(output, q!.dtype), dense(key, q!.dtype), dense(value, q!.dtype), scores];
  },
  /** Both products. */
  cost(node, context) {
    const [batch = 1, rows = 1, width = 1] = costDims(context.type(node.outputs[0] ?? '')?.dims);
    const k = costDims((optionalType(node, 1, context) ?? inputType(node, 0, context)).dims);
    const past = hasInput(node, 6) ? (costDims(inputType(node, 6, context).dims)[2] ?? 0) : 0;
    const columns = (k.length === 4 ? k[2]! : (k[1] ?? 1)) + past;
    return { macs: 2 * batch * rows * width * columns, operations: 0 };
  },
  decompose: decomposeMultiHead,
};

/** Queries, keys and values of any of the forms, with their bias. */
function unpacked(
  node: GraphNode,
  q: Tensor,
  k: Tensor | undefined,
  v: Tensor | undefined,
  bias: Tensor | undefined,
): [Heads, Heads, Heads] {
  const count = headsOf(node);
  const slice = (packed: Tensor, index: number): Tensor => {
    const [batch, length, , , size] = packed.dims as [number, number, number, number, number];
    return reshaped(section(packed, 3, index, 1), [batch, length, count * size]);
  };
  const three =
    k === undefined
      ? [slice(q, 0), slice(q, 1), slice(q, 2)]
      : v === undefined
        ? [q, slice(k, 0), slice(k, 1)]
        : [q, k, v];
  let start = 0;
  const biased = three.map((tensor) => {
    if (!bias || tensor.dims.length !== 3) return tensor;
    const width = tensor.dims[2]!;
    const [values, addends] = [numbersOf(tensor), numbersOf(bias)];
    const from = start;
    start += width;
    return tensorOf(
      tensor.dtype,
      tensor.dims,
      Float64Array.from({ length: values.length }, (_, i) => values[i]! + addends[from + (i % width)]!),
    );
  });
  return biased.map((tensor) => heads(tensor, count)) as [Heads, Heads, Heads];
}

function decomposeMultiHead(node: GraphNode, parts: Parts): NotDecomposed {
  const [qName, kName, vName, biasName, maskName, addend, pastKey, pastValue] = node.inputs as string[];
  const bias = biasName ? parts.constant(biasName) : undefined;
  if (biasName && !bias) return 'the bias is only known while running';
  if (hasOutput(node, 3)) return 'no kernel gives the weights';
  if (pastKey && !pastValue) return 'past keys come without values';
  const count = headsOf(node);
  const [batch, rows, width] = parts.type(node.outputs[0]!).dims as [number, number, number];
  const slice = (packed: string, index: number) => {
    const [, length, , , size] = parts.type(packed).dims as [number, number, number, number, number];
    const at = parts.tensor(int64Tensor([], [index]));
    const name = parts.add('Gather', [packed, at], { axis: attribute.int(3) });
    return { name, dims: [batch, length, count * size] };
  };
  const plain = (name: string) => ({ name, dims: parts.type(name).dims });
  const three = !kName
    ? [slice(qName!, 0), slice(qName!, 1), slice(qName!, 2)]
    : !vName
      ? [plain(qName!), slice(kName, 0), slice(kName, 1)]
      : [plain(qName!), plain(kName), plain(vName)];
  let start = 0;
  const own = three.map(({ name, dims }) => {
    if (dims.length === 4) return { name, length: dims[2]! };
    const [, length, columns] = dims as [number, number, number];
    const size = columns / count;
    if (!bias) return { name: addHeads(parts, name, [batch, count, length, size]), length };
    const biased = parts.add('Add', [addReshape(parts, name, dims), parts.tensor(section(bias, 0, start, columns))]);
    start += columns;
    return { name: addHeads(parts, biased, [batch, count, length, size]), length };
  });
  const [q, k, v] = own.map(({ name }) => name) as [string, string, string];
  const past = pastKey ? parts.type(pastKey).dims[2]! : 0;
  const columns = own[1]!.length + past;
  const withPast = (before: string | undefined, now: string, index: number) => {
    const output = node.outputs[index] ? { output: node.outputs[index] } : {};
    if (before) return parts.add('Concat', [before, now], { axis: attribute.int(2) }, output);
    return node.outputs[index] ? parts.add('Identity', [now], {}, output) : now;
  };
  const extent = { batch, rows, columns, past };
  const biases = addBiases(node, parts, extent, maskName, addend);
  if (!biases) return 'the ends of the sequences are only known while running';
  const size = elementCount(parts.type(qName!).dims) / (batch * rows * count * (kName ? 1 : 3));
  addAttention(parts, {
    q,
    k: withPast(pastKey, k, 1),
    v: withPast(pastValue, v, 2),
    dims: [batch, rows, width],
    scale: floatAttribute(node, 'scale', 0) || 1 / Math.sqrt(size),
    biases,
    output: node.outputs[0]!,
  });
  return undefined;
}
