import { visible } from './escape.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Cells longer than this are cut in the middle; names are best recognised by their ends. */
  readonly max?: number;
}

/** Lines of a table without a frame: titles, a rule, the rows. Widths are counted in code points. */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: { readonly dim: (text: string) => string; readonly bold: (text: string) => string },
): string[] {
  const cells = rows.map((row) =>
    columns.map((column, i) => shorten(visible(row[i] ?? '').replace(/[\n\t]/g, ' '), column.max)),
  );
  const titles = columns.map((column) => shorten(visible(column.title), column.max));
  const widths = columns.map((_, i) => Math.max(width(titles[i]!), ...cells.map((row) => width(row[i]!))));
  const line = (row: readonly string[], paint: (text: string) => string) =>
    `  ${row.map((cell, i) => paint(pad(cell, widths[i]!, columns[i]!.align))).join('  ')}`.trimEnd();
  return [
    line(titles, style.bold),
    `  ${style.dim(widths.map((size) => '─'.repeat(size)).join('  '))}`,
    ...cells.map((row) => line(row, (text) => text)),
  ];
}

export function shorten(text: string, max = Number.POSITIVE_INFINITY): string {
  const characters = [...text];
  if (characters.length <= max) return text;
  const head = Math.floor((max - 1) / 3);
  return `${characters.slice(0, head).join('')}…${characters.slice(characters.length - (max - 1 - head)).join('')}`;
}

function width(text: string): number {
  return [...text].length;
}

function pad(text: string, size: number, align: 'left' | 'right' = 'left'): string {
  const gap = ' '.repeat(Math.max(0, size - width(text)));
  return align === 'right' ? gap + text : text + gap;
}
