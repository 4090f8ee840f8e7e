import type { ReportCard } from '../protocol.ts';
import { intervalChart, shareBar } from './charts.ts';
import { el } from './dom.ts';

export function cardGrid(cards: readonly ReportCard[]): HTMLElement {
  return el('div', 'cards', ...cards.map(card));
}

function card({ title, before, after, notes, share, interval }: ReportCard): HTMLElement {
  const figure = el(
    'p',
    'figure',
    ...(before === null ? [] : [el('span', 'before', before), el('span', 'arrow', ' → ')]),
    el('strong', '', after),
  );
  const [first, ...more] = notes;
  return el(
    'article',
    'card',
    el('h3', '', title),
    figure,
    ...(share === undefined ? [] : [shareBar(share, title)]),
    ...(first === undefined ? [] : [el('p', 'small', first)]),
    ...(interval === undefined ? [] : [intervalChart(interval)]),
    ...more.map((note) => el('p', 'small soft', note)),
  );
}
