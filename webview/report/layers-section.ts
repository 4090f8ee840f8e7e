import { button, element, withAttributes } from '../dom.ts';
import type { ReportLayer } from '../protocol.ts';
import { DataTable } from '../table/table.ts';
import { countPlace, countText, filterField } from '../table/tools.ts';
import { columnsOf } from './columns.ts';
import { layerDetail } from './layer-detail.ts';
import { isWeak, searchText } from './layer-order.ts';
import type { PageContext } from './page.ts';
import { badge, section } from './parts.ts';

/** Filter, table, and the detail of the layer that is selected. */
export function layersSection(layers: readonly ReportLayer[], context: PageContext): HTMLElement {
  const { state } = context;
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const weak = layers.filter((layer) => isWeak(layer.weightSqnr) || isWeak(layer.outputSqnr)).length;
  const detail = element('div', 'detail-place');
  const count = countPlace();

  const table = new DataTable(
    { rows: layers, columnsFor: columnsOf(layers), searchText },
    { sort: state.sort, filter: state.filter, selected: state.selected, scroll: state.tableScroll },
    {
      sorted: (sort) => context.update({ sort }),
      selected: (layer) => choose(layer.name),
      scrolled: (tableScroll) => context.update({ tableScroll }),
    },
    { testId: 'layers', label: 'Layers', describedBy: 'layers-help' },
  );

  const narrow = (text: string) => {
    table.filter = text;
    context.update({ filter: text });
    sayCount();
  };
  const filter = filterField('name, operator, format', state.filter, narrow);
  const weakOnly = button(`Show ${weak} weak`, 'secondary', () => {
    filter.value = filter.value.trim() === 'weak' ? '' : 'weak';
    narrow(filter.value);
  });
  weakOnly.title = 'Layers whose weights or output have less than 20 dB SQNR';

  function sayCount(): void {
    count.replaceChildren(countText(table.count, layers.length));
  }

  function show(name: string | null): void {
    const layer = name === null ? undefined : byName.get(name);
    detail.replaceChildren(...(layer ? [layerDetail(layer, { showInGraph: context.showInGraph, close })] : []));
  }

  function choose(name: string): void {
    context.update({ selected: name });
    context.select(name);
    table.select(name);
    show(name);
  }

  function close(): void {
    const last = context.state.selected;
    table.select(last, { focus: true });
    context.update({ selected: null });
    context.select(null);
    table.select(null);
    show(null);
  }

  sayCount();
  show(state.selected);
  const help = withAttributes(
    element(
      'p',
      'small soft',
      'SQNR: signal to quantisation noise; 6 dB are one bit, below 20 dB is marked weak. “Output” holds the noise of all layers before. Select a layer for its histograms.',
    ),
    { id: 'layers-help' },
  );
  const tools = element('div', 'tools', filter, ...(weak > 0 ? [weakOnly] : [badge('good', 'no weak layer')]), count);
  return section('Layer by layer', tools, table.element, detail, help);
}
