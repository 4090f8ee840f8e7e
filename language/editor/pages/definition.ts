import type { CheckedSpec } from '../../context.ts';
import type { DataStatement, FormatStatement } from '../../generated/ast.ts';
import { textValue } from '../../grammar/text.ts';
import { readFields } from '../../resolve/fields.ts';
import { find } from '../../vocabulary.ts';
import { paragraphs, plain } from '../markdown.ts';
import { formatPage } from './format.ts';
import { remarksOf } from './remarks.ts';

/** A format of the spec: what it is made of, what its author says of it, and the number format behind it. */
export function namedFormatPage(statement: FormatStatement, spec: CheckedSpec): string {
  const { format, scheme, observer } = readFields(statement.format, spec.definitions.formats, spec.vocabulary);
  const number = find(spec.vocabulary.formats, format?.value);
  return paragraphs(
    `**${plain(statement.name?.text ?? '')}** \\= ${plain(statement.format?.$cstNode?.text ?? '')}`,
    ...remarksOf(statement, spec),
    number ? formatPage(number, spec, { scheme: scheme?.value, observer: observer?.value }) : '',
  );
}

export function dataPage(statement: DataStatement, spec: CheckedSpec): string {
  const where = `${statement.kind?.text ?? ''} ${textValue(statement.path)}`;
  return paragraphs(`**${plain(statement.name?.text ?? '')}** ${plain(where)}`, ...remarksOf(statement, spec));
}
