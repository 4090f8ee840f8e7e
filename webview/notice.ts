import './notice.css';
import { button, element, withAttributes } from './dom.ts';
import type { FindingView, NoticeMessage, ViewAction } from './protocol.ts';
import { fullText } from './text.ts';

/** What is wrong, why and what to do may be long, but a page of it helps nobody. */
const longestText = 2000;
const mostFindings = 200;

const marks = { failed: '!', untrusted: '?', empty: 'i' } as const;

/** Instead of content: what is wrong, why, what to do, and buttons for the actions that help. */
export function noticePage(message: NoticeMessage, act: (action: ViewAction) => void): HTMLElement {
  const { tone, what, why, fix, actions } = message;
  const mark =
    tone === 'loading' ? document.createElement('vscode-progress-ring') : element('span', 'notice-mark', marks[tone]);
  const buttons = actions.map(({ action, label }, i) =>
    button(fullText(label, 60), i === 0 ? 'primary' : 'secondary', () => act(action), { 'data-action': action }),
  );
  const page = element(
    'main',
    `notice notice-${tone}`,
    withAttributes(mark, { 'aria-hidden': 'true' }),
    element('h1', 'notice-what', fullText(what)),
    ...paragraphs({ 'notice-why': why, 'notice-fix': fix }),
    ...(buttons.length > 0 ? [element('div', 'notice-actions', ...buttons)] : []),
  );
  return withAttributes(page, { 'data-testid': 'notice', role: tone === 'failed' ? 'alert' : 'status' });
}

const severityMarks = { error: '✕', warning: '!', information: 'i', hint: '…' } as const;

/** Findings as a list: a mark that differs in shape, not only in colour, then what, why and what to do. */
export function findingList(findings: readonly FindingView[], { codes = false } = {}): HTMLElement {
  const items = findings.slice(0, mostFindings).map((finding) => {
    const { severity, code } = finding;
    const mark = element('span', `mark mark-${severity}`, severityMarks[severity]);
    const text = findingText(finding);
    if (!codes) text.title = fullText(code, 80);
    return element(
      'li',
      'finding',
      withAttributes(mark, { role: 'img', 'aria-label': severity, title: severity }),
      text,
      ...(codes ? [element('code', 'finding-code', fullText(code, 80))] : []),
    );
  });
  const left = findings.length - items.length;
  return element('ul', 'findings', ...items, ...(left > 0 ? [element('li', 'more', `and ${left} more`)] : []));
}

/** What, why and what to do. */
export function findingText({ what, why, fix }: FindingView): HTMLElement {
  const texts = { 'finding-what': what, 'finding-why': why, 'finding-fix': fix };
  return element('div', 'finding-text', ...paragraphs(texts));
}

/** A paragraph for each class whose text there is. */
function paragraphs(texts: Readonly<Record<string, string | undefined>>): HTMLElement[] {
  return Object.entries(texts).flatMap(([name, text]) =>
    text === undefined || text === '' ? [] : [element('p', name, ...prose(fullText(text, longestText)))],
  );
}

/** Text with what stands between backticks as code. */
function prose(text: string): (HTMLElement | string)[] {
  return text.split(/`([^`]+)`/).map((part, i) => (i % 2 === 1 ? element('code', '', part) : part));
}
