import { element } from '../dom.ts';
import type { ReportCard } from '../protocol.ts';
import { intervalChart, shareBar } from './charts.ts';

export function cardGrid(cards: readonly ReportCard[]): HTMLElement {
  return element('div', 'cards', ...cards.map(card));
}

function card({ title, before, after, notes, share, interval }: ReportCard): HTMLElement {
  const figure = element(
    'p',
    'figure',
    ...(before === null ? [] : [element('span', 'before', before), element('span', 'arrow', ' → ')]),
    element('strong', '', after),
  );
  const [first, ...more] = notes;
  return element(
    'article',
    'card',
    element('h3', '', title),
    figure,
    ...(share === undefined ? [] : [shareBar(share, title)]),
    ...(first === undefined ? [] : [element('p', 'small', first)]),
    ...(interval === undefined ? [] : [intervalChart(interval)]),
    ...more.map((note) => element('p', 'small soft', note)),
  );
}
