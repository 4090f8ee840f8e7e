import type { HostPath } from '../../engine/host.ts';
import type { ImportStatement } from '../generated/ast.ts';
import { type LoadedSpec, loadSpec } from './load.ts';
import { rangeOf, standsAt } from './ranges.ts';
import { textValue } from './text.ts';

/** One `import` statement and what it brings. */
export interface Import {
  readonly statement: ImportStatement;
  /** Absolute. */
  readonly path: string;
  readonly outcome: ImportedSpec | { readonly kind: 'unknown' | 'missing' | 'outside' | 'cycle' | 'too-deep' };
}

export interface ImportedSpec {
  readonly kind: 'spec';
  /** Its ranges are those of the `import` statement. */
  readonly spec: LoadedSpec;
}

/** The text of a file, or why there is none; undefined while nobody has looked. */
export type ImportAnswer = { readonly text: string } | { readonly kind: 'missing' | 'outside' } | undefined;

/** Files that import files that import …: no spec needs more. */
const deepest = 16;

/**
 * A spec with its imports read, and theirs. `sourceAt` answers undefined for a file that nobody has read yet; it can be
 * asked again later. Never throws.
 */
export function linkImports(
  spec: LoadedSpec,
  paths: Pick<HostPath, 'resolve' | 'dirname'>,
  sourceAt: (path: string) => ImportAnswer,
): LoadedSpec {
  const link = (own: LoadedSpec, above: readonly string[]): LoadedSpec => {
    const statements = own.ast.statements.filter((statement) => statement.$type === 'ImportStatement');
    if (statements.length === 0) return own;
    const imports = statements.map((statement): Import => {
      const path = paths.resolve(paths.dirname(own.path), textValue(statement.path));
      return { statement, path, outcome: outcomeOf(statement, path, above) };
    });
    return { ...own, imports };
  };
  const outcomeOf = (statement: ImportStatement, path: string, above: readonly string[]): Import['outcome'] => {
    if (above.includes(path)) return { kind: 'cycle' };
    if (above.length > deepest) return { kind: 'too-deep' };
    const answer = textValue(statement.path) === '' ? { kind: 'missing' as const } : sourceAt(path);
    if (answer === undefined) return { kind: 'unknown' };
    if (!('text' in answer)) return answer;
    const spec = loadSpec(answer.text, path);
    standsAt(spec.ast, path, rangeOf(statement));
    return { kind: 'spec', spec: link(spec, [...above, path]) };
  };
  return link(spec, [spec.path]);
}

/** A spec and all that it imports, the imported before those that import them. */
export function* withImports(spec: LoadedSpec): Iterable<LoadedSpec> {
  for (const { outcome } of spec.imports ?? []) if (outcome.kind === 'spec') yield* withImports(outcome.spec);
  yield spec;
}

/** Every import of a spec and of what it imports. */
export function* importsOf(spec: LoadedSpec): Iterable<Import> {
  for (const item of spec.imports ?? []) {
    yield item;
    if (item.outcome.kind === 'spec') yield* importsOf(item.outcome.spec);
  }
}
