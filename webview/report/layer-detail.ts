import type { ReportLayer } from '../protocol.ts';
import { elide, fullText, longestName } from '../text.ts';
import { histogramFigure } from './charts.ts';
import { sqnr } from './columns.ts';
import { button, el, withAttributes } from './dom.ts';
import { activationsOf } from './layer-order.ts';

export interface DetailEvents {
  showInGraph(layer: string): void;
  close(): void;
}

/** All that is known of one layer. */
export function layerDetail(layer: ReportLayer, events: DetailEvents): HTMLElement {
  const { name, op, absorbed, weight, histograms } = layer;
  const title = withAttributes(el('h3', '', el('bdi', '', elide(name, longestName))), { title: fullText(name) });
  const rows: [string, Node | string][] = [['Activations', activationsOf(layer)]];
  if (weight !== '') rows.unshift(['Weights', weight]);
  rows.push(['SQNR of weights', sqnr(layer.weightSqnr)], ['SQNR of output', sqnr(layer.outputSqnr)]);
  rows.push([
    'Bytes',
    layer.bytesAfter.value === null ? layer.bytesAfter.text : `${layer.bytesBefore.text} → ${layer.bytesAfter.text}`,
  ]);
  rows.push(['MACs', layer.macs.text]);
  const known = rows.filter(([, value]) => value !== '–');
  const close = button('Close', events.close);
  const panel = el(
    'section',
    'detail',
    el(
      'div',
      'detail-head',
      el(
        'div',
        'grow',
        title,
        el(
          'p',
          'small soft',
          absorbed.length === 0 ? op : `${op} with ${absorbed.map((one) => elide(one, 60)).join(', ')}`,
        ),
      ),
      el(
        'div',
        'actions',
        button('Show in graph', () => events.showInGraph(name), 'primary'),
        close,
      ),
    ),
    el('dl', 'figures', ...known.map(([key, value]) => el('div', '', el('dt', '', key), el('dd', '', value)))),
    histograms.length > 0
      ? el('div', 'histograms', ...histograms.map(histogramFigure))
      : el(
          'p',
          'small soft',
          'No histogram: this layer has no weights in codes and was not seen on calibration samples.',
        ),
  );
  panel.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') events.close();
  });
  return withAttributes(panel, { 'aria-label': `Layer ${fullText(name)}`, 'data-testid': 'layer-detail' });
}
