import { button, element, withAttributes } from '../dom.ts';
import type { Figure, PlanRuleView } from '../protocol.ts';
import { elide, fullText, longestName } from '../text.ts';
import type { Line } from './lines.ts';

export interface DetailEvents {
  goTo(rule: number): void;
  showInGraph(layer: string): void;
  close(): void;
}

/** All that is planned for one layer, and every statement that has a say in it. */
export function layerDetail(line: Line, rules: readonly PlanRuleView[], events: DetailEvents): HTMLElement {
  const { name, op, shape, block, parameters, bytesBefore, bytesAfter, timeBefore, timeAfter, what } = line;
  const title = withAttributes(element('h2', '', element('bdi', '', elide(name, longestName))), {
    title: fullText(name),
  });
  const rows: (readonly [string, string])[] = [
    ...what.facts,
    ['Parameters', parameters.text],
    ['Bytes', change(bytesBefore, bytesAfter)],
    ['Latency', change(timeBefore, timeAfter)],
  ];
  const panel = element(
    'section',
    'detail',
    element(
      'div',
      'detail-head',
      element(
        'div',
        'grow',
        title,
        element('p', 'small soft', `${op} · output ${shape}${block === null ? '' : ` · block ${block}`}`),
      ),
      element(
        'div',
        'actions',
        button('Show in graph', 'secondary', () => events.showInGraph(name)),
        button('Close', 'secondary', events.close),
      ),
    ),
    ...(what.float ? [element('p', 'float-reason', what.float.why)] : []),
    element(
      'dl',
      'figures',
      ...rows
        .filter(([, value]) => value !== '–')
        .map(([key, value]) => element('div', '', element('dt', '', key), element('dd', '', value))),
    ),
    ...(what.by.length > 0 ? [decisions(line, rules, events)] : []),
  );
  panel.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') events.close();
  });
  return withAttributes(panel, { 'aria-label': `Layer ${fullText(name)}`, 'data-testid': 'layer-detail' });
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
