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
  const found = (typeof remembered === 'object' && remembered !== null ? remembered : {}) as Record<string, unknown>;
  const { id, sort, filter, selected, provenanceOpen } = found;
  return {
    id: typeof id === 'string' ? id : '',
    sort: readSort(sort, columnKeys),
    filter: typeof filter === 'string' ? filter : '',
    selected: typeof selected === 'string' ? selected : null,
    scroll: distance(found['scroll']),
    tableScroll: distance(found['tableScroll']),
    provenanceOpen: provenanceOpen === true,
  };
}

function distance(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}
