import type { LayerInput, LayerSummary, ModelSummary, ValueSummary } from '../../engine/graph/summary.ts';
import { amount, bytes, decibels } from '../../engine/report/quantities.ts';
import type { SensitivityReport } from '../../engine/run/sensitivity.ts';
import type {
  Figure,
  GraphInput,
  GraphLayer,
  GraphMessage,
  GraphValue,
  SensitivityMessage,
} from '../../webview/protocol.ts';
import { findingView } from './finding-view.ts';

/** A model as the graph viewer draws it. Pure: what is shown can be tested without an editor. */
export function graphMessage(
  title: string,
  summary: ModelSummary,
  { actions, takesRules }: Pick<GraphMessage, 'actions' | 'takesRules'>,
): GraphMessage {
  const { totals, opsets } = summary;
  const opset = opsets[''] === undefined ? [] : [`opset ${opsets['']}`];
  return {
    kind: 'graph',
    title,
    subtitle: [
      `${totals.layers} ${totals.layers === 1 ? 'layer' : 'layers'}`,
      `${amount(totals.parameters)} parameters`,
      `${amount(totals.macs)} MACs`,
      ...opset,
    ].join(' · '),
    inputs: summary.inputs.map(valueView),
    outputs: summary.outputs.map(valueView),
    layers: summary.layers.map(layerView),
    findings: summary.findings.map(findingView),
    actions,
    takesRules,
  };
}

function valueView({ name, dtype, shape }: ValueSummary): GraphValue {
  const sides = shape === null ? '?' : shape.length === 0 ? 'scalar' : shape.map((side) => side ?? '?').join('×');
  return { name, type: `${dtype ?? '?'} ${sides}` };
}

function layerView(layer: LayerSummary): GraphLayer {
  return {
    name: layer.name,
    op: layer.domain === '' ? layer.op : `${layer.domain}.${layer.op}`,
    inputs: [
      ...layer.inputs.map((input) => ({ ...valueView(input), kind: input.kind })),
      ...(layer.captures ?? []).map(captureView),
    ],
    outputs: layer.outputs.map(valueView),
    attributes: attributesOf(layer),
    parameters: { text: amount(layer.parameters), value: layer.parameters },
    macs: { text: amount(layer.macs), value: layer.macs },
    bytes: bytesFigure(layer.weightBytes + layer.biasBytes),
    quantization: layer.quantization,
    supported: layer.supported,
  };
}

function captureView(value: LayerInput): GraphInput {
  return { ...valueView(value), kind: value.kind === 'activation' ? 'captured' : value.kind };
}

/** The window of a convolution as people write it, then the attributes of the file that it does not say already. */
function attributesOf(layer: LayerSummary): [name: string, value: string][] {
  const { kernel, strides, dilations, pads, groups } = layer;
  const window: [string, readonly number[] | undefined, string][] = [
    ['kernel', kernel, '×'],
    ['strides', strides, '×'],
    ['dilations', dilations, '×'],
    ['pads', pads, ', '],
  ];
  const rows = window.flatMap(([name, list, by]): [string, string][] =>
    list === undefined || list.length === 0 ? [] : [[name, list.join(by)]],
  );
  if (groups !== undefined && groups !== 1) rows.push(['groups', String(groups)]);
  const said = new Set(['kernel_shape', 'strides', 'dilations', 'pads', 'group']);
  for (const [name, value] of Object.entries(layer.attributes)) {
    if (!said.has(name) || rows.length === 0) rows.push([name, [value].flat().map(valueText).join(', ')]);
  }
  return rows;
}

/** A number in as few digits as tell it from other float32 numbers: attributes are stored as such. */
function valueText(value: number | string): string {
  if (typeof value === 'string' || Number.isInteger(value)) return String(value);
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}

function bytesFigure(value: number): Figure {
  return { text: bytes(value), value };
}

/** @param source for a person: the spec that formats and data came from; undefined: none */
export function sensitivityMessage(report: SensitivityReport, source: string | undefined): SensitivityMessage {
  const basis =
    report.basis === 'outputs'
      ? `Signal to quantisation noise at the model's outputs with one layer quantised at a time: ${source}, ${report.samples} samples of “${report.data}”.`
      : `Signal to quantisation noise of each layer's weights alone, ${source === undefined ? 'int8 per channel' : `as ${source} says`}; no data was run.`;
  // A layer that was folded into another shares its fate and its colour.
  const layers = report.layers.flatMap(({ layer, absorbed, sqnr, weight, output }) => {
    const formats = [weight && `${weight} weights`, output && `${output} activations`].filter(Boolean).join(', ');
    const figure = sqnr === null ? { text: 'exact', value: null } : { text: decibels(sqnr), value: sqnr };
    return [layer, ...absorbed].map((name) => ({
      layer: name,
      foldedInto: name === layer ? null : layer,
      sqnr: figure,
      formats,
    }));
  });
  return { kind: 'sensitivity', state: { kind: 'done', basis, layers } };
}
