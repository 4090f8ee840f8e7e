import '../common.css';
import '../table/table.css';
import './plan.css';
import { replaceContent } from '../dom.ts';
import { connect } from '../host.ts';
import { noticePage } from '../notice.ts';
import type { ToWebview } from '../protocol.ts';
import { registerControls } from '../toolkit.ts';
import { type PageContext, PlanPage } from './page.ts';
import { readState, type ViewState } from './state.ts';

registerControls();

let page: PlanPage | undefined;

const host = connect(show);
let state = readState(host.remembered);
let pending: ReturnType<typeof setTimeout> | undefined;

const context: PageContext = {
  get state() {
    return state;
  },
  update,
  select: (layer) => host.send({ kind: 'select', layer }),
  goToRule: (rule, focus) => host.send({ kind: 'goToRule', rule, focus }),
  pin: (pinned) => host.send({ kind: 'pin', pinned }),
  showInGraph: (layer) => host.send({ kind: 'showInGraph', layer }),
};

/** Scrolling changes the state at every frame; the host is told when it rests. */
function update(change: Partial<ViewState>): void {
  state = { ...state, ...change };
  clearTimeout(pending);
  pending = setTimeout(() => host.remember(state), 150);
}

function show(message: ToWebview): void {
  switch (message.kind) {
    case 'plan':
      // Of another spec, what was selected and how far the table was scrolled mean nothing.
      if (state.id !== message.id) {
        update({ id: message.id, selected: null, scroll: 0 });
        page = undefined;
      }
      if (page) page.show(message);
      else {
        page = new PlanPage(message, context);
        replaceContent(page.element);
      }
      break;
    case 'planState':
      page?.showState(message);
      break;
    case 'notice':
      page = undefined;
      replaceContent(noticePage(message, (action) => host.send({ kind: 'action', action })));
  }
}
