import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { dataTypeOf } from '../../onnx/data-types.ts';
import type { DataType, Tensor } from '../../tensor.ts';
import { requireTensor } from '../../value.ts';
import { softmaxRow } from '../normalization/softmax.ts';
import type { EvaluateContext, Operator } from '../operator.ts';
import { describe, floatAttribute, graphAttribute, hasAttribute, intAttribute } from '../shared/attributes.ts';
import { doublesOf, numbersOf, tensorOf } from '../shared/numbers.ts';
import { multiplyInto } from '../shared/product.ts';
import { costDims, inputType, requireRank, unifyDimension, valueType } from '../shared/types.ts';

/**
 * Scaled dot-product attention whose scores and probabilities [batch, heads, queries, keys] may be changed by a body each:
 * Q [batch, heads, queries, size], K and V [batch, kv heads, keys, …] -> [batch, heads, queries, V's size]. Several heads of
 * queries in a row may share one of K and V. Experimental: ONNX promises no stable meaning.
 */
export const flexAttention: Operator = {
  op: 'FlexAttention',
  domain: 'ai.onnx.preview',
  opsets: [1, 1],
  infer(node, context) {
    const types = [0, 1, 2].map((i) => inputType(node, i, context));
    for (const [i, type] of types.entries()) requireRank(node, `Input ${i}`, type, 4);
    const [q, k, v] = types.map((type) => type.dims);
    if (q === undefined || k === undefined || v === undefined) return [valueType(types[0]!.dtype, undefined)];
    unifyDimension(node, 'The sizes of queries and keys', q[3], k[3]);
    unifyDimension(node, 'The numbers of keys and values', k[2], v[2]);
    unifyDimension(node, 'The heads of keys and values', k[1], v[1]);
    if (typeof q[1] === 'number' && typeof k[1] === 'number' && q[1] % k[1] !== 0)
      fail('model/shape', `The ${q[1]} heads of ${describe(node)} do not divide into groups for ${k[1]} of keys.`);
    const batch = [k[0], v[0]].reduce((a, b) => unifyDimension(node, 'The batches', a, b), q[0]);
    return [valueType(types[0]!.dtype, [batch, q[1], q[2], v[3]])];
  },
  evaluate(node, inputs, context) {
    const [q, k, v] = inputs as readonly [Tensor, Tensor, Tensor];
    const [batch, heads, queries, size] = q.dims as [number, number, number, number];
    const [, kvHeads, keys, width] = v.dims as [number, number, number, number];
    const scale = floatAttribute(node, 'scale', 1 / Math.sqrt(size));
    const [left, right, values] = [doublesOf(numbersOf(q)), transposed(k), doublesOf(numbersOf(v))];
    const scores = new Float64Array(batch * heads * queries * keys);
    const shared = (plane: number) =>
      Math.floor(plane / heads) * kvHeads + Math.floor(((plane % heads) * kvHeads) / heads);
    for (let plane = 0; plane < batch * heads; plane++)
      multiplyInto(
        scores,
        plane * queries * keys,
        left,
        plane * queries * size,
        right,
        shared(plane) * size * keys,
        queries,
        size,
        keys,
      );
    const precision = softmaxType(node, q.dtype);
    const dims = [batch, heads, queries, keys];
    const scaled = tensorOf(
      precision,
      dims,
      scores.map((score) => score * scale),
    );
    const probabilities = Float64Array.from(numbersOf(modified(node, 'score_mod', scaled, context)));
    for (let row = 0; row < probabilities.length; row += keys) softmaxRow(probabilities.subarray(row, row + keys));
    const weights = doublesOf(numbersOf(modified(node, 'prob_mod', tensorOf(precision, dims, probabilities), context)));
    const out = new Float64Array(batch * heads * queries * width);
    for (let plane = 0; plane < batch * heads; plane++)
      multiplyInto(
        out,
        plane * queries * width,
        weights,
        plane * queries * keys,
        values,
        shared(plane) * keys * width,
        queries,
        keys,
        width,
      );
    return [tensorOf(q.dtype, [batch, heads, queries, width], out)];
  },
  /** Both products: scores and weighted sum. */
  cost(node, context) {
    const [q, , v] = [0, 1, 2].map((i) => costDims(inputType(node, i, context).dims)) as [number[], number[], number[]];
    return { macs: q[0]! * q[1]! * q[2]! * v[2]! * (q[3]! + v[3]!), operations: 0 };
  },
};

/** K as [batch, heads, size, keys]. */
function transposed(k: Tensor): Float64Array {
  const [batch, heads, keys, size] = k.dims as [number, number, number, number];
  const values = numbersOf(k);
  const out = new Float64Array(values.length);
  for (let plane = 0; plane < batch * heads; plane++)
    for (let i = 0; i < keys; i++)
      for (let j = 0; j < size; j++) out[(plane * size + j) * keys + i] = values[(plane * keys + i) * size + j]!;
  return out;
}

/** Halves are normalised in float32 unless something else is asked for. */
function softmaxType(node: GraphNode, dtype: DataType): DataType {
  const given = intAttribute(node, 'softmax_precision');
  if (given === undefined) return dtype === 'float64' ? dtype : 'float32';
  return dataTypeOf(given) ?? fail('model/attribute', `${describe(node)} asks for the unknown data type ${given}.`);
}

function modified(node: GraphNode, body: string, tensor: Tensor, context: EvaluateContext): Tensor {
  if (!hasAttribute(node, body)) return tensor;
  const [value] = context.evaluateSubgraph(graphAttribute(node, body), [tensor]);
  const result = value && requireTensor(value, `What “${body}” of ${describe(node)} computes`);
  if (result?.dims.join() !== tensor.dims.join())
    fail('model/shape', `“${body}” of ${describe(node)} changes the shape of what it is given.`);
  return result;
}
