// Walking over up to seven outer dimensions: one counter each, in scratch.

// @ts-ignore: decorator
@inline
export const COUNTERS: usize = 32;

/** Counters of the outer index `index` (row-major over dims[0…6]). */
export function seek(counters: usize, dims: usize, index: i32): void {
  for (let k = 24; k >= 0; k -= 4) {
    const n = load<i32>(dims + k);
    const q = index / n;
    store<i32>(counters + k, index - q * n);
    index = q;
  }
}

/** Σ counter · stride. */
export function offsetOf(counters: usize, strides: usize): i32 {
  let sum = 0;
  for (let k = 0; k < 28; k += 4) sum += load<i32>(counters + k) * load<i32>(strides + k);
  return sum;
}

/** Steps to the next outer index. Returns by how much the offset under `strides` changes. */
export function advance(counters: usize, dims: usize, strides: usize, others: usize, changeOfOthers: usize): i32 {
  let change = 0, other = 0;
  for (let k = 24; k >= 0; k -= 4) {
    const n = load<i32>(dims + k);
    if (n == 1) continue;
    const c = load<i32>(counters + k) + 1;
    change += load<i32>(strides + k);
    other += load<i32>(others + k);
    if (c < n) {
      store<i32>(counters + k, c);
      break;
    }
    store<i32>(counters + k, 0);
    change -= load<i32>(strides + k) * n;
    other -= load<i32>(others + k) * n;
  }
  store<i32>(changeOfOthers, other);
  return change;
}
