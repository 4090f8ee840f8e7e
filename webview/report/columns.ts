import { element, withAttributes } from '../dom.ts';
import type { Figure, ReportLayer } from '../protocol.ts';
import { formatChip, miniBar, nameLabel } from '../table/cells.ts';
import { afterColumn, changeColumn, formatCell, largestOf, operatorColumn } from '../table/layer-columns.ts';
import type { Column } from '../table/table.ts';
import { activationsOf, type ColumnKey, isWeak, orders } from './layer-order.ts';

type LayerColumn = Column<ReportLayer, ColumnKey>;

const name: LayerColumn = {
  key: 'name',
  title: 'Layer',
  about: 'name, and how many layers were folded into it',
  track: 'minmax(140px, 1.6fr)',
  order: orders.name,
  cell: ({ name: text, absorbed }) => {
    if (absorbed.length === 0) return [nameLabel(text)];
    return [
      nameLabel(text),
      withAttributes(element('span', 'more soft', `+${absorbed.length}`), {
        title: `with ${absorbed.length} folded in`,
      }),
    ];
  },
};
const op = operatorColumn<ReportLayer>('minmax(96px, 1.4fr)', orders.op);
const weight: LayerColumn = {
  key: 'weight',
  title: 'Weights',
  about: 'format of the weights',
  track: 'minmax(86px, 0.7fr)',
  order: orders.weight,
  cell: (layer) => [formatCell(layer.weight)],
};
const activations: LayerColumn = {
  key: 'activations',
  title: 'Activations',
  about: 'formats of input and output',
  track: 'minmax(110px, 0.8fr)',
  order: orders.activations,
  cell: (layer) => [formatChip(activationsOf(layer))],
};
const weightSqnr: LayerColumn = {
  key: 'weightSqnr',
  title: 'SQNR weights',
  about: 'signal to quantisation noise of the weights alone',
  track: 'minmax(120px, 0.8fr)',
  numeric: true,
  order: orders.weightSqnr,
  cell: (layer) => [sqnr(layer.weightSqnr)],
};
const outputSqnr: LayerColumn = {
  key: 'outputSqnr',
  title: 'SQNR output',
  about: 'signal to quantisation noise of the output, with the noise of all layers before',
  track: 'minmax(120px, 0.8fr)',
  numeric: true,
  order: orders.outputSqnr,
  cell: (layer) => [sqnr(layer.outputSqnr)],
};
/** The columns that there is room for; the detail of a layer shows everything at any width. */
export function columnsOf(layers: readonly ReportLayer[]): (width: number) => readonly LayerColumn[] {
  const allMacs = layers.reduce((sum, { macs }) => sum + (macs.value ?? 0), 0);
  const bytes = {
    largest: largestOf(layers.map(({ bytesBefore }) => bytesBefore)),
    key: 'bytesAfter' as const,
    title: 'Bytes',
    about: 'bytes of weights after compression',
    track: 'minmax(150px, 1.3fr)',
    order: orders.bytesAfter,
    before: (layer: ReportLayer) => layer.bytesBefore,
    after: (layer: ReportLayer) => layer.bytesAfter,
  };
  const [bytesChange, bytesNarrow] = [changeColumn(bytes), afterColumn({ ...bytes, track: 'minmax(78px, 0.7fr)' })];
  const macs: LayerColumn = {
    key: 'macs',
    title: 'MACs',
    about: 'multiply-accumulate operations',
    track: 'minmax(80px, 0.7fr)',
    numeric: true,
    first: 'descending',
    order: orders.macs,
    cell: (layer) =>
      layer.macs.value === null ? [layer.macs.text] : [layer.macs.text, miniBar(layer.macs.value, allMacs)],
  };
  return (width) => {
    if (width >= 920) return [name, op, weight, activations, weightSqnr, outputSqnr, bytesChange, macs];
    if (width >= 640) return [name, op, weight, weightSqnr, outputSqnr, bytesNarrow];
    if (width >= 480) return [name, weight, outputSqnr, bytesNarrow];
    return [name, outputSqnr, bytesNarrow];
  };
}

/** A weak figure carries a sign and says so; the colour only repeats it. */
export function sqnr(figure: Figure): Node | string {
  if (!isWeak(figure)) return figure.text;
  const sign = withAttributes(element('span', 'sign', '!'), { 'aria-label': 'weak: ' });
  return withAttributes(element('span', 'badge warn', sign, figure.text), {
    title: 'Weak: the noise is more than a tenth of the signal.',
  });
}
