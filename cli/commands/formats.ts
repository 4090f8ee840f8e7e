import { contained } from '../../engine/formats/carrier.ts';
import { weightLegality } from '../../engine/formats/legality.ts';
import { formatFamilies, formatNamed, formats as named } from '../../engine/formats/registry.ts';
import { textTable } from '../../engine/report/text-table.ts';
import { defineCommand, jsonOption } from '../command.ts';

export const formats = defineCommand({
  name: 'formats',
  summary: 'the number formats that specs can name',
  description: 'Lists the registered number formats, members of families among them, with what ONNX holds weights in.',
  arguments: [],
  options: { json: jsonOption },
  examples: [{ line: 'qspec formats', does: 'shows names, bits and codes' }],
  async run({ terminal }) {
    const registered = [...named, ...formatFamilies.flatMap(({ examples }) => examples.map(formatNamed))];
    const families = formatFamilies.map(({ name, title, description, arguments: given, source, examples }) => ({
      ...{ name, title, description, source, examples },
      arguments: given.map(({ pattern, ...argument }) => ({
        ...argument,
        ...(pattern && { pattern: pattern.source }),
      })),
    }));
    return {
      exitCode: 0,
      json: { formats: registered, families },
      text: () =>
        textTable(
          [
            { title: 'format' },
            { title: 'bits', align: 'right' },
            { title: 'weights in ONNX' },
            { title: 'opset', align: 'right' },
            { title: 'description' },
          ],
          registered.map((format) => [
            format.name,
            String(format.bits),
            weightLegality(format).text,
            String(contained(format, undefined, 'weights').minOpset),
            format.description,
          ]),
          terminal.outStyle,
        ).join('\n'),
    };
  },
});
