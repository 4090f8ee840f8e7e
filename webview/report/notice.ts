import type { NoticeMessage, ViewAction } from '../protocol.ts';
import { button, el, withAttributes } from './dom.ts';

/** Instead of a report: what is wrong, why, and what helps. */
export function noticePage(
  { tone, what, why, fix, actions }: NoticeMessage,
  act: (action: ViewAction) => void,
): HTMLElement {
  const sign =
    tone === 'loading'
      ? document.createElement('vscode-progress-ring')
      : el('span', 'notice-sign', tone === 'failed' ? '✗' : '!');
  sign.setAttribute('aria-hidden', 'true');
  const texts = [why, fix].filter((text) => text !== undefined && text !== '') as string[];
  const buttons = actions.map(({ action, label }, i) =>
    button(label, () => act(action), i === 0 ? 'primary' : 'secondary'),
  );
  const page = el(
    'main',
    `notice ${tone}`,
    sign,
    el('h1', '', what),
    ...texts.map((text) => el('p', 'soft', text)),
    ...(buttons.length > 0 ? [el('div', 'actions', ...buttons)] : []),
  );
  return withAttributes(page, { role: tone === 'loading' ? 'status' : 'alert', 'data-testid': 'notice' });
}
