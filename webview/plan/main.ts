import '../common.css';
import '../table/layer-panel.css';
import '../table/table.css';
import './plan.css';
import { replaceContent } from '../dom.ts';
import { connect } from '../host.ts';
import { noticePage } from '../notice.ts';
import type { ToWebview } from '../protocol.ts';
import { RememberedState } from '../remembered.ts';
import { registerControls } from '../toolkit.ts';
import { type PageContext, PlanPage } from './page.ts';
import { readState } from './state.ts';

registerControls();

let page: PlanPage | undefined;

const host = connect(show);
const state = new RememberedState(host, readState);

const context: PageContext = {
  get state() {
    return state.now;
  },
  update: state.update,
  select: (layer) => host.send({ kind: 'select', layers: layer === null ? [] : [layer] }),
  goToRule: (rule, focus) => host.send({ kind: 'goToRule', rule, focus }),
  pin: (pinned) => host.send({ kind: 'pin', pinned }),
  showInGraph: (layer) => host.send({ kind: 'showInGraph', layer }),
};

function show(message: ToWebview): void {
  switch (message.kind) {
    case 'plan':
      // Of another spec, what was selected and how far the table was scrolled mean nothing.
      if (state.now.id !== message.id) {
        state.update({ id: message.id, selected: null, scroll: 0 });
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
    case 'reveal':
      page?.reveal(message.layers);
      break;
    case 'notice':
      page = undefined;
      replaceContent(noticePage(message, (action) => host.send({ kind: 'action', action })));
  }
}
