import { element } from '../dom.ts';
import type { Figure } from '../protocol.ts';
import { clip, formatChip, miniBar } from './cells.ts';
import type { SortValue } from './order.ts';
import type { Column } from './table.ts';

type Content = readonly (Node | string)[];

/** The operator of a layer. */
export function operatorColumn<Row extends { readonly op: string }>(
  track: string,
  order: (row: Row) => SortValue,
): Column<Row, 'op'> {
  return { key: 'op', title: 'Operator', about: 'operator', track, order, cell: ({ op }) => [clip(op)] };
}

/** A format, or that there is none. */
export function formatCell(format: string): Node | string {
  return format === '' ? '–' : formatChip(format);
}

interface Changing<Row, Key extends string>
  extends Pick<Column<Row, Key>, 'key' | 'title' | 'about' | 'track' | 'order'> {
  /** What bars are measured against. */
  readonly largest: number;
  readonly before: (row: Row) => Figure;
  readonly after: (row: Row) => Figure;
  readonly totals?: readonly [before: Figure, after: Figure];
}

export function largestOf(figures: readonly Figure[]): number {
  return figures.reduce((most, { value }) => Math.max(most, value ?? 0), 0);
}

/** A quantity before and after compression, with a bar for its share of the largest; the largest come first. */
export function changeColumn<Row, Key extends string>(from: Changing<Row, Key>): Column<Row, Key> {
  const { largest, before, after, totals, ...head } = from;
  const cell = (row: Row): Content => {
    const [was, is] = [before(row), after(row)];
    return is.value === null ? [is.text] : [change(was, is), miniBar(is.value, largest, was.value ?? 0)];
  };
  return { ...head, numeric: true, first: 'descending', cell, ...(totals && { total: () => [change(...totals)] }) };
}

/** The same with what comes out alone, for narrow tables. */
export function afterColumn<Row, Key extends string>(from: Changing<Row, Key>): Column<Row, Key> {
  const { after, totals } = from;
  return {
    ...changeColumn(from),
    cell: (row) => [after(row).text],
    ...(totals && { total: () => [totals[1].text] }),
  };
}

function change(before: Figure, after: Figure): HTMLElement {
  return element(
    'span',
    'change',
    ...(before.text === after.text ? [] : [element('span', 'soft', `${before.text} → `)]),
    after.text,
  );
}
