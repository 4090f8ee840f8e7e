export type Direction = 'ascending' | 'descending';

export interface Sort<Key extends string = string> {
  readonly key: Key;
  readonly direction: Direction;
}

/** What a column is sorted by; an empty text and null stand for what is not known, which comes last in both directions. */
export type SortValue = string | number | null;

/** The order of one column. */
export interface Order<Row> {
  readonly direction: Direction;
  value(row: Row): SortValue;
}

/**
 * Indices of the rows whose text holds every word of `filter` and that `admits` lets pass, in the order that is asked for
 * (null: as they come).
 * @param texts lower-case words that each row is found by
 */
export function arrange<Row>(
  rows: readonly Row[],
  texts: readonly string[],
  filter: string,
  order: Order<Row> | null,
  admits: (row: Row) => boolean = () => true,
): number[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const indices: number[] = [];
  for (const [i, row] of rows.entries()) {
    if (admits(row) && words.every((word) => texts[i]!.includes(word))) indices.push(i);
  }
  if (order === null) return indices;
  const sign = order.direction === 'ascending' ? 1 : -1;
  // A value may take some work, and sorting asks for it again and again.
  const values = rows.map((row) => order.value(row));
  return indices.sort((a, b) => compare(values[a]!, values[b]!, sign) || a - b);
}

const collator = new Intl.Collator('en', { numeric: true });

function compare(a: SortValue, b: SortValue, sign: number): number {
  const [aUnknown, bUnknown] = [a === null || a === '', b === null || b === ''];
  if (aUnknown || bUnknown) return Number(aUnknown) - Number(bUnknown);
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
  return sign * collator.compare(String(a), String(b));
}

/** What pressing a column's head does: first the order that shows what matters, then the reverse, then the rows' own. */
export function nextSort<Key extends string>(sort: Sort<Key> | null, key: Key, first: Direction): Sort<Key> | null {
  if (sort?.key !== key) return { key, direction: first };
  if (sort.direction === first) return { key, direction: first === 'ascending' ? 'descending' : 'ascending' };
  return null;
}

/** Rows of a long list that are in sight, with some on either side for the next turn of the wheel. */
export function rowsInSight(
  rows: number,
  { rowHeight, top, height, margin = 8 }: { rowHeight: number; top: number; height: number; margin?: number },
): readonly [from: number, to: number] {
  const from = Math.max(0, Math.min(rows, Math.floor(top / rowHeight) - margin));
  return [from, Math.max(from, Math.min(rows, Math.ceil((top + height) / rowHeight) + margin))];
}

/** A sort that a page remembered, if it still makes sense. */
export function readSort<Key extends string>(value: unknown, keys: readonly Key[]): Sort<Key> | null {
  if (typeof value !== 'object' || value === null) return null;
  const { key, direction } = value as Record<string, unknown>;
  const known = keys.find((candidate) => candidate === key);
  if (known === undefined || (direction !== 'ascending' && direction !== 'descending')) return null;
  return { key: known, direction };
}
