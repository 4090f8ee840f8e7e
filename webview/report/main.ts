import '../common.css';
import '../table/layer-panel.css';
import '../table/table.css';
import './report.css';
import './layers.css';
import './charts.css';
import { replaceContent } from '../dom.ts';
import { connect } from '../host.ts';
import { noticePage } from '../notice.ts';
import type { ReportMessage, ToWebview, ViewAction } from '../protocol.ts';
import { RememberedState } from '../remembered.ts';
import { registerControls } from '../toolkit.ts';
import { type PageContext, reportPage } from './page.ts';
import { readState } from './view-state.ts';

registerControls();

let shown = false;

const host = connect(show);
const state = new RememberedState(host, readState);

const context: PageContext = {
  get state() {
    return state.now;
  },
  update: state.update,
  act,
  select: (layer) => host.send({ kind: 'select', layers: layer === null ? [] : [layer] }),
  showInGraph: (layer) => host.send({ kind: 'showInGraph', layer }),
};

function act(action: ViewAction): void {
  host.send({ kind: 'action', action });
}

function show(message: ToWebview): void {
  switch (message.kind) {
    case 'report':
      showReport(message);
      break;
    case 'notice':
      shown = false;
      replaceContent(noticePage(message, act));
  }
}

function showReport(message: ReportMessage): void {
  state.update({ id: message.id });
  const { scroll } = state.now;
  shown = true;
  replaceContent(reportPage(message, context));
  requestAnimationFrame(() => window.scrollTo(0, scroll));
}

window.addEventListener(
  'scroll',
  () => {
    if (shown) state.update({ scroll: window.scrollY });
  },
  { passive: true },
);
