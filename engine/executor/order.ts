/**
 * Physical axis orders. A value's elements lie in memory in some order of its logical (ONNX) axes, slowest first:
 * `[0, 1, 2, 3]` is plain, `[0, 2, 3, 1]` is channels-last. Keeping a whole permutation instead of a two-valued flag
 * makes every Transpose free and lets the consumer that really cares pay for a conversion, once.
 */
export type Order = readonly number[];

export function plainOrder(rank: number): Order {
  return Array.from({ length: rank }, (_, axis) => axis);
}

/** Axis 1 moved to the end; below rank 3 there is no spatial axis and the order is plain. */
export function channelsLastOrder(rank: number): Order {
  if (rank < 3) return plainOrder(rank);
  return [0, ...Array.from({ length: rank - 2 }, (_, axis) => axis + 2), 1];
}

/** Sizes in memory order. */
export function memoryDims(dims: readonly number[], order: Order): number[] {
  return order.map((axis) => dims[axis]!);
}

/** Elements between neighbours along each logical axis of a dense value. */
export function logicalStrides(dims: readonly number[], order: Order): number[] {
  const strides = new Array<number>(dims.length).fill(0);
  let step = 1;
  for (let position = order.length - 1; position >= 0; position--) {
    const axis = order[position]!;
    strides[axis] = step;
    step *= dims[axis]!;
  }
  return strides;
}

/** Whether both orders put the elements in the same places; axes of size 1 may stand anywhere. */
export function sameOrder(dims: readonly number[], a: Order, b: Order): boolean {
  let i = 0;
  let j = 0;
  for (;;) {
    while (i < a.length && dims[a[i]!] === 1) i++;
    while (j < b.length && dims[b[j]!] === 1) j++;
    if (i === a.length || j === b.length) return i === a.length && j === b.length;
    if (a[i] !== b[j]) return false;
    i++;
    j++;
  }
}

/** The order in which a Transpose's output already lies in its input's memory (output axis j is input axis perm[j]). */
export function transposedOrder(order: Order, perm: readonly number[]): Order {
  return order.map((axis) => perm.indexOf(axis));
}

/**
 * The order in which a Reshape's output already lies in its input's memory, or undefined where the elements would have
 * to move. Axes are matched in the smallest groups of equal product; a group that keeps its single axis may lie
 * anywhere, a group that splits or merges must lie together in increasing order.
 */
export function reshapedOrder(from: readonly number[], order: Order, to: readonly number[]): Order | undefined {
  // Axes of size 1 carry no elements; they are left out here and put back at the end.
  const source = from.flatMap((size, axis) => (size === 1 ? [] : [axis]));
  const target = to.flatMap((size, axis) => (size === 1 ? [] : [axis]));
  /** First source axis of each group → the group's target axes; the other source axes of the group in `tail`. */
  const head = new Map<number, number[]>();
  const follows = new Map<number, number>();
  let i = 0;
  let j = 0;
  while (i < source.length && j < target.length) {
    const first = i;
    let left = from[source[i++]!]!;
    const axes = [target[j]!];
    let right = to[target[j++]!]!;
    while (left !== right) {
      if (left < right) {
        if (i === source.length) return undefined;
        follows.set(source[i]!, source[i - 1]!);
        left *= from[source[i++]!]!;
      } else {
        if (j === target.length) return undefined;
        right *= to[target[j]!]!;
        axes.push(target[j++]!);
      }
    }
    head.set(source[first]!, axes);
  }
  if (i !== source.length || j !== target.length) return undefined;
  const result: number[] = [];
  let previous = -1;
  for (const axis of order) {
    if (from[axis] === 1) continue;
    const axes = head.get(axis);
    if (axes) result.push(...axes);
    else if (follows.get(axis) !== previous) return undefined;
    previous = axis;
  }
  // A group broken off before its end would be followed by another group's head: check that every follower came.
  for (const [axis, before] of follows) {
    const at = order.indexOf(axis);
    let back = at - 1;
    while (back >= 0 && from[order[back]!] === 1) back--;
    if (back < 0 || order[back] !== before) return undefined;
  }
  return withUnitAxes(to, result);
}

/** Completes an order of the axes larger than 1 by the axes of size 1, each before the next larger logical axis where possible. */
export function withUnitAxes(dims: readonly number[], order: Order): Order {
  const plain = plainOrder(dims.length);
  const big = plain.filter((axis) => dims[axis] !== 1);
  if (sameOrder(dims, order, plain) || big.length === 0) return plain;
  const last = channelsLastOrder(dims.length);
  const lastBig = last.filter((axis) => dims[axis] !== 1);
  if (lastBig.every((axis, index) => axis === order[index])) return last;
  return [...plain.filter((axis) => dims[axis] === 1), ...order];
}

/**
 * Copies elements between two dense orders of the same value; the executor's own fallback and test oracle, kernels do
 * it for large values.
 */
export function reorder<T extends { [index: number]: unknown; readonly length: number }>(
  dims: readonly number[],
  from: Order,
  to: Order,
  source: T,
  target: T,
): void {
  const sizes = memoryDims(dims, to);
  const strides = logicalStrides(dims, from);
  const steps = to.map((axis) => strides[axis]!);
  const rank = sizes.length;
  if (rank === 0) {
    target[0] = source[0];
    return;
  }
  const inner = sizes[rank - 1]!;
  const innerStep = steps[rank - 1]!;
  const index = new Array<number>(rank).fill(0);
  let read = 0;
  let write = 0;
  const total = sizes.reduce((product, size) => product * size, 1);
  while (write < total) {
    for (let k = 0, at = read; k < inner; k++, at += innerStep) target[write++] = source[at];
    let axis = rank - 2;
    for (; axis >= 0; axis--) {
      index[axis]!++;
      read += steps[axis]!;
      if (index[axis]! < sizes[axis]!) break;
      read -= steps[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
    if (axis < 0) break;
  }
}
