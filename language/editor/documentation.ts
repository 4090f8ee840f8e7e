import type { AstNode } from 'langium';
import { withImports } from '../grammar/imports.ts';
import type { LoadedSpec } from '../grammar/load.ts';
import { importedFrom } from '../grammar/ranges.ts';

/**
 * What its author says of a statement or rule: the lines that begin with `///` directly above it, without their signs.
 * Undefined where there are none.
 */
export function documentationAbove(spec: LoadedSpec, node: AstNode): string | undefined {
  const offset = node.$cstNode?.offset;
  if (offset === undefined) return undefined;
  const file = importedFrom(node);
  const text = file === undefined ? spec.text : [...withImports(spec)].find(({ path }) => path === file)?.text;
  const above = text?.slice(0, offset).split(/\r\n|\r|\n/) ?? [];
  // What stands before the statement on its own line.
  if (above.pop()?.trim() !== '') return undefined;
  const lines: string[] = [];
  for (let line = above.pop(); line !== undefined; line = above.pop()) {
    const comment = /^\s*\/\/\/ ?(.*)$/.exec(line);
    if (!comment) break;
    lines.unshift(comment[1]!.trimEnd());
  }
  return lines.length > 0 ? lines.join('\n') : undefined;
}
