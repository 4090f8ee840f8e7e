import { button, element, withAttributes } from '../../dom.ts';
import type { SelectionMessage } from '../../protocol.ts';
import { elide, fullText } from '../../text.ts';

export interface RuleEvents {
  /** Another of the heads is to be written. */
  takeHead(head: number): void;
  addRule(keepFloat: boolean): void;
}

/** A list of names is told by its beginning and its end. */
const longestHead = 200;

/** How a rule for the selected layers would begin, one way to be chosen where there are several, and the buttons that write it. */
export function ruleSection(answer: SelectionMessage, chosen: number, events: RuleEvents): HTMLElement {
  const { layers, heads, refusal } = answer;
  const title = layers.length === 1 ? 'Rule for this layer' : 'Rule for these layers';
  const section = withAttributes(element('section', 'rule-section', element('h3', '', title)), {
    'data-testid': 'rule-section',
  });
  if (refusal !== null) {
    section.append(element('p', 'soft', refusal));
    return section;
  }
  const ways = withAttributes(element('div', 'ways'), {
    role: 'radiogroup',
    'aria-label': 'How the rule names the layers',
  });
  for (const [i, head] of heads.entries()) {
    const radio = withAttributes(document.createElement('input'), { type: 'radio', name: 'head', value: i });
    radio.checked = i === chosen;
    radio.addEventListener('change', () => events.takeHead(i));
    const text = withAttributes(element('code', 'rule-text', elide(head, longestHead)), {
      title: fullText(head, 2000),
    });
    ways.append(heads.length === 1 ? text : element('label', 'way', radio, text));
  }
  const buttons = element(
    'div',
    'rule-buttons',
    button('Add Rule', 'primary', () => events.addRule(false), {
      'data-testid': 'add-rule',
      title: 'Writes the rule into the spec and lets you choose the format (R)',
    }),
    button('Keep Float', 'secondary', () => events.addRule(true), {
      'data-testid': 'keep-float',
      title: 'Writes a rule that leaves these layers as they are',
    }),
  );
  section.append(ways, buttons);
  return section;
}
