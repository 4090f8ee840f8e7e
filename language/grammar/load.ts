import type { Finding } from '../../engine/findings.ts';
import type { Spec } from '../generated/ast.ts';
import type { Import } from './imports.ts';
import { deepestNesting, largestSpec, mostSyntaxErrors, type Scan, safeNesting, scan } from './limits.ts';
import { findingOfCharacter, findingOfSyntaxError } from './messages.ts';
import { type Parsed, parse } from './parser.ts';
import { lineStarts, rangeBetween } from './ranges.ts';
import { reparse } from './reparse.ts';

/** A spec as read: its tree, whatever the text was, and what is wrong with how it is written. */
export interface LoadedSpec {
  /** Absolute path of the file; relative paths in the spec start from its folder. */
  readonly path: string;
  readonly text: string;
  readonly ast: Spec;
  readonly findings: readonly Finding[];
  /** What `import` statements bring, once `linkImports` has looked; in the order of the file. */
  readonly imports?: readonly Import[];
}

/**
 * Reads a spec. Never throws: any text whatever gives a tree and findings (with ranges). After recovery from a fault, nodes
 * of the tree may lack parts that their types call mandatory; whoever walks it uses `?.`.
 *
 * @param before an earlier version of the same file; what did not change is taken from it, after which it is not to be used.
 */
export function loadSpec(text: string, path: string, before?: LoadedSpec): LoadedSpec {
  const starts = lineStarts(text);
  const findings: Finding[] = [];
  let readable = text;
  if (text.length > largestSpec) {
    findings.push({
      code: 'syntax/too-large',
      severity: 'error',
      what: `The spec has ${text.length} characters; at most ${largestSpec} are read.`,
      fix: 'Check that this is the file you meant.',
      range: rangeBetween(starts, 0, 0),
    });
    readable = '';
  }
  const { scanned, parsed, deepest } = scanAndParse(readable, before && readings.get(before.ast));
  if (scanned.tooDeep !== undefined) {
    findings.push({
      code: 'syntax/nesting',
      severity: 'error',
      what: `Brackets are nested more than ${deepest} deep here; what is inside is not read.`,
      fix: 'Split the selector into several rules.',
      range: rangeBetween(starts, scanned.tooDeep, scanned.tooDeep + 1),
    });
  }
  if (scanned.unclosedComment !== undefined) {
    findings.push({
      code: 'syntax/unclosed-comment',
      severity: 'error',
      what: 'This comment is never closed.',
      why: 'Everything after it is part of the comment.',
      fix: 'End it with `*/`.',
      range: rangeBetween(starts, scanned.unclosedComment, scanned.unclosedComment + 2),
    });
  }
  const strange = scanned.strange.map(([from, to]) => ({ offset: from, length: to - from }));
  for (const error of [...strange.slice(0, mostSyntaxErrors), ...parsed.lexerErrors.slice(0, mostSyntaxErrors)]) {
    findings.push(findingOfCharacter(error, text, starts));
  }
  for (const error of parsed.parserErrors) findings.push(findingOfSyntaxError(error, starts, text.length));
  if (parsed.stoppedAt !== undefined) {
    findings.push({
      code: 'syntax/gave-up',
      severity: 'error',
      what: `More than ${mostSyntaxErrors} syntax errors: the rest of the file, from here on, is not read.`,
      range: rangeBetween(starts, parsed.stoppedAt, parsed.stoppedAt),
    });
  }
  findings.sort(byPosition);
  return { path, text, ast: parsed.value, findings: findings.map((finding) => ({ ...finding, file: path })) };
}

interface Attempt {
  readonly scanned: Scan;
  readonly parsed: Parsed;
  readonly deepest: number;
}

/** What the parser made of the texts that are shown to be sound as a whole, for the next version of them. */
const readings = new WeakMap<Spec, Parsed>();

function scanAndParse(text: string, before?: Parsed, deepest = deepestNesting): Attempt {
  const scanned = scan(text, deepest);
  const isSound = scanned.tooDeep === undefined && scanned.unclosedComment === undefined;
  try {
    const parsed = (isSound && before && reparse(before, scanned.text)) || parse(scanned.text);
    if (isSound) readings.set(parsed.value, parsed);
    return { scanned, parsed, deepest };
  } catch (error) {
    // The stack's end.
    if (!(error instanceof RangeError) || deepest === safeNesting) throw error;
    return scanAndParse(text, undefined, safeNesting);
  }
}

export function byPosition(a: Finding, b: Finding): number {
  const first = a.range?.start;
  const second = b.range?.start;
  if (!first || !second) return first ? 1 : second ? -1 : 0;
  return first.line - second.line || first.column - second.column;
}
