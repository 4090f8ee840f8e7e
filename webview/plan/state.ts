import { readSort, type Sort } from '../table/order.ts';
import { type ColumnKey, columnKeys } from './lines.ts';

/** What the page remembers while it is hidden or the window reloads. */
export interface ViewState {
  /** Which spec is shown, and whether the view stays with it: by this the host finds it again for a window that reloads. */
  readonly id: string;
  readonly pinned: boolean;
  readonly sort: Sort<ColumnKey> | null;
  readonly filter: string;
  /** Only layers that more than the statements about all layers has a say in. */
  readonly changedOnly: boolean;
  readonly selected: string | null;
  /** Of the table, in pixels. */
  readonly scroll: number;
}

/** State of an older version, or of anything else, is taken as far as it makes sense. */
export function readState(remembered: unknown): ViewState {
  const found = (typeof remembered === 'object' && remembered !== null ? remembered : {}) as Record<string, unknown>;
  const { id, pinned, sort, filter, changedOnly, selected, scroll } = found;
  return {
    id: typeof id === 'string' ? id : '',
    pinned: pinned === true,
    sort: readSort(sort, columnKeys),
    filter: typeof filter === 'string' ? filter : '',
    changedOnly: changedOnly === true,
    selected: typeof selected === 'string' ? selected : null,
    scroll: typeof scroll === 'number' && Number.isFinite(scroll) && scroll > 0 ? scroll : 0,
  };
}
