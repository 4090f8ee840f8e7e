import { formats as registered } from '../../engine/formats/registry.ts';
import { textTable } from '../../engine/report/text-table.ts';
import { defineCommand, jsonOption } from '../command.ts';

export const formats = defineCommand({
  name: 'formats',
  summary: 'the number formats that specs can name',
  description: 'Lists the registered number formats with their range of codes and the ONNX operator set they need.',
  arguments: [],
  options: { json: jsonOption },
  examples: [{ line: 'qspec formats', does: 'shows names, bits and codes' }],
  async run({ terminal }) {
    return {
      exitCode: 0,
      json: { formats: registered },
      text: () =>
        textTable(
          [
            { title: 'format' },
            { title: 'bits', align: 'right' },
            { title: 'codes' },
            { title: 'opset', align: 'right' },
            { title: 'description' },
          ],
          registered.map((format) => [
            format.name,
            String(format.bits),
            `${format.low} … ${format.high}`.replaceAll('-', '−'),
            String(format.minOpset),
            format.description,
          ]),
          terminal.outStyle,
        ).join('\n'),
    };
  },
});
