import '../common.css';
import '../table/table.css';
import './report.css';
import './layers.css';
import './charts.css';
import { replaceContent } from '../dom.ts';
import { connect } from '../host.ts';
import { noticePage } from '../notice.ts';
import type { ReportMessage, ToWebview, ViewAction } from '../protocol.ts';
import { registerControls } from '../toolkit.ts';
import { type PageContext, type ReportPage, reportPage } from './page.ts';
import { readState, type ViewState } from './view-state.ts';

registerControls();

let page: ReportPage | undefined;
/** A layer to reveal that came before its report. */
let awaited: string | undefined;

const host = connect(show);
let state = readState(host.remembered);
let pending: ReturnType<typeof setTimeout> | undefined;

const context: PageContext = {
  get state() {
    return state;
  },
  update,
  act,
  select: (layer) => host.send({ kind: 'select', layer }),
  showInGraph: (layer) => host.send({ kind: 'showInGraph', layer }),
};

function act(action: ViewAction): void {
  host.send({ kind: 'action', action });
}

/** Scrolling changes the state at every frame; the host is told when it rests. */
function update(change: Partial<ViewState>): void {
  state = { ...state, ...change };
  clearTimeout(pending);
  pending = setTimeout(() => host.remember(state), 150);
}

function show(message: ToWebview): void {
  switch (message.kind) {
    case 'report':
      showReport(message);
      break;
    case 'notice':
      page = undefined;
      replaceContent(noticePage(message, act));
      break;
    case 'reveal':
      if (page === undefined) awaited = message.layer;
      else page.layers?.reveal(message.layer);
  }
}

function showReport(message: ReportMessage): void {
  update({ id: message.id });
  const { scroll } = state;
  page = reportPage(message, context);
  replaceContent(page.element);
  requestAnimationFrame(() => window.scrollTo(0, scroll));
  if (awaited === undefined) return;
  const layer = awaited;
  awaited = undefined;
  requestAnimationFrame(() => page?.layers?.reveal(layer));
}

window.addEventListener(
  'scroll',
  () => {
    if (page !== undefined) update({ scroll: window.scrollY });
  },
  { passive: true },
);
