import type { Finding } from '../../engine/findings.ts';
import type { Spec } from '../generated/ast.ts';
import type { Import } from './imports.ts';
import { blank, deepestNesting, largestSpec, mostSyntaxErrors, type Scan, safeNesting, scan } from './limits.ts';
import { findingOfCharacter, findingOfSyntaxError, type SyntaxFault, TooManySyntaxErrors } from './messages.ts';
import { createServices, type QSpecServices } from './parser.ts';
import { lineStarts, rangeBetween } from './ranges.ts';

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

let cached: QSpecServices | undefined;

/**
 * Reads a spec. Never throws: any text whatever gives a tree and findings (with ranges). After recovery from a fault, nodes
 * of the tree may lack parts that their types call mandatory; whoever walks it uses `?.`.
 */
export function loadSpec(text: string, path: string): LoadedSpec {
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
  const { scanned, parsed, deepest } = scanAndParse(readable);
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

function scanAndParse(text: string, deepest = deepestNesting): Attempt {
  const scanned = scan(text, deepest);
  try {
    return { scanned, parsed: parse(scanned.text), deepest };
  } catch (error) {
    // The stack's end.
    if (!(error instanceof RangeError) || deepest === safeNesting) throw error;
    return scanAndParse(text, safeNesting);
  }
}

interface Parsed {
  readonly value: Spec;
  readonly lexerErrors: readonly { readonly offset: number; readonly length: number }[];
  readonly parserErrors: readonly SyntaxFault[];
  readonly stoppedAt?: number;
}

function parse(text: string): Parsed {
  let stoppedAt: number | undefined;
  let readable = text;
  for (;;) {
    cached ??= createServices();
    cached.expectations.restart(stoppedAt === undefined ? mostSyntaxErrors : Number.POSITIVE_INFINITY);
    try {
      const { value, lexerErrors, parserErrors } = cached.parser.parse<Spec>(readable);
      const errors = parserErrors as unknown as readonly SyntaxFault[];
      return { value, lexerErrors, parserErrors: errors, ...(stoppedAt === undefined ? {} : { stoppedAt }) };
    } catch (error) {
      // A parser that was left in the middle is of no further use.
      cached = undefined;
      if (!(error instanceof TooManySyntaxErrors) || stoppedAt !== undefined) throw error;
      stoppedAt = Math.min(error.offset, readable.length);
      readable = blank(readable, [[stoppedAt, readable.length]]);
    }
  }
}

export function byPosition(a: Finding, b: Finding): number {
  const first = a.range?.start;
  const second = b.range?.start;
  if (!first || !second) return first ? 1 : second ? -1 : 0;
  return first.line - second.line || first.column - second.column;
}
