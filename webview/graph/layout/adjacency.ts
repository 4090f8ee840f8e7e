/** Items grouped by a key: those of key `k` are `items[start[k]]` to `items[start[k + 1] - 1]`, in ascending order. */
export interface Adjacency {
  readonly start: Int32Array;
  readonly items: Int32Array;
}

/** Groups the indices of `keys` by their value, 0 to `count` - 1. Flat arrays: a graph of 100,000 links makes no garbage. */
export function groupBy(count: number, keys: ArrayLike<number>): Adjacency {
  const start = new Int32Array(count + 1);
  for (let i = 0; i < keys.length; i++) start[keys[i]! + 1]!++;
  for (let k = 0; k < count; k++) start[k + 1]! += start[k]!;
  const next = start.slice(0, count);
  const items = new Int32Array(keys.length);
  for (let i = 0; i < keys.length; i++) items[next[keys[i]!]!++] = i;
  return { start, items };
}
