import { distance, fieldsOf, textOr } from '../remembered.ts';
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
  const { id, pinned, sort, filter, changedOnly, selected, scroll } = fieldsOf(remembered);
  return {
    id: textOr(id, ''),
    pinned: pinned === true,
    sort: readSort(sort, columnKeys),
    filter: textOr(filter, ''),
    changedOnly: changedOnly === true,
    selected: textOr(selected, null),
    scroll: distance(scroll),
  };
}
