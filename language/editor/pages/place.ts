import type { TextRange } from '../../../engine/findings.ts';
import type { CheckedSpec } from '../../context.ts';
import { withImports } from '../../grammar/imports.ts';
import { plain } from '../markdown.ts';

/** Longest part of a line that is shown. */
const longest = 60;

/** `line 4: weights int4`, with the file before it where that is another. */
export function placeText(range: TextRange, spec: CheckedSpec): string {
  const { imported } = range;
  const { line } = (imported?.range ?? range).start;
  const file = imported && spec.path.relative(spec.path.dirname(spec.spec.path), imported.path);
  const text = imported ? [...withImports(spec.spec)].find(({ path }) => path === imported.path)?.text : spec.spec.text;
  const said =
    text
      ?.split(/\r\n|\r|\n/)
      [line]?.trim()
      .replaceAll(/\s+/g, ' ') ?? '';
  return `${file === undefined ? '' : `${plain(file)}, `}line ${line + 1}${said === '' ? '' : `: ${plain(said, longest)}`}`;
}
