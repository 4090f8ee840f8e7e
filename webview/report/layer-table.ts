import { element, withAttributes } from '../dom.ts';
import type { ReportLayer } from '../protocol.ts';
import { type Column, columnsFor, type Scale, scaleOf } from './columns.ts';
import { arrange, nextSort, rowsInSight, type Sort, searchText } from './layer-order.ts';

const rowHeight = 30;
const headHeight = 32;
/** Row of the column heads, among the places of focus. */
const head = -1;

export interface TableChoices {
  readonly sort: Sort | null;
  readonly filter: string;
  readonly selected: string | null;
  readonly scroll: number;
}

export interface TableEvents {
  sorted(sort: Sort | null): void;
  /** Chosen by pointer or keyboard. */
  selected(layer: ReportLayer): void;
  scrolled(top: number): void;
}

/**
 * The layers as a grid of the toolkit's. Only rows in sight are in the page, so that ten thousand layers scroll like ten;
 * the keys that move between rows are therefore ours, those within a row the toolkit's.
 */
export class LayerTable {
  readonly element: HTMLElement;
  readonly #layers: readonly ReportLayer[];
  readonly #texts: readonly string[];
  readonly #scale: Scale;
  readonly #events: TableEvents;
  readonly #grid = document.createElement('vscode-data-grid');
  readonly #rows = new Map<number, HTMLElement>();
  #columns: readonly Column[] = [];
  #order: readonly number[] = [];
  #sort: Sort | null;
  #filter: string;
  #selected: string | null;
  #focus = { row: head, column: 0 };
  #scroll: number;

