import type { AstNode } from 'langium';
import type { CheckedSpec } from '../../context.ts';
import { importedFrom } from '../../grammar/ranges.ts';
import { documentationAbove } from '../documentation.ts';
import { plain } from '../markdown.ts';

/** Paragraphs of what its author says above a statement, and of where it is imported from. */
export function remarksOf(statement: AstNode, spec: CheckedSpec): readonly string[] {
  const said = documentationAbove(spec.spec, statement);
  const file = importedFrom(statement);
  return [
    ...(said === undefined
      ? []
      : [
          said
            .split('\n')
            .map((line) => plain(line))
            .join('\n'),
        ]),
    ...(file === undefined ? [] : [`From ${plain(spec.path.relative(spec.path.dirname(spec.spec.path), file))}.`]),
  ];
}
