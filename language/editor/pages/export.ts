import { type ExportFormat, exportFormats } from '../../checks/exports.ts';
import type { CheckedSpec } from '../../context.ts';
import type { ExportStatement } from '../../generated/ast.ts';
import { allNodesOf } from '../../grammar/walk.ts';
import { readFields } from '../../resolve/fields.ts';
import { find } from '../../vocabulary.ts';
import { example, facts, figure, heading, paragraphs, plain, table } from '../markdown.ts';

/** What an export writes, what can be asked of it, and what the formats of this spec ask of it. */
export function exportPage(statement: ExportStatement, word: string, spec: CheckedSpec): string | undefined {
  const format = exportFormats.find(({ name }) => name === statement.format?.text);
  const style = format?.styles.find(({ name }) => name === statement.style?.text);
  if (!format) return undefined;
  if (word !== format.name) return style && word === style.name ? stylePage(format, style, spec) : undefined;
  return paragraphs(
    `${heading(format.name)} ${plain(format.description)}`,
    table(
      ['style', ''],
      format.styles.map(({ name, description }) => [plain(name), plain(description, 300)]),
    ),
    optionsText(format),
    example(`export ${format.name} ${format.styles[0]!.name} "out/model.int8.onnx"`),
  );
}

function stylePage(format: ExportFormat, style: ExportFormat['styles'][number], spec: CheckedSpec): string {
  const needed = style.name === 'qdq' ? opsetNeeded(spec) : undefined;
  return paragraphs(
    `**${plain(`${format.name} ${style.name}`)}** ${plain(style.description, 300)}`,
    facts([
      ['here', needed === undefined ? '' : `opset ${needed.opset}, the lowest that holds ${plain(needed.format)}`],
    ]),
    optionsText(format),
  );
}

function optionsText({ options }: ExportFormat): string {
  return table(
    ['option', 'range', ''],
    options.map(({ name, min, max, description }) => [
      plain(name),
      `${figure(min)}&nbsp;…&nbsp;${figure(max)}`,
      plain(description, 300),
    ]),
  );
}

/** The operator set that the formats of the spec's statements ask for, and which of them asks for it. */
function opsetNeeded({ spec, definitions, vocabulary }: CheckedSpec): { opset: number; format: string } | undefined {
  let needed: { opset: number; format: string } | undefined;
  for (const statement of allNodesOf(spec, 'RoleStatement')) {
    const format = readFields(statement.format, definitions.formats, vocabulary).format?.value;
    const opset = find(vocabulary.formats, format)?.minOpset;
    if (format !== undefined && opset !== undefined && opset > (needed?.opset ?? 0)) needed = { opset, format };
  }
  return needed;
}
