import { button, element, withAttributes } from '../../dom.ts';
import type { ComparisonMessage, LayerChange } from '../../protocol.ts';
import { fullText } from '../../text.ts';
import { icon } from './icons.ts';

export const changeSigns: Readonly<Record<LayerChange['change'], string>> = { added: '+', removed: '−', changed: '≠' };

const notCompared = 'Values of weights are not compared.';

/** The line that says what is other than in the version beside; undefined where there is none. */
export function comparisonLine(message: ComparisonMessage | null, step: (by: 1 | -1) => void): HTMLElement | undefined {
  if (message?.against == null) return undefined;
  const { against, counts, layers } = message;
  const kinds = (['added', 'removed', 'changed'] as const).filter((change) => counts[change] > 0);
  const line = withAttributes(element('div', 'legend comparison'), { 'data-testid': 'comparison', role: 'status' });
  if (kinds.length === 0) {
    line.append(`No layer is other than in ${fullText(against, 60)}: operators, attributes and shapes are the same.`);
  } else {
    line.append(element('span', 'legend-name', `Against ${fullText(against, 60)}`));
    for (const change of kinds) {
      const sign = withAttributes(element('span', `sign is-${change}`, changeSigns[change]), { 'aria-hidden': 'true' });
      line.append(element('span', 'key', sign, `${counts[change].toLocaleString('en-US')} ${change}`));
    }
  }
  line.append(element('span', 'basis', notCompared));
  if (layers.length > 0) {
    line.append(
      element(
        'span',
        'steps',
        button(icon('previous'), 'icon', () => step(-1), { 'aria-label': 'Previous difference (Shift+N)' }),
        button(icon('next'), 'icon', () => step(1), { 'aria-label': 'Next difference (N)' }),
      ),
    );
  }
  return line;
}
