import { button, element, withAttributes } from '../../dom.ts';
import type { RuleAtCursorMessage } from '../../protocol.ts';
import { fullText } from '../../text.ts';

/** Says whose layers stand in frames; undefined where the cursor of no spec is in a rule. */
export function ruleNote(
  message: RuleAtCursorMessage | null,
  count: number,
  selectThem: () => void,
): HTMLElement | undefined {
  if (message?.rule == null) return undefined;
  const { spec, line, text } = message.rule;
  const rule = withAttributes(element('code', 'rule-text', fullText(text, 160)), { title: fullText(text) });
  const what = count === 1 ? '1 layer' : `${count.toLocaleString('en-US')} layers`;
  const note = element(
    'p',
    'rule-note',
    element('span', 'frame-key'),
    element('span', 'soft', `${fullText(spec, 60)}, line ${line}:`),
    rule,
    element('span', 'soft', count === 0 ? 'matches no layer' : what),
    ...(count === 0
      ? []
      : [button('Select', 'secondary', selectThem, { 'aria-label': 'Select the layers of this rule' })]),
  );
  return withAttributes(note, { 'data-testid': 'rule-at-cursor', role: 'status' });
}
