import '../common.css';
import './graph.css';
import './stage.css';
import './details.css';
import { replaceContent } from '../dom.ts';
import { connect } from '../host.ts';
import { noticePage } from '../notice.ts';
import { registerControls } from '../toolkit.ts';
import { GraphPage } from './page.ts';

registerControls();

const host = connect((message) => {
  if (message.kind === 'notice') replaceContent(noticePage(message, (action) => host.send({ kind: 'action', action })));
  if (message.kind === 'graph') {
    page.showGraph(message);
    if (!page.element.isConnected) replaceContent(page.element);
  }
  if (message.kind === 'sensitivity') page.showSensitivity(message);
  if (message.kind === 'selection') page.showAnswer(message);
  if (message.kind === 'ruleAtCursor') page.showRuleAtCursor(message);
  if (message.kind === 'comparison') page.showComparison(message);
  if (message.kind === 'reveal') page.reveal(message.layers);
});
const page = new GraphPage(host);
