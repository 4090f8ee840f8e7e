import { FindingError } from '../engine/findings.ts';
import type { Host, HostPath } from '../engine/host.ts';
import type { FileKnowledge } from './context.ts';
import type { Spec, Text } from './generated/ast.ts';
import { type ImportAnswer, importsOf, linkImports, withImports } from './grammar/imports.ts';
import type { LoadedSpec } from './grammar/load.ts';
import { textValue } from './grammar/text.ts';
import { statementsOf } from './resolve/definitions.ts';

export interface ReferencedFile {
  readonly what: 'imported spec' | 'model' | 'data' | 'split file' | 'label file';
  readonly text: Text;
  /** As written. */
  readonly path: string;
}

/** Every path that a spec itself reads; what it imports has its own. */
export function* referencedFiles(spec: Spec): Iterable<ReferencedFile> {
  for (const { path } of statementsOf(spec, 'ImportStatement')) {
    if (path) yield { what: 'imported spec', text: path, path: textValue(path) };
  }
  for (const { path } of statementsOf(spec, 'ModelStatement')) {
    if (path) yield { what: 'model', text: path, path: textValue(path) };
  }
  for (const statement of statementsOf(spec, 'DataStatement')) {
    if (statement.path) yield { what: 'data', text: statement.path, path: textValue(statement.path) };
    for (const option of statement.options) {
      if (option.$type === 'SplitOption' && option.path) {
        yield { what: 'split file', text: option.path, path: textValue(option.path) };
      } else if (option.$type === 'LabelsOption' && option.path) {
        yield { what: 'label file', text: option.path, path: textValue(option.path) };
      }
    }
  }
}

/**
 * Looks where a spec's paths point, so that checks, which are synchronous, can tell of missing files. Of a glob, the folder
 * before its first wildcard is looked at. Paths that cannot be looked at count as unknown, not as missing.
 */
export async function lookAtFiles(
  spec: LoadedSpec,
  host: Pick<Host, 'stat' | 'path'>,
): Promise<(path: string) => FileKnowledge | undefined> {
  const known = new Map<string, FileKnowledge>();
  const paths = new Set(
    [...withImports(spec)].flatMap(({ ast, path: own }) =>
      [...referencedFiles(ast)].map(({ path }) => host.path.resolve(host.path.dirname(own), path)),
    ),
  );
  // A spec names a handful of files; one that names thousands is not worth the wait.
  for (const path of [...paths].slice(0, 200)) {
    try {
      const stat = await host.stat(withoutWildcards(path));
      known.set(path, { exists: stat !== undefined, ...(stat ? { isFolder: stat.isDirectory } : {}) });
    } catch (error) {
      if (error instanceof FindingError && error.finding.code === 'file/outside') {
        known.set(path, { exists: false, outside: true });
      }
      // Otherwise not allowed to look, or no path at all on this machine (a NUL character): left unknown.
    }
  }
  return (path) => known.get(path);
}

function withoutWildcards(path: string): string {
  const wildcard = path.search(/[*?[{]/);
  if (wildcard < 0) return path;
  const end = Math.max(path.lastIndexOf('/', wildcard), path.lastIndexOf('\\', wildcard));
  return end <= 0 ? path.slice(0, 1) : path.slice(0, end);
}

/** The path of the model that a spec names, or the last of its imports that names one; undefined where none does. */
export function modelPathNamed(spec: LoadedSpec, paths: Pick<HostPath, 'resolve' | 'dirname'>): string | undefined {
  for (const { ast, path } of [...withImports(spec)].reverse()) {
    const text = textValue(statementsOf(ast, 'ModelStatement')[0]?.path);
    if (text !== '') return paths.resolve(paths.dirname(path), text);
  }
  return undefined;
}

/** Bytes of the largest file that is read as a spec. */
export const largestSpecFile = 1 << 20;

/** A file as an `import` sees it. */
export async function importSourceAt(path: string, host: Pick<Host, 'stat' | 'readFile'>): Promise<ImportAnswer> {
  try {
    const stat = await host.stat(path);
    if (stat === undefined || stat.isDirectory || stat.size > largestSpecFile) return { kind: 'missing' };
    return { text: new TextDecoder().decode(await host.readFile(path)) };
  } catch (error) {
    const outside = error instanceof FindingError && error.finding.code === 'file/outside';
    return { kind: outside ? 'outside' : 'missing' };
  }
}

/** A spec with everything that it imports, read from the machine. */
export async function readImports(
  spec: LoadedSpec,
  host: Pick<Host, 'stat' | 'readFile' | 'path'>,
  given: (path: string) => ImportAnswer = () => undefined,
): Promise<LoadedSpec> {
  const known = new Map<string, ImportAnswer>();
  for (;;) {
    const linked = linkImports(spec, host.path, (path) => given(path) ?? known.get(path));
    const unknown = [...importsOf(linked)].filter(({ outcome }) => outcome.kind === 'unknown');
    if (unknown.length === 0) return linked;
    for (const { path } of unknown) known.set(path, await importSourceAt(path, host));
  }
}
