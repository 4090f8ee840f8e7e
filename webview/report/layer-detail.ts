import { button, element, withAttributes } from '../dom.ts';
import type { ReportLayer } from '../protocol.ts';
import { elide, fullText, longestName } from '../text.ts';
import { histogramFigure } from './charts.ts';
import { sqnr } from './columns.ts';
import { activationsOf } from './layer-order.ts';

export interface DetailEvents {
  showInGraph(layer: string): void;
  close(): void;
}

/** All that is known of one layer. */
export function layerDetail(layer: ReportLayer, events: DetailEvents): HTMLElement {
  const { name, op, absorbed, weight, zeros, histograms } = layer;
  const title = withAttributes(element('h3', '', element('bdi', '', elide(name, longestName))), {
    title: fullText(name),
  });
  const rows: [string, Node | string][] = [['Activations', activationsOf(layer)]];
  if (weight !== '') rows.unshift(['Weights', [weight, zeros].filter(Boolean).join(', ')]);
  rows.push(['SQNR of weights', sqnr(layer.weightSqnr)], ['SQNR of output', sqnr(layer.outputSqnr)]);
  rows.push([
    'Bytes',
    layer.bytesAfter.value === null ? layer.bytesAfter.text : `${layer.bytesBefore.text} → ${layer.bytesAfter.text}`,
  ]);
  rows.push(['MACs', layer.macs.text]);
  const known = rows.filter(([, value]) => value !== '–');
  const close = button('Close', 'secondary', events.close);
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
        element(
          'p',
          'small soft',
          absorbed.length === 0 ? op : `${op} with ${absorbed.map((one) => elide(one, 60)).join(', ')}`,
        ),
      ),
      element(
        'div',
        'actions',
        button('Show in graph', 'primary', () => events.showInGraph(name)),
        close,
      ),
    ),
    element(
      'dl',
      'figures',
      ...known.map(([key, value]) => element('div', '', element('dt', '', key), element('dd', '', value))),
    ),
    histograms.length > 0
      ? element('div', 'histograms', ...histograms.map(histogramFigure))
      : element(
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
