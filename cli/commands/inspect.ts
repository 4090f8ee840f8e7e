import { nodeHost } from '../../engine/env/node/host.ts';
import type { LayerSummary, QuantizedSummary, SummaryShape, ValueSummary } from '../../engine/graph/summary.ts';
import { visible } from '../../engine/report/escape.ts';
import { amount, bytes } from '../../engine/report/quantities.ts';
import { textTable } from '../../engine/report/text-table.ts';
import { loadModel } from '../../engine/run/load.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { existingFile, shownPath } from '../paths.ts';

export const inspect = defineCommand({
  name: 'inspect',
  summary: 'the layers of a model: operator, shapes, parameters, MACs, bytes',
  description: `Lists the layers of an .onnx file as a spec can name them. MACs and bytes are for one sample: unknown
    dimensions count as 1.`,
  arguments: [{ name: 'MODEL', description: 'an .onnx file' }],
  options: { json: jsonOption },
  examples: [{ line: 'qspec inspect model.onnx', does: 'shows every layer and the totals' }],
  async run({ positionals, terminal }) {
    const path = existingFile(positionals[0]!, 'model');
    const { summary: whole, bytes: size, hash } = await loadModel(nodeHost(), path, { weights: 'shapes' });
    // The float network of a quantised model would be most of the answer again.
    const { quantized, ...summary } = whole;
    for (const finding of summary.findings) terminal.finding({ file: path, ...finding });
    return {
      exitCode: 0,
      json: { path, bytes: size, sha256: hash, ...summary, ...(quantized && { quantized: quantized.style }) },
      text() {
        const style = terminal.outStyle;
        const { totals } = summary;
        const opsets = Object.entries(summary.opsets)
          .map(([domain, version]) => `${domain === '' ? 'opset' : visible(domain)} ${version}`)
          .join(', ');
        const value = ({ name, dtype, shape, container }: ValueSummary) =>
          visible(`${name} ${container ?? `${dtype ?? '?'} ${shapeText(shape)}`}`);
        const wide = terminal.columns >= 110;
        return [
          `${style.bold(shownPath(path))}  ${style.dim(`${bytes(size)}, IR ${summary.irVersion}, ${opsets}${summary.producer ? `, made by ${visible(summary.producer)}` : ''}`)}`,
          `  inputs   ${summary.inputs.map(value).join('; ')}`,
          `  outputs  ${summary.outputs.map(value).join('; ')}`,
          ...(quantized ? [`  in codes already: ${quantizedText(quantized)}`] : []),
          '',
          ...textTable(
            [
              { title: 'layer', max: wide ? 44 : 28 },
              { title: 'operator', max: 22 },
              { title: 'output', max: 24 },
              { title: 'kernel' },
              { title: 'parameters', align: 'right' },
              { title: 'bytes', align: 'right' },
              { title: 'MACs', align: 'right' },
            ],
            summary.layers.map((layer) => [
              layer.name,
              `${layer.domain === '' ? '' : `${layer.domain}.`}${layer.op}`,
              layer.outputs[0]?.container ?? shapeText(layer.outputs[0]?.shape ?? null),
              kernelText(layer),
              layer.parameters === 0 ? '–' : amount(layer.parameters),
              layer.weightBytes + layer.biasBytes === 0 ? '–' : bytes(layer.weightBytes + layer.biasBytes),
              layer.macs === 0 ? '–' : amount(layer.macs),
            ]),
            style,
          ),
          '',
          `  ${totals.layers} layers, ${amount(totals.parameters)} parameters in ${bytes(totals.constantBytes)}, ${amount(totals.macs)} MACs, at most ${bytes(totals.peakActivationBytes)} of activations at a time`,
        ].join('\n');
      },
    };
  },
});

/** What specs can say of it. */
function quantizedText({ style, float, reason }: QuantizedSummary): string {
  return `${style}; ${float ? 'a spec can keep them or make them float' : `a spec can keep them, but not make them float: ${reason}`}`;
}

function shapeText(shape: SummaryShape): string {
  return shape === null ? '?' : `[${shape.map((dimension) => dimension ?? '?').join(', ')}]`;
}

function kernelText({ kernel, strides, groups }: LayerSummary): string {
  if (kernel === undefined) return '';
  const stride = strides?.some((step) => step !== 1) ? ` /${strides.join('×')}` : '';
  return `${kernel.join('×')}${stride}${groups !== undefined && groups > 1 ? ` g${groups}` : ''}`;
}
