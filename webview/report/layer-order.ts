import type { Figure, ReportLayer } from '../protocol.ts';

export type ColumnKey = 'name' | 'op' | 'weight' | 'activations' | 'weightSqnr' | 'outputSqnr' | 'bytesAfter' | 'macs';
export type Direction = 'ascending' | 'descending';
export interface Sort {
  readonly key: ColumnKey;
  readonly direction: Direction;
}

/** Below 20 dB the noise is more than a tenth of the signal: worth a look. */
export const weakSqnr = 20;

export function isWeak({ value }: Figure): boolean {
  return value !== null && value < weakSqnr;
}

export function activationsOf({ input, output }: ReportLayer): string {
  return input === output ? input : `${input} → ${output}`;
}

/** Lower-case words that a layer is found by. */
export function searchText(layer: ReportLayer): string {
  const { name, op, absorbed, weight } = layer;
  const weak = isWeak(layer.weightSqnr) || isWeak(layer.outputSqnr) ? 'weak' : '';
  return [name, op, ...absorbed, weight, activationsOf(layer), weak].join('\n').toLowerCase();
}

/** Indices of the layers that hold every word of `filter`, in the order that `sort` asks for; what is not known comes last. */
export function arrange(
  layers: readonly ReportLayer[],
  texts: readonly string[],
  filter: string,
  sort: Sort | null,
): number[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const indices: number[] = [];
  for (let i = 0; i < layers.length; i++) {
    if (words.every((word) => texts[i]!.includes(word))) indices.push(i);
  }
  if (sort === null) return indices;
  const { key, direction } = sort;
  const sign = direction === 'ascending' ? 1 : -1;
  return indices.sort((a, b) => compare(layers[a]!, layers[b]!, key, sign) || a - b);
}

const collator = new Intl.Collator('en', { numeric: true });

function compare(a: ReportLayer, b: ReportLayer, key: ColumnKey, sign: number): number {
  if (key === 'name' || key === 'op' || key === 'weight' || key === 'activations') {
    const [x, y] = key === 'activations' ? [activationsOf(a), activationsOf(b)] : [a[key], b[key]];
    if (x === '' || y === '') return x === y ? 0 : x === '' ? 1 : -1;
    return sign * collator.compare(x, y);
  }
  const [x, y] = [a[key].value, b[key].value];
  if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
  return sign * (x - y);
}

/** What pressing a column's head does: first the order that shows what matters, then the reverse, then the model's own. */
export function nextSort(sort: Sort | null, key: ColumnKey): Sort | null {
  const first: Direction = key === 'bytesAfter' || key === 'macs' ? 'descending' : 'ascending';
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
