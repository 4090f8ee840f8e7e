import { suggestion } from '../../engine/nearest.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { statementsOf } from '../resolve/definitions.ts';
import { optionValue } from '../resolve/judgements.ts';
import { find } from '../vocabulary.ts';
import type { Check, Remark } from './check.ts';
import { type ExportOptionWord, exportFormats } from './exports.ts';
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
      const style = find(format.styles, statement.style?.text);
      if (statement.style && !style) {
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
        if (style && declared.style !== undefined && declared.style !== style.name) {
          yield {
            what: `\`${declared.name}\` is an option of \`export ${format.name} ${declared.style}\`.`,
            why: declared.description,
            fix: 'Leave it out.',
            range: rangeOf(option),
          };
          continue;
        }
        const value = optionValue(option);
        if (!takes(declared, value)) yield { ...mistaken(declared, String(value)), range: rangeOf(option.value) };
      }
    }
  },
};

function takes(declared: ExportOptionWord, value: number | string | undefined): boolean {
  if (declared.words) return declared.words.some(({ name }) => name === value);
  return typeof value === 'number' && Number.isInteger(value) && value >= declared.min && value <= declared.max;
}

function mistaken(declared: ExportOptionWord, value: string): Pick<Remark, 'what' | 'why' | 'replacement'> {
  const { name, description: why } = declared;
  if (!declared.words) return { what: `\`${name}\` is a whole number from ${declared.min} to ${declared.max}.`, why };
  const words = declared.words.map((word) => word.name);
  return {
    what: `\`${name}\` is ${words.slice(0, -1).join(', ')} or ${words.at(-1)}.`,
    why,
    ...suggestion(value, words),
  };
}
