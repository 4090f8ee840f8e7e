import { element, svg, withAttributes } from '../dom.ts';
import type { Figure, ReportLayer } from '../protocol.ts';
import { fullText } from '../text.ts';
import { activationsOf, type ColumnKey, isWeak } from './layer-order.ts';
import { nameLabel } from './parts.ts';

export interface Column {
  readonly key: ColumnKey;
  readonly title: string;
  readonly about: string;
  /** Track of the row's CSS grid. */
  readonly track: string;
  readonly numeric?: boolean;
  cell(layer: ReportLayer, scale: Scale): readonly (Node | string)[];
}

/** What the bars in the cells are relative to. */
export interface Scale {
  readonly bytes: number;
  readonly macs: number;
}

export function scaleOf(layers: readonly ReportLayer[]): Scale {
  let bytes = 0;
  let macs = 0;
  for (const layer of layers) {
    bytes = Math.max(bytes, layer.bytesBefore.value ?? 0);
    macs += layer.macs.value ?? 0;
  }
  return { bytes, macs };
}

const name: Column = {
  key: 'name',
  title: 'Layer',
  about: 'name, and how many layers were folded into it',
  track: 'minmax(150px, 2.4fr)',
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
const op: Column = {
  key: 'op',
  title: 'Operator',
  about: 'operator',
  track: 'minmax(84px, 1fr)',
  cell: (layer) => [clip(layer.op)],
};
const weight: Column = {
  key: 'weight',
  title: 'Weights',
  about: 'format of the weights',
  track: 'minmax(86px, 0.7fr)',
  cell: (layer) => [layer.weight === '' ? '–' : formatChip(layer.weight)],
};
const activations: Column = {
  key: 'activations',
  title: 'Activations',
  about: 'formats of input and output',
  track: 'minmax(92px, 1fr)',
  cell: (layer) => [formatChip(activationsOf(layer))],
};
const weightSqnr: Column = {
  key: 'weightSqnr',
  title: 'SQNR weights',
  about: 'signal to quantisation noise of the weights alone',
  track: 'minmax(120px, 0.8fr)',
  numeric: true,
  cell: (layer) => [sqnr(layer.weightSqnr)],
};
const outputSqnr: Column = {
  key: 'outputSqnr',
  title: 'SQNR output',
  about: 'signal to quantisation noise of the output, with the noise of all layers before',
  track: 'minmax(120px, 0.8fr)',
  numeric: true,
  cell: (layer) => [sqnr(layer.outputSqnr)],
};
const bytesAfter: Column = {
  key: 'bytesAfter',
  title: 'Bytes',
  about: 'bytes of weights after compression',
  track: 'minmax(150px, 1.3fr)',
  numeric: true,
  cell: ({ bytesBefore, bytesAfter: after }, scale) =>
    after.value === null
      ? [after.text]
      : [`${bytesBefore.text} → ${after.text}`, miniBar(after.value, scale.bytes, bytesBefore.value ?? 0)],
};
const bytesNarrow: Column = {
  ...bytesAfter,
  track: 'minmax(78px, 0.7fr)',
  cell: (layer) => [layer.bytesAfter.text],
};
const macs: Column = {
  key: 'macs',
  title: 'MACs',
  about: 'multiply-accumulate operations',
  track: 'minmax(80px, 0.7fr)',
  numeric: true,
  cell: (layer, scale) =>
    layer.macs.value === null ? [layer.macs.text] : [layer.macs.text, miniBar(layer.macs.value, scale.macs)],
};

/** What there is room for; the detail of a layer shows everything at any width. */
export function columnsFor(width: number): readonly Column[] {
  if (width >= 900) return [name, op, weight, activations, weightSqnr, outputSqnr, bytesAfter, macs];
  if (width >= 640) return [name, op, weight, weightSqnr, outputSqnr, bytesNarrow];
  if (width >= 480) return [name, weight, outputSqnr, bytesNarrow];
  return [name, outputSqnr, bytesNarrow];
}

/** A weak figure carries a sign and says so; the colour only repeats it. */
export function sqnr(figure: Figure): Node | string {
  if (!isWeak(figure)) return figure.text;
  const sign = withAttributes(element('span', 'sign', '!'), { 'aria-label': 'weak: ' });
  return withAttributes(element('span', 'badge warn', sign, figure.text), {
    title: 'Weak: the noise is more than a tenth of the signal.',
  });
}

export function formatChip(format: string): HTMLElement {
  return withAttributes(element('span', format.includes('float') ? 'chip float' : 'chip', format), {
    title: fullText(format),
  });
}

function clip(text: string): HTMLElement {
  return withAttributes(element('span', 'clip', text), { title: fullText(text) });
}

function miniBar(value: number, whole: number, ghost = 0): SVGElement {
  const width = (part: number) => (whole > 0 && part > 0 ? Math.max(1, (100 * part) / whole) : 0).toFixed(1);
  return svg(
    'svg',
    { class: 'mini', viewBox: '0 0 100 3', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('rect', { class: 'track', width: 100, height: 3 }),
    svg('rect', { class: 'ghost', width: width(ghost), height: 3 }),
    svg('rect', { class: 'fill', width: width(value), height: 3 }),
  );
}
