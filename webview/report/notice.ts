import { button, element, withAttributes } from '../dom.ts';
import type { NoticeMessage, ViewAction } from '../protocol.ts';

/** Instead of a report: what is wrong, why, and what helps. */
export function noticePage(
  { tone, what, why, fix, actions }: NoticeMessage,
  act: (action: ViewAction) => void,
): HTMLElement {
  const sign =
    tone === 'loading'
      ? document.createElement('vscode-progress-ring')
      : element('span', 'notice-sign', tone === 'failed' ? '✗' : '!');
  sign.setAttribute('aria-hidden', 'true');
  const texts = [why, fix].filter((text) => text !== undefined && text !== '') as string[];
  const buttons = actions.map(({ action, label }, i) =>
    button(label, i === 0 ? 'primary' : 'secondary', () => act(action)),
  );
  const page = element(
    'main',
    `notice ${tone}`,
    sign,
    element('h1', '', what),
    ...texts.map((text) => element('p', 'soft', text)),
    ...(buttons.length > 0 ? [element('div', 'actions', ...buttons)] : []),
  );
  return withAttributes(page, { role: tone === 'loading' ? 'status' : 'alert', 'data-testid': 'notice' });
}
