import { connect, element, replaceContent } from '../host.ts';
import type { LayerRow } from '../protocol.ts';
import { registerControls } from '../toolkit.ts';

registerControls();

const send = connect((message) => {
  if (message.kind === 'graph') replaceContent(element('h1', 'title', message.title), layerTable(message.layers));
  if (message.kind === 'failed') replaceContent(element('p', 'failed', message.what, ' ', message.fix ?? ''));
});

function layerTable(layers: readonly LayerRow[]): HTMLElement {
  const table = element('table', 'layers');
  for (const layer of layers) {
    const row = element('tr', 'layer');
    for (const text of [layer.name, layer.op, layer.outputShape, String(layer.parameters), String(layer.macs)]) {
      row.append(element('td', 'cell', text));
    }
    row.addEventListener('click', () => send({ kind: 'reveal', layer: layer.name }));
    table.append(row);
  }
  return table;
}
