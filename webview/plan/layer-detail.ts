import { button, element, withAttributes } from '../dom.ts';
import type { Figure, PlanRuleView } from '../protocol.ts';
import { layerPanel } from '../table/layer-panel.ts';
import type { Line } from './lines.ts';

export interface DetailEvents {
  goTo(rule: number): void;
  showInGraph(layer: string): void;
  close(): void;
}

/** All that is planned for one layer, and every statement that has a say in it. */
export function layerDetail(line: Line, rules: readonly PlanRuleView[], events: DetailEvents): HTMLElement {
  const { name, op, shape, block, parameters, bytesBefore, bytesAfter, timeBefore, timeAfter, what } = line;
  return layerPanel(
    {
      name,
      heading: 'h2',
      about: `${op} · output ${shape}${block === null ? '' : ` · block ${block}`}${what.float ? `. ${what.float.why}` : ''}`,
      actions: [
        button('Show in graph', 'secondary', () => events.showInGraph(name)),
        button('Close', 'secondary', events.close),
      ],
      figures: [
        ...what.facts,
        ['Parameters', parameters.text],
        ['Bytes', change(bytesBefore, bytesAfter)],
        ['Latency', change(timeBefore, timeAfter)],
      ],
      close: events.close,
    },
    ...(what.by.length > 0 ? [decisions(line, rules, events)] : []),
  );
}

/** Each statement leads to its place in the spec. */
function decisions({ what }: Line, rules: readonly PlanRuleView[], events: DetailEvents): HTMLElement {
  const items = what.by.map(({ rule, what: fields }) => {
    const { line, text } = rules[rule]!;
    const link = withAttributes(element('button', 'rule-link', element('code', '', text)), { type: 'button' });
    link.addEventListener('click', () => events.goTo(rule));
    return element('li', '', element('span', 'line-number soft', String(line)), link, element('span', 'soft', fields));
  });
  return withAttributes(element('ol', 'decisions', ...items), { 'aria-label': 'Statements that decide, by line' });
}

function change(before: Figure, after: Figure): string {
  return before.text === after.text ? after.text : `${before.text} → ${after.text}`;
}
