import { button, element } from '../dom.ts';
import type { ReportLayer } from '../protocol.ts';
import { layerPanel } from '../table/layer-panel.ts';
import { elide } from '../text.ts';
import { channelFigure, histogramFigure } from './charts.ts';
import { sqnr } from './columns.ts';
import { activationsOf } from './layer-order.ts';

export interface DetailEvents {
  showInGraph(layer: string): void;
  close(): void;
}

/** All that is known of one layer. */
export function layerDetail(layer: ReportLayer, events: DetailEvents): HTMLElement {
  const { name, op, absorbed, weight, weightFacts, channelSqnr, histograms, bytesBefore, bytesAfter } = layer;
  return layerPanel(
    {
      name,
      heading: 'h3',
      about: absorbed.length === 0 ? op : `${op} with ${absorbed.map((one) => elide(one, 60)).join(', ')}`,
      actions: [
        button('Show in graph', 'primary', () => events.showInGraph(name)),
        button('Close', 'secondary', events.close),
      ],
      figures: [
        ['Weights', weight || '–'],
        ['Activations', activationsOf(layer)],
        ['SQNR of weights', sqnr(layer.weightSqnr)],
        ['SQNR of output', sqnr(layer.outputSqnr)],
        ['Bytes', bytesAfter.value === null ? bytesAfter.text : `${bytesBefore.text} → ${bytesAfter.text}`],
        ['MACs', layer.macs.text],
      ],
      close: events.close,
    },
    ...(weightFacts.length > 0 ? [element('p', 'small soft', `Weights: ${weightFacts.join(' · ')}.`)] : []),
    histograms.length > 0
      ? element(
          'div',
          'histograms',
          ...histograms.map(histogramFigure),
          ...(channelSqnr.length > 1 ? [channelFigure(channelSqnr)] : []),
        )
      : element(
          'p',
          'small soft',
          'No histogram: this layer has no weights in codes and was not seen on calibration samples.',
        ),
  );
}
