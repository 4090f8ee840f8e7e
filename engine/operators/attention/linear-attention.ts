import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { poll } from '../../progress.ts';
import type { Dimension } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, floatAttribute, intAttribute, missing, stringAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { inputType, requireRank, valueType } from '../shared/types.ts';

/**
 * Attention as a recurrence over a matrix of state S [size of k, size of v] for each head. Inputs are [batch, length,
 * heads·size]. `gated` rules decay S by exp(decay), `delta` rules write beta · (v − Sᵀk) instead of v.
 */
export const linearAttention: Operator = {
  op: 'LinearAttention',
  domain: '',
  opsets: [27, newestOpset],
  infer(node, context) {
    const q = inputType(node, 0, context);
    const v = inputType(node, 2, context);
    requireRank(node, 'The query', q, 3);
    const { queries, keys } = headCounts(node);
    const divided = (dim: Dimension, by: number) => (typeof dim === 'number' ? dim / by : undefined);
    const [size, width] = [divided(q.dims?.[2], queries), divided(v.dims?.[2], keys)];
    const wide = width === undefined ? undefined : width * queries;
    return [valueType(q.dtype, [q.dims?.[0], q.dims?.[1], wide]), valueType(q.dtype, [q.dims?.[0], keys, size, width])];
  },
  evaluate(node, [q, k, v, past, decay, beta]) {
    const { queries, keys } = headCounts(node);
    const rule = stringAttribute(node, 'update_rule', 'gated_delta');
    if (!['linear', 'gated', 'delta', 'gated_delta'].includes(rule))
      fail('model/attribute', `The update_rule of ${describe(node)} is “${rule}”.`);
    const [batch, length, queryWidth] = q!.dims as [number, number, number];
    const size = queryWidth / queries;
    const width = v!.dims[2]! / keys;
    const share = queries / keys;
    const given = floatAttribute(node, 'scale', 0);
    const scale = given === 0 ? 1 / Math.sqrt(size) : given;
    const [query, key, value] = [numbersOf(q!), numbersOf(k!), numbersOf(v!)];
    const gates =
      rule.startsWith('gated') && decay ? { values: numbersOf(decay), each: decay.dims[2]! / keys } : undefined;
    const rates = rule.endsWith('delta') && beta ? { values: numbersOf(beta), heads: beta.dims[2]! } : undefined;
    const states = past ? Float64Array.from(numbersOf(past)) : new Float64Array(batch * keys * size * width);
    const out = new Float64Array(batch * length * queries * width);
    for (let b = 0; b < batch; b++)
      for (let h = 0; h < keys; h++) {
        const state = states.subarray((b * keys + h) * size * width, (b * keys + h + 1) * size * width);
        for (let t = 0; t < length; t++) {
          poll();
          const step = b * length + t;
          if (gates)
            for (let i = 0; i < size; i++) {
              const gate = Math.exp(gates.values[(step * keys + h) * gates.each + (gates.each === 1 ? 0 : i)]!);
              for (let j = 0; j < width; j++) state[i * width + j]! *= gate;
            }
          const keyAt = (i: number) => key[(step * keys + h) * size + i]!;
          for (let j = 0; j < width; j++) {
            let write = value[(step * keys + h) * width + j]!;
            if (rule.endsWith('delta')) {
              let stored = 0;
              for (let i = 0; i < size; i++) stored += state[i * width + j]! * keyAt(i);
              const rate = rates ? rates.values[step * rates.heads + (rates.heads === 1 ? 0 : h)]! : 1;
              write = rate * (write - stored);
            }
            for (let i = 0; i < size; i++) state[i * width + j]! += keyAt(i) * write;
          }
          for (let g = 0; g < share; g++) {
            const head = h * share + g;
            for (let j = 0; j < width; j++) {
              let sum = 0;
              for (let i = 0; i < size; i++) sum += query[(step * queries + head) * size + i]! * state[i * width + j]!;
              out[(step * queries + head) * width + j] = scale * sum;
            }
          }
        }
      }
    return [
      tensorOf(q!.dtype, [batch, length, queries * width], out),
      tensorOf(past?.dtype ?? q!.dtype, [batch, keys, size, width], states),
    ];
  },
};

function headCounts(node: GraphNode): { readonly queries: number; readonly keys: number } {
  const queries = intAttribute(node, 'q_num_heads') ?? missing(node, 'q_num_heads');
  const keys = intAttribute(node, 'kv_num_heads') ?? missing(node, 'kv_num_heads');
  if (!(queries >= 1 && keys >= 1 && queries % keys === 0))
    fail('model/attribute', `${describe(node)} has ${queries} query heads for ${keys} key heads.`);
  return { queries, keys };
}
