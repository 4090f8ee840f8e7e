import { distance, fieldsOf, textOr } from '../remembered.ts';
import { readSort, type Sort } from '../table/order.ts';
import { type ColumnKey, columnKeys } from './layer-order.ts';

/** What the page remembers while it is hidden or the window reloads. */
export interface ViewState {
  /** Which report is shown: by this the host finds it again for a window that reloads. */
  readonly id: string;
  readonly sort: Sort<ColumnKey> | null;
  readonly filter: string;
  readonly selected: string | null;
  /** Of the page and of the table, in pixels. */
  readonly scroll: number;
  readonly tableScroll: number;
  readonly provenanceOpen: boolean;
}

export const initialState: ViewState = {
  id: '',
  sort: null,
  filter: '',
  selected: null,
  scroll: 0,
  tableScroll: 0,
  provenanceOpen: false,
};

/** State of an older version, or of anything else, is taken as far as it makes sense. */
export function readState(remembered: unknown): ViewState {
  const { id, sort, filter, selected, scroll, tableScroll, provenanceOpen } = fieldsOf(remembered);
  return {
    id: textOr(id, ''),
    sort: readSort(sort, columnKeys),
    filter: textOr(filter, ''),
    selected: textOr(selected, null),
    scroll: distance(scroll),
    tableScroll: distance(tableScroll),
    provenanceOpen: provenanceOpen === true,
  };
}
