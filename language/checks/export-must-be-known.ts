import { suggestion } from '../../engine/nearest.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { statementsOf } from '../resolve/definitions.ts';
import { optionValue } from '../resolve/judgements.ts';
import type { Check } from './check.ts';
import { exportFormats } from './exports.ts';
import { repeated, unknown } from './remarks.ts';

/** Format, style and options of an export. */
export const exportMustBeKnown: Check = {
  code: 'export/unknown',
  severity: 'error',
  section: 'results',
  what: 'No such format, style or option of an export, or an option out of its range.',
  why: 'It could not be written.',
  fix: 'Write `onnx qdq` or `onnx float`.',
  example: 'export tflite int8 "out/network.tflite"',
  *remarks({ ast }) {
    for (const statement of statementsOf(ast, 'ExportStatement')) {
      const format = exportFormats.find((known) => known.name === statement.format?.text);
      if (!format) {
        if (statement.format)
          yield unknown(
            'export format',
            statement.format,
            exportFormats.map((known) => known.name),
          );
        continue;
      }
      if (statement.style && !format.styles.some((style) => style.name === statement.style.text)) {
        yield unknown(
          `style of ${format.name}`,
          statement.style,
          format.styles.map((style) => style.name),
        );
      }
      yield* repeated(
        statement.options,
        (option) => option.key?.text,
        (option) => ({ what: `\`${option.key.text}\` is given twice.`, range: rangeOf(option) }),
      );
      for (const option of statement.options) {
        const declared = format.options.find((known) => known.name === option.key?.text);
        if (!option.key || !option.value) continue;
        if (!declared) {
          const names = format.options.map((known) => known.name);
          yield {
            what: `An export has no option \`${option.key.text}\`.`,
            ...suggestion(option.key.text, names),
            range: rangeOf(option.key),
          };
          continue;
        }
        const value = optionValue(option);
        if (typeof value === 'number' && Number.isInteger(value) && value >= declared.min && value <= declared.max)
          continue;
        yield {
          what: `\`${declared.name}\` is a whole number from ${declared.min} to ${declared.max}.`,
          why: declared.description,
          range: rangeOf(option.value),
        };
      }
    }
  },
};
