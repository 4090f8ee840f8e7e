import { element, withAttributes } from '../dom.ts';
import { arrange, type Direction, nextSort, rowsInSight, type Sort, type SortValue } from './order.ts';

const rowHeight = 30;
const headHeight = 32;
/** Row of the column heads, among the places of focus. */
const head = -1;

export interface Column<Row, Key extends string = string> {
  readonly key: Key;
  readonly title: string;
  /** Of the tooltip: `Sort by …`. */
  readonly about: string;
  /** Track of the row's CSS grid. */
  readonly track: string;
  readonly numeric?: boolean;
  /** What its head sorts by at the first press; ascending unless said otherwise. */
  readonly first?: Direction;
  order(row: Row): SortValue;
  cell(row: Row): readonly (Node | string)[];
  /** What stands in the row of totals. */
  total?(): readonly (Node | string)[];
}

/** What a table shows: another one takes its place when the rows are others. */
export interface TableContent<Row, Key extends string> {
  readonly rows: readonly Row[];
  /** What there is room for. */
  columnsFor(width: number): readonly Column<Row, Key>[];
  /** Lower-case words that a row is found by. */
  searchText(row: Row): string;
  /** Classes of a row beside those of the table. */
  classesOf?(row: Row): string;
  /** A last row that stays in sight, made of the columns' totals. */
  readonly totals?: boolean;
}

export interface TableChoices<Key extends string> {
  readonly sort: Sort<Key> | null;
  readonly filter: string;
  /** Name of a row. */
  readonly selected: string | null;
  readonly scroll: number;
}

export interface TableEvents<Row, Key extends string> {
  sorted(sort: Sort<Key> | null): void;
  /** Chosen by pointer or keyboard. */
  selected(row: Row): void;
  /** Enter, a second click; without it Enter selects. */
  opened?(row: Row): void;
  scrolled(top: number): void;
}

export interface TableLabels {
  readonly testId: string;
  readonly label: string;
  /** Id of the text that describes it. */
  readonly describedBy: string;
}

/**
 * Rows with unique names as a grid of the toolkit's. Only rows in sight are in the page, so that ten thousand scroll like
 * ten; the keys that move between rows are therefore ours, those within a row the toolkit's.
 */
export class DataTable<Row extends { readonly name: string }, Key extends string> {
  readonly element: HTMLElement;
  readonly #events: TableEvents<Row, Key>;
  readonly #grid = document.createElement('vscode-data-grid');
  readonly #drawn = new Map<number, HTMLElement>();
  #content: TableContent<Row, Key>;
  #texts: readonly string[];
  #columns: readonly Column<Row, Key>[] = [];
  /** Indices of the rows that are shown, in their order. */
  #order: readonly number[] = [];
  #sort: Sort<Key> | null;
  #filter: string;
  #admits: ((row: Row) => boolean) | undefined;
  #selected: string | null;
  #focus = { row: head, column: 0 };
  #scroll: number;

