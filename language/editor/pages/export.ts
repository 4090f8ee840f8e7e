import { type Container, contained } from '../../../engine/formats/carrier.ts';
import { type ExportFormat, type ExportOptionWord, exportFormats } from '../../checks/exports.ts';
import type { CheckedSpec } from '../../context.ts';
import type { ExportStatement } from '../../generated/ast.ts';
import { allNodesOf } from '../../grammar/walk.ts';
import { readFields } from '../../resolve/fields.ts';
import { containerOf, exportRoleOf } from '../../resolve/judgements.ts';
import { find } from '../../vocabulary.ts';
import { example, facts, figure, heading, paragraphs, plain, table } from '../markdown.ts';

/** What an export writes, what can be asked of it, and what the formats of this spec ask of it. */
export function exportPage(statement: ExportStatement, word: string, spec: CheckedSpec): string | undefined {
  const format = exportFormats.find(({ name }) => name === statement.format?.text);
  const style = format?.styles.find(({ name }) => name === statement.style?.text);
  if (!format) return undefined;
  if (word !== format.name) return style && word === style.name ? stylePage(format, style, statement, spec) : undefined;
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

function stylePage(
  format: ExportFormat,
  style: ExportFormat['styles'][number],
  statement: ExportStatement,
  spec: CheckedSpec,
): string {
  const needed = style.name === 'qdq' ? opsetNeeded(spec, containerOf(statement)) : undefined;
  return paragraphs(
    `**${plain(`${format.name} ${style.name}`)}** ${plain(style.description, 300)}`,
    facts([
      ['here', needed === undefined ? '' : `opset ${needed.opset}, the lowest that holds ${plain(needed.format)}`],
    ]),
    optionsText(format, style.name),
  );
}

/** Options of a style, or of all. */
function optionsText({ options }: ExportFormat, style?: string): string {
  const own = options.filter((option) => style === undefined || option.style === undefined || option.style === style);
  return table(
    ['option', 'value', ''],
    own.map((option) => [plain(option.name), valueText(option), plain(option.description, 300)]),
  );
}

function valueText(option: ExportOptionWord): string {
  if (option.words) return option.words.map(({ name }) => plain(name)).join(', ');
  return `${figure(option.min)}&nbsp;…&nbsp;${figure(option.max)}`;
}

/** The operator set that the formats of the spec's statements ask for, and which of them asks for it. */
function opsetNeeded(
  { spec, definitions, vocabulary }: CheckedSpec,
  container: Container | undefined,
): { opset: number; format: string } | undefined {
  let needed: { opset: number; format: string } | undefined;
  for (const statement of allNodesOf(spec, 'RoleStatement')) {
    const format = find(
      vocabulary.formats,
      readFields(statement.format, definitions.formats, vocabulary).format?.value,
    );
    const opset = format && contained(format, container, exportRoleOf(statement)).minOpset;
    if (opset !== undefined && opset > (needed?.opset ?? 0)) needed = { opset, format: format!.name };
  }
  return needed;
}
