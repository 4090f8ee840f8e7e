import './notice.css';
import { element } from './dom.ts';
import type { FindingView, NoticeMessage, ViewAction } from './protocol.ts';
import { fullText } from './text.ts';

/** Instead of content: what is wrong, why, what to do, and buttons for the actions that help. */
export function noticePage(message: NoticeMessage, act: (action: ViewAction) => void): HTMLElement {
  const page = element('main', `notice notice-${message.tone}`);
  page.setAttribute('data-testid', 'notice');
  page.setAttribute('role', message.tone === 'failed' ? 'alert' : 'status');
  if (message.tone === 'loading') page.append(document.createElement('vscode-progress-ring'));
  else page.append(element('span', 'notice-mark', message.tone === 'failed' ? '!' : '?'));
  page.append(element('h1', 'notice-what', fullText(message.what)));
  if (message.why !== undefined) page.append(element('p', 'notice-why', fullText(message.why, 2000)));
  if (message.fix !== undefined) page.append(element('p', 'notice-fix', fullText(message.fix, 2000)));
  const actions = element('div', 'notice-actions');
  message.actions.forEach(({ action, label }, i) => {
    const button = document.createElement('vscode-button');
    button.setAttribute('appearance', i === 0 ? 'primary' : 'secondary');
    button.setAttribute('data-action', action);
    button.textContent = fullText(label, 60);
    button.addEventListener('click', () => act(action));
    actions.append(button);
  });
  if (message.actions.length > 0) page.append(actions);
  return page;
}

const severityMarks = { error: '✕', warning: '!', information: 'i', hint: '…' } as const;

/** Findings as a list: a mark that differs in shape, not only in colour, then what, why and what to do. */
export function findingList(findings: readonly FindingView[]): HTMLElement {
  const list = element('ul', 'findings');
  for (const { severity, what, why, fix, code } of findings.slice(0, 200)) {
    const mark = element('span', `mark mark-${severity}`, severityMarks[severity]);
    mark.setAttribute('role', 'img');
    mark.setAttribute('aria-label', severity);
    const text = element('div', 'finding-text', element('p', 'finding-what', fullText(what, 2000)));
    if (why !== undefined) text.append(element('p', 'finding-why', fullText(why, 2000)));
    if (fix !== undefined) text.append(element('p', 'finding-fix', fullText(fix, 2000)));
    text.title = fullText(code, 80);
    list.append(element('li', 'finding', mark, text));
  }
  if (findings.length > 200) list.append(element('li', 'more', `and ${findings.length - 200} more`));
  return list;
}
