import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elementCount, type Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import {
  describe,
  floatsAttribute,
  intAttribute,
  intsAttribute,
  missing,
  stringAttribute,
  stringsAttribute,
} from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { inputType, requireRank, valueType } from '../shared/types.ts';

/**
 * Counts the n-grams of a pool in rows of integers or texts, [C] or [N, C]. Items of an n-gram may be up to
 * `max_skip_count` apart, all by the same distance. Mode TF gives counts, IDF weights, TFIDF their products.
 */
export const tfIdfVectorizer: Operator = {
  op: 'TfIdfVectorizer',
  domain: '',
  opsets: [9, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    if (!['int32', 'int64', 'string'].includes(x.dtype))
      fail('model/type', `Input 0 of ${describe(node)} is ${x.dtype}, not int32, int64 or string.`);
    requireRank(node, 'The input', x, 1, 2);
    return [valueType('float32', x.dims && [...x.dims.slice(0, -1), width(node)])];
  },
  evaluate(node, [x]) {
    const length = x!.dims[x!.dims.length - 1]!;
    const rows = x!.dims.length === 2 ? x!.dims[0]! : 1;
    const pool = poolOf(node);
    const dims = [...x!.dims.slice(0, -1), width(node)];
    const counts = new Float32Array(elementCount(dims));
    for (let row = 0; row < rows; row++) {
      const items = Array.from({ length }, (_, i) => String((x as Tensor).data[row * length + i]));
      countInto(counts.subarray(row * width(node), (row + 1) * width(node)), items, node, pool);
    }
    return [{ dtype: 'float32', dims, data: weighted(node, counts) }];
  },
};

/** For each length of n-grams, from their items (joined by a sign that no text holds) to their place in the output. */
type Pool = ReadonlyMap<number, ReadonlyMap<string, number>>;

const separator = '\u0000';

function width(node: GraphNode): number {
  const places = intsAttribute(node, 'ngram_indexes') ?? missing(node, 'ngram_indexes');
  const widest = places.reduce((a, b) => Math.max(a, b), -1) + 1;
  if (places.some((place) => place < 0) || widest > 2 ** 24)
    fail('model/attribute', `The places that ${describe(node)} gives its n-grams cannot be used.`);
  return widest;
}

function poolOf(node: GraphNode): Pool {
  const items = intsAttribute(node, 'pool_int64s')?.map(String) ?? stringsAttribute(node, 'pool_strings');
  const starts = intsAttribute(node, 'ngram_counts') ?? missing(node, 'ngram_counts');
  const places = intsAttribute(node, 'ngram_indexes')!;
  const pool = new Map<number, Map<string, number>>();
  let next = 0;
  starts.forEach((start, index) => {
    const size = index + 1;
    const end = starts[index + 1] ?? items?.length ?? 0;
    if (!(start >= 0 && start <= end && (end - start) % size === 0))
      fail('model/attribute', `The pool of ${describe(node)} does not hold whole ${size}-grams.`);
    const own = new Map<string, number>();
    for (let at = start; at < end; at += size)
      own.set(items!.slice(at, at + size).join(separator), places[next++] ?? -1);
    pool.set(size, own);
  });
  if (next !== places.length)
    fail('model/attribute', `${describe(node)} has ${next} n-grams in its pool and ${places.length} places for them.`);
  return pool;
}

function countInto(counts: Float32Array, items: readonly string[], node: GraphNode, pool: Pool): void {
  const [least, most] = ['min_gram_length', 'max_gram_length'].map((name) => intAttribute(node, name, 1)) as [
    number,
    number,
  ];
  const furthest = intAttribute(node, 'max_skip_count', 0) + 1;
  for (const [size, known] of pool) {
    if (size < least || size > most || known.size === 0) continue;
    // The items of a single one are no distance apart, those of several no further than the row is long.
    const widest = size === 1 ? 1 : Math.min(furthest, Math.floor((items.length - 1) / (size - 1)));
    for (let distance = 1; distance <= widest; distance++) {
      for (let start = 0; start + (size - 1) * distance < items.length; start++) {
        const gram = Array.from({ length: size }, (_, i) => items[start + i * distance]!).join(separator);
        const place = known.get(gram);
        if (place !== undefined) counts[place]! += 1;
      }
    }
  }
}

function weighted(node: GraphNode, counts: Float32Array): Float32Array {
  const mode = stringAttribute(node, 'mode') ?? missing(node, 'mode');
  const weights = floatsAttribute(node, 'weights');
  const places = intsAttribute(node, 'ngram_indexes')!;
  const weightAt = new Float64Array(width(node)).fill(1);
  if (weights !== undefined) for (const [i, place] of places.entries()) weightAt[place] = weights[i] ?? 1;
  const weight = (i: number) => weightAt[i % weightAt.length]!;
  switch (mode) {
    case 'TF':
      return counts;
    case 'IDF':
      return counts.map((count, i) => (count > 0 ? weight(i) : 0));
    case 'TFIDF':
      return counts.map((count, i) => count * weight(i));
    default:
      fail('model/attribute', `${describe(node)} has the unknown mode “${mode}”.`);
  }
}
