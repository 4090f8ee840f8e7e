import type { Rows } from './rows.ts';

/**
 * Number of crossings between two neighbouring rows, the upper one in the order given: links sorted by their ends cross
 * once for every inversion (Barth, Jünger, Mutzel: Simple and efficient bilayer cross counting, 2002).
 */
export function crossingsBelow(rows: Rows, order: Int32Array, position: Int32Array, lowerCount: number): number {
  const tree = new Int32Array(lowerCount + 1);
  let crossings = 0;
  let seen = 0;
  const ends: number[] = [];
  for (const vertex of order) {
    ends.length = 0;
    for (let i = rows.downs.start[vertex]!; i < rows.downs.start[vertex + 1]!; i++) {
      ends.push(position[rows.lower[rows.downs.items[i]!]!]!);
    }
    // Links of one vertex never cross each other: all count first, then all are added.
    for (const end of ends) {
      let notRight = 0;
      for (let k = end + 1; k > 0; k -= k & -k) notRight += tree[k]!;
      crossings += seen - notRight;
    }
    for (const end of ends) for (let k = end + 1; k <= lowerCount; k += k & -k) tree[k]!++;
    seen += ends.length;
  }
  return crossings;
}

export function totalCrossings(rows: Rows, orders: readonly Int32Array[], position: Int32Array): number {
  let total = 0;
  for (let rank = 0; rank + 1 < orders.length; rank++) {
    total += crossingsBelow(rows, orders[rank]!, position, orders[rank + 1]!.length);
  }
  return total;
}