  constructor(layers: readonly ReportLayer[], choices: TableChoices, events: TableEvents) {
    this.#layers = layers;
    this.#texts = layers.map(searchText);
    this.#scale = scaleOf(layers);
    this.#events = events;
    this.#sort = choices.sort;
    this.#filter = choices.filter;
    this.#selected = choices.selected;
    this.#scroll = choices.scroll;
    withAttributes(this.#grid, {
      'data-testid': 'layers',
      'generate-header': 'none',
      'no-tabbing': '',
      'aria-label': 'Layers',
      'aria-describedby': 'layers-help',
    });
    this.element = element('div', 'table-frame', this.#grid);
    this.element.addEventListener('scroll', () => {
      this.#scroll = this.element.scrollTop;
      this.#events.scrolled(this.#scroll);
      this.#drawRows();
    });
    this.#grid.addEventListener('keydown', (event) => this.#key(event), { capture: true });
    this.#grid.addEventListener('focusin', (event) => this.#focused(event));
    this.#order = arrange(layers, this.#texts, this.#filter, this.#sort);
    new ResizeObserver(() => this.#resized()).observe(this.element);
  }

  /** Layers that the filter leaves. */
  get count(): number {
    return this.#order.length;
  }

  set filter(filter: string) {
    this.#filter = filter;
    this.#rearrange();
  }

  /** Marks a layer; `reveal` also scrolls to it. */
  select(name: string | null, { reveal = false, focus = false } = {}): void {
    this.#selected = name;
    for (const [position, row] of this.#rows) this.#mark(row, position);
    const position = this.#order.findIndex((index) => this.#layers[index]!.name === name);
    if (position < 0) return;
    if (reveal || focus) this.#bringIntoView(position);
    if (focus) this.#moveFocus(position, 0);
  }

  #rearrange(): void {
    this.#order = arrange(this.#layers, this.#texts, this.#filter, this.#sort);
    if (this.#focus.row >= this.#order.length) this.#focus = { row: head, column: this.#focus.column };
    this.element.scrollTop = 0;
    this.#redraw();
  }

  #resized(): void {
    const columns = columnsFor(this.element.clientWidth);
    if (columns.length === 0 || this.element.clientWidth === 0) return;
    if (columns.map(({ track }) => track).join() === this.#columns.map(({ track }) => track).join()) {
      this.#drawRows();
      return;
    }
    this.#columns = columns;
    this.#redraw();
    this.element.scrollTop = this.#scroll;
    this.#drawRows();
  }

  /** Everything anew: after another order, filter or set of columns. */
  #redraw(): void {
    const hadFocus = this.#grid.contains(document.activeElement);
    const tracks = this.#columns.map(({ track }) => track).join(' ');
    withAttributes(this.#grid, {
      'grid-template-columns': tracks,
      'aria-rowcount': this.#order.length + 1,
      'aria-colcount': this.#columns.length,
    });
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
    this.#grid.querySelector('.heads')?.remove();
    this.#grid.style.height = `${headHeight + this.#order.length * rowHeight}px`;
    this.#grid.prepend(this.#headRow());
    this.#focus.column = Math.min(this.#focus.column, this.#columns.length - 1);
    this.#drawRows();
    if (hadFocus) this.#moveFocus(this.#focus.row, this.#focus.column);
  }

  #headRow(): HTMLElement {
    const row = document.createElement('vscode-data-grid-row');
    withAttributes(row, { class: 'heads', 'row-type': 'sticky-header', 'aria-rowindex': 1 });
    for (const [i, { key, title, about, numeric }] of this.#columns.entries()) {
      const direction = this.#sort?.key === key ? this.#sort.direction : undefined;
      const sign = direction === undefined ? '' : direction === 'ascending' ? '▲' : '▼';
      const cell = document.createElement('vscode-data-grid-cell');
      withAttributes(cell, {
        'cell-type': 'columnheader',
        'grid-column': i + 1,
        class: numeric ? 'number' : 'text',
        'aria-sort': direction ?? 'none',
        title: `Sort by ${about}`,
      });
      cell.append(
        element('span', 'head-title', title),
        ...(sign ? [withAttributes(element('span', 'sort-sign', sign), { 'aria-hidden': 'true' })] : []),
      );
      cell.addEventListener('click', () => this.#sortBy(i));
      row.append(cell);
    }
    queueMicrotask(() => this.#markFocusStop());
    return row;
  }

  #sortBy(column: number): void {
    this.#focus = { row: head, column };
    this.#sort = nextSort(this.#sort, this.#columns[column]!.key);
    this.#events.sorted(this.#sort);
    this.#rearrange();
    this.#moveFocus(head, column);
  }

  /** Puts the rows in sight into the page, in order, and takes the others out; the one that has the focus stays. */
  #drawRows(): void {
    if (this.#columns.length === 0) return;
    const { scrollTop, clientHeight } = this.element;
    const [from, to] = rowsInSight(this.#order.length, { rowHeight, top: scrollTop, height: clientHeight });
    for (const [position, row] of this.#rows) {
      if ((position >= from && position < to) || row.contains(document.activeElement)) continue;
      row.remove();
      this.#rows.delete(position);
    }
    let next: HTMLElement | null = null;
    for (let position = to - 1; position >= from; position--) {
      let row = this.#rows.get(position);
      if (row === undefined) {
        row = this.#row(position);
        this.#rows.set(position, row);
        this.#grid.insertBefore(row, next);
      }
      next = row;
    }
    this.#markFocusStop();
  }

  #row(position: number): HTMLElement {
    const layer = this.#layers[this.#order[position]!]!;
    const row = document.createElement('vscode-data-grid-row');
    withAttributes(row, {
      class: position % 2 === 0 ? 'layer even' : 'layer',
      'aria-rowindex': position + 2,
      'data-layer': layer.name,
      'grid-template-columns': this.#columns.map(({ track }) => track).join(' '),
    });
    row.style.top = `${headHeight + position * rowHeight}px`;
    for (const [i, column] of this.#columns.entries()) {
      const cell = document.createElement('vscode-data-grid-cell');
      withAttributes(cell, { 'grid-column': i + 1, class: column.numeric ? 'number' : 'text' });
      if (i === 0) cell.setAttribute('cell-type', 'rowheader');
      cell.append(...column.cell(layer, this.#scale));
      row.append(cell);
    }
    row.addEventListener('click', () => this.#choose(position));
    this.#mark(row, position);
    return row;
  }

  #mark(row: HTMLElement, position: number): void {
    const selected = this.#layers[this.#order[position]!]?.name === this.#selected;
    row.setAttribute('aria-selected', String(selected));
    row.classList.toggle('selected', selected);
  }

  #choose(position: number): void {
    const layer = this.#layers[this.#order[position]!];
    if (layer !== undefined) this.#events.selected(layer);
  }

  // ---- keyboard: one stop for Tab, arrows from there

  #key(event: KeyboardEvent): void {
    const { row, column } = this.#focus;
    const page = Math.max(1, Math.floor((this.element.clientHeight - headHeight) / rowHeight) - 1);
    const last = this.#order.length - 1;
    const aims: Record<string, number> = {
      ArrowUp: row - 1,
      ArrowDown: row + 1,
      PageUp: Math.max(row === head ? head : 0, row - page),
      PageDown: row + page,
      ...(event.ctrlKey && { Home: 0, End: last }),
    };
    const aim = aims[event.key];
    if (aim !== undefined) this.#moveFocus(Math.max(head, Math.min(last, aim)), column);
    else if (event.key === 'Enter' || event.key === ' ') {
      if (row === head) this.#sortBy(column);
      else this.#choose(row);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #moveFocus(row: number, column: number): void {
    this.#focus = { row, column };
    if (row !== head) this.#bringIntoView(row);
    this.#cellAt(row, column)?.focus({ preventScroll: true });
    this.#markFocusStop();
  }

  #bringIntoView(position: number): void {
    const { element } = this;
    const top = position * rowHeight;
    const room = element.clientHeight - headHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + room) element.scrollTop = top + rowHeight - room;
    this.#drawRows();
  }

  #focused({ target }: FocusEvent): void {
    const cell = (target as Element).closest<HTMLElement>('vscode-data-grid-cell');
    const row = cell?.closest<HTMLElement>('vscode-data-grid-row');
    if (!cell || !row) return;
    const position = row.classList.contains('heads') ? head : Number(row.getAttribute('aria-rowindex')) - 2;
    this.#focus = { row: position, column: Number(cell.getAttribute('grid-column')) - 1 };
    this.#markFocusStop();
  }

  #cellAt(row: number, column: number): HTMLElement | undefined {
    const holder = row === head ? this.#grid.querySelector('.heads') : this.#rows.get(row);
    return holder?.querySelectorAll<HTMLElement>('vscode-data-grid-cell')[column];
  }

  #markFocusStop(): void {
    for (const cell of this.#grid.querySelectorAll('vscode-data-grid-cell[tabindex="0"]'))
      cell.setAttribute('tabindex', '-1');
    const { row, column } = this.#focus;
    (this.#cellAt(row, column) ?? this.#cellAt(head, column))?.setAttribute('tabindex', '0');
  }
}