  constructor(
    content: TableContent<Row, Key>,
    choices: TableChoices<Key>,
    events: TableEvents<Row, Key>,
    { testId, label, describedBy }: TableLabels,
  ) {
    this.#content = content;
    this.#texts = content.rows.map((row) => content.searchText(row));
    this.#events = events;
    this.#sort = choices.sort;
    this.#filter = choices.filter;
    this.#selected = choices.selected;
    this.#scroll = choices.scroll;
    withAttributes(this.#grid, {
      'data-testid': testId,
      'generate-header': 'none',
      'no-tabbing': '',
      'aria-label': label,
      'aria-describedby': describedBy,
    });
    this.element = element('div', 'table-frame', this.#grid);
    this.element.addEventListener('scroll', () => {
      this.#scroll = this.element.scrollTop;
      this.#events.scrolled(this.#scroll);
      this.#drawRows();
    });
    this.#grid.addEventListener('keydown', (event) => this.#key(event), { capture: true });
    this.#grid.addEventListener('focusin', (event) => this.#focused(event));
    keepReachable(this.#grid);
    this.#arrange();
    new ResizeObserver(() => this.#resized()).observe(this.element);
  }

  /** Rows that the filter leaves. */
  get count(): number {
    return this.#order.length;
  }

  set filter(filter: string) {
    this.#filter = filter;
    this.#rearrange();
  }

  /** Beside the text of the filter: which rows are shown at all; undefined: all. */
  set admits(admits: ((row: Row) => boolean) | undefined) {
    this.#admits = admits;
    this.#rearrange();
  }

  /** Takes other rows and columns; place, focus, order and filter stay. */
  show(content: TableContent<Row, Key>): void {
    this.#content = content;
    this.#texts = content.rows.map((row) => content.searchText(row));
    this.#arrange();
    const width = this.element.clientWidth;
    if (width > 0) this.#useColumns(content.columnsFor(width));
    this.#redraw();
  }

  /** Looks again at the classes and cells of the rows in sight. */
  refresh(): void {
    for (const [position, row] of this.#drawn) this.#fill(row, position);
    this.#markFocusStop();
  }

  /** Marks a row; `reveal` also scrolls to it. */
  select(name: string | null, { reveal = false, focus = false } = {}): void {
    this.#selected = name;
    for (const [position, row] of this.#drawn) this.#mark(row, position);
    const position = this.#order.findIndex((index) => this.#content.rows[index]!.name === name);
    if (position < 0) return;
    if (reveal || focus) this.#bringIntoView(position);
    if (focus) this.#moveFocus(position, 0);
  }

  /** Scrolls to the first row that has a property, unless one that has it is in sight or the focus is in the table. */
  revealFirst(has: (row: Row) => boolean): void {
    if (this.#grid.contains(document.activeElement)) return;
    const { scrollTop, clientHeight } = this.element;
    const top = Math.ceil(scrollTop / rowHeight);
    const bottom = Math.floor((scrollTop + clientHeight - headHeight - this.#footHeight) / rowHeight);
    const found = this.#order.flatMap((index, position) => (has(this.#content.rows[index]!) ? [position] : []));
    if (found.length > 0 && !found.some((position) => position >= top && position < bottom)) {
      this.#bringIntoView(found[0]!);
    }
  }

  get #footHeight(): number {
    return this.#content.totals ? headHeight : 0;
  }

  /** The last row that keys reach. */
  get #last(): number {
    return this.#content.totals ? this.#order.length : this.#order.length - 1;
  }

  #arrange(): void {
    const { rows } = this.#content;
    // A column that there is no room for still orders the rows.
    const column = this.#content.columnsFor(Number.POSITIVE_INFINITY).find(({ key }) => key === this.#sort?.key);
    const order = column && this.#sort ? { direction: this.#sort.direction, value: column.order } : null;
    this.#order = arrange(rows, this.#texts, this.#filter, order, this.#admits);
    if (this.#focus.row > this.#last) this.#focus = { row: head, column: this.#focus.column };
  }

  #rearrange(): void {
    this.#arrange();
    this.element.scrollTop = 0;
    this.#redraw();
  }

  #resized(): void {
    if (this.element.clientWidth === 0) return;
    const columns = this.#content.columnsFor(this.element.clientWidth);
    if (columns.map(({ track }) => track).join() === this.#columns.map(({ track }) => track).join()) {
      this.#drawRows();
      return;
    }
    this.#useColumns(columns);
    this.#redraw();
    this.element.scrollTop = this.#scroll;
    this.#drawRows();
  }

  /** Rows that were drawn are of use as long as their cells are the same. */
  #useColumns(columns: readonly Column<Row, Key>[]): void {
    const tracks = (some: readonly Column<Row, Key>[]) => some.map(({ key, track }) => `${key} ${track}`).join();
    if (tracks(columns) !== tracks(this.#columns)) {
      for (const [position, row] of this.#drawn) this.#takeOut(position, row);
    }
    this.#columns = columns;
  }

  #takeOut(position: number, row: HTMLElement): void {
    row.remove();
    this.#drawn.delete(position);
  }

  /** Everything anew: after other rows, another order, filter or set of columns. */
  #redraw(): void {
    const hadFocus = this.#grid.contains(document.activeElement);
    const tracks = this.#columns.map(({ track }) => track).join(' ');
    withAttributes(this.#grid, {
      'grid-template-columns': tracks,
      'aria-rowcount': this.#last + 2,
      'aria-colcount': this.#columns.length,
    });
    for (const [position, row] of this.#drawn) {
      if (position < this.#order.length) this.#fill(row, position);
      else this.#takeOut(position, row);
    }
    for (const fixed of this.#grid.querySelectorAll('.heads, .totals')) fixed.remove();
    this.#grid.style.height = `${headHeight + this.#order.length * rowHeight + this.#footHeight}px`;
    this.#grid.prepend(this.#headRow());
    if (this.#content.totals) this.#grid.append(this.#totalsRow());
    this.#focus.column = Math.max(0, Math.min(this.#focus.column, this.#columns.length - 1));
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

  #totalsRow(): HTMLElement {
    const row = document.createElement('vscode-data-grid-row');
    withAttributes(row, { class: 'totals', 'data-testid': 'totals', 'aria-rowindex': this.#last + 2 });
    row.append(...this.#cells((column) => column.total?.() ?? []));
    return row;
  }

  #sortBy(column: number): void {
    const { key, first = 'ascending' } = this.#columns[column]!;
    this.#focus = { row: head, column };
    this.#sort = nextSort(this.#sort, key, first);
    this.#events.sorted(this.#sort);
    this.#rearrange();
    this.#moveFocus(head, column);
  }

  /** Puts the rows in sight into the page, in order, and takes the others out; the one that has the focus stays. */
  #drawRows(): void {
    if (this.#columns.length === 0) return;
    const { scrollTop, clientHeight } = this.element;
    const [from, to] = rowsInSight(this.#order.length, { rowHeight, top: scrollTop, height: clientHeight });
    // Making a row takes ten times as long as filling one that has gone out of sight.
    const spare: HTMLElement[] = [];
    for (const [position, row] of this.#drawn) {
      if ((position >= from && position < to) || row.contains(document.activeElement)) continue;
      this.#drawn.delete(position);
      spare.push(row);
    }
    let next: HTMLElement | null = this.#grid.querySelector('.totals');
    for (let position = to - 1; position >= from; position--) {
      let row = this.#drawn.get(position);
      if (row === undefined) {
        row = spare.pop() ?? this.#row();
        this.#fill(row, position);
        this.#drawn.set(position, row);
        this.#grid.insertBefore(row, next);
      }
      next = row;
    }
    for (const row of spare) row.remove();
    this.#markFocusStop();
  }

  #row(): HTMLElement {
    const row = document.createElement('vscode-data-grid-row');
    row.append(...this.#cells(() => []));
    row.addEventListener('click', () => this.#choose(positionOf(row)));
    if (this.#events.opened) row.addEventListener('dblclick', () => this.#open(positionOf(row)));
    return row;
  }

  #fill(row: HTMLElement, position: number): void {
    const content = this.#content.rows[this.#order[position]!]!;
    withAttributes(row, {
      class: ['layer', position % 2 === 0 ? 'even' : '', this.#content.classesOf?.(content) ?? ''].join(' ').trim(),
      'aria-rowindex': position + 2,
      'data-layer': content.name,
      'grid-template-columns': this.#columns.map(({ track }) => track).join(' '),
    });
    row.style.top = `${headHeight + position * rowHeight}px`;
    for (const [i, column] of this.#columns.entries()) row.children[i]!.replaceChildren(...column.cell(content));
    this.#mark(row, position);
  }

  #cells(contentOf: (column: Column<Row, Key>) => readonly (Node | string)[]): HTMLElement[] {
    return this.#columns.map((column, i) => {
      const cell = document.createElement('vscode-data-grid-cell');
      withAttributes(cell, { 'grid-column': i + 1, class: column.numeric ? 'number' : 'text' });
      if (i === 0) cell.setAttribute('cell-type', 'rowheader');
      cell.append(...contentOf(column));
      return cell;
    });
  }

  #mark(row: HTMLElement, position: number): void {
    const selected = this.#rowAt(position)?.name === this.#selected;
    row.setAttribute('aria-selected', String(selected));
    row.classList.toggle('selected', selected);
  }

  #rowAt(position: number): Row | undefined {
    return this.#content.rows[this.#order[position] ?? -1];
  }

  #choose(position: number): void {
    const row = this.#rowAt(position);
    if (row !== undefined) this.#events.selected(row);
  }

  #open(position: number): void {
    const row = this.#rowAt(position);
    if (row !== undefined) (this.#events.opened ?? this.#events.selected)(row);
  }

  // ---- keyboard: one stop for Tab, arrows from there

  #key(event: KeyboardEvent): void {
    const { row, column } = this.#focus;
    const page = Math.max(1, Math.floor((this.element.clientHeight - headHeight) / rowHeight) - 1);
    const aims: Record<string, number> = {
      ArrowUp: row - 1,
      ArrowDown: row + 1,
      PageUp: Math.max(row === head ? head : 0, row - page),
      PageDown: row + page,
      ...(event.ctrlKey && { Home: 0, End: this.#order.length - 1 }),
    };
    const aim = aims[event.key];
    if (aim !== undefined) this.#moveFocus(Math.max(head, Math.min(this.#last, aim)), column);
    else if (event.key === 'Enter' || event.key === ' ') {
      if (row === head) this.#sortBy(column);
      else if (event.key === 'Enter') this.#open(row);
      else this.#choose(row);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #moveFocus(row: number, column: number): void {
    this.#focus = { row, column };
    if (row !== head && row < this.#order.length) this.#bringIntoView(row);
    this.#cellAt(row, column)?.focus({ preventScroll: true });
    this.#markFocusStop();
  }

  #bringIntoView(position: number): void {
    const { element } = this;
    const top = position * rowHeight;
    const room = element.clientHeight - headHeight - this.#footHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + room) element.scrollTop = top + rowHeight - room;
    this.#drawRows();
  }

  #focused({ target }: FocusEvent): void {
    const cell = (target as Element).closest<HTMLElement>('vscode-data-grid-cell');
    const row = cell?.closest<HTMLElement>('vscode-data-grid-row');
    if (!cell || !row) return;
    const position = positionOf(row);
    this.#focus = { row: position, column: Number(cell.getAttribute('grid-column')) - 1 };
    this.#markFocusStop();
  }

  #cellAt(row: number, column: number): HTMLElement | undefined {
    const holder =
      row === head
        ? this.#grid.querySelector('.heads')
        : row === this.#order.length
          ? this.#grid.querySelector('.totals')
          : this.#drawn.get(row);
    return holder?.querySelectorAll<HTMLElement>('vscode-data-grid-cell')[column];
  }

  #markFocusStop(): void {
    for (const cell of this.#grid.querySelectorAll('vscode-data-grid-cell[tabindex="0"]'))
      cell.setAttribute('tabindex', '-1');
    const { row, column } = this.#focus;
    (this.#cellAt(row, column) ?? this.#cellAt(head, column))?.setAttribute('tabindex', '0');
  }
}

/** Place of a row among those that are shown; {@link head} for the heads. */
function positionOf(row: HTMLElement): number {
  return Number(row.getAttribute('aria-rowindex')) - 2;
}

/**
 * `no-tabbing` takes the grid itself out of the order of Tab, by a negative index. Browsers then skip all that is slotted into
 * it too, our one stop among it; without an index the grid is no stop either, and what is in it can be reached.
 */
function keepReachable(grid: HTMLElement): void {
  new MutationObserver(() => {
    if (grid.hasAttribute('tabindex')) grid.removeAttribute('tabindex');
  }).observe(grid, { attributeFilter: ['tabindex'] });
}
