import type { AstNode, CstNode } from 'langium';
import type { TextPosition, TextRange } from '../../engine/findings.ts';
import type { Spec } from '../generated/ast.ts';
import type { LoadedSpec } from '../grammar/load.ts';
import { lineStarts, positionAt, rangeOf, rangeOfCst } from '../grammar/ranges.ts';
import { isRule } from '../grammar/rules.ts';
import { tokensOf } from '../grammar/tokens.ts';
import { offsetOf } from './position.ts';

/** A statement or rule, for the outline and the breadcrumbs. */
export interface Entry {
  readonly kind: 'import' | 'model' | 'target' | 'data' | 'format' | 'block' | 'rule' | 'export' | 'expectation';
  readonly name: string;
  /** What stands beside the name, in short. */
  readonly detail: string;
  readonly range: TextRange;
  readonly children: readonly Entry[];
}

type Statement = Spec['statements'][number];

export function outlineOf({ ast }: LoadedSpec): readonly Entry[] {
  return ast.statements.flatMap((statement) => entryOf(statement) ?? []);
}

function entryOf(statement: Statement): Entry | undefined {
  const entry = (
    kind: Entry['kind'],
    name: string | undefined,
    detail = '',
    children: readonly Entry[] = [],
  ): Entry => {
    return { kind, name: name || statement.$type, detail, range: rangeOf(statement), children };
  };
  switch (statement.$type) {
    case 'Header':
      return undefined;
    case 'ImportStatement':
      return entry('import', 'import', source(statement.path));
    case 'ModelStatement':
      return entry('model', 'model', source(statement.path));
    case 'TargetStatement':
      return entry('target', statement.name?.text, 'target');
    case 'DataStatement':
      return entry('data', statement.name?.text, `${source(statement.kind)} ${source(statement.path)}`.trim());
    case 'FormatStatement':
      return entry('format', statement.name?.text, source(statement.format));
    case 'PassesStatement':
      return entry('block', 'passes', source(statement).replace(/^passes /, ''));
    case 'PruneBlock':
      return entry('block', 'prune', '', statement.items.flatMap(ruleEntry));
    case 'TrainBlock':
      return entry('block', 'train', '', statement.items.flatMap(ruleEntry));
    case 'QuantizeBlock':
      return entry('block', 'quantize', '', statement.items.flatMap(ruleEntry));
    case 'SearchBlock':
      return entry('block', 'search');
    case 'ExportStatement':
      return entry(
        'export',
        `export ${source(statement.format)} ${source(statement.style)}`.trim(),
        source(statement.path),
      );
    case 'ExpectStatement':
      return entry('expectation', source(statement));
  }
}

function ruleEntry(item: AstNode): Entry[] {
  if (isRule(item)) {
    const text = source(item);
    const head = text.split(/\{|\bkeep\b/)[0]!.trim();
    const detail = text.slice(head.length).trim();
    return [{ kind: 'rule', name: shortened(head), detail: shortened(detail), range: rangeOf(item), children: [] }];
  }
  return [{ kind: 'rule', name: shortened(source(item)), detail: '', range: rangeOf(item), children: [] }];
}

/** A node as it is written, on one line and not too long. */
function source(node: AstNode | undefined): string {
  return shortened((node?.$cstNode?.text ?? '').replaceAll(/\s+/g, ' '));
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Lines, counted from 0, that can be shown as the first of them. */
export interface Fold {
  readonly startLine: number;
  readonly endLine: number;
  readonly kind: 'block' | 'comment';
}

/** Blocks and lists in brackets, block comments, and runs of line comments. */
export function foldsOf(text: string): readonly Fold[] {
  const starts = lineStarts(text);
  const lineOf = (offset: number) => positionAt(starts, offset).line;
  const folds: Fold[] = [];
  const open: number[] = [];
  let run: { first: number; last: number } | undefined;
  const endRun = () => {
    if (run && run.last > run.first) folds.push({ startLine: run.first, endLine: run.last, kind: 'comment' });
    run = undefined;
  };
  let lineBefore = -1;
  for (const token of tokensOf(text)) {
    const line = lineOf(token.start);
    if (token.kind === 'line-comment' && line !== lineBefore) {
      if (run && line === run.last + 1) run.last = line;
      else {
        endRun();
        run = { first: line, last: line };
      }
    } else endRun();
    const lastLine = lineOf(Math.max(token.start, token.end - 1));
    if (token.kind === 'block-comment' && lastLine > line) {
      folds.push({ startLine: line, endLine: lastLine, kind: 'comment' });
    }
    if (token.kind === 'sign' && '{[('.includes(token.text)) open.push(line);
    else if (token.kind === 'sign' && '}])'.includes(token.text)) {
      const first = open.pop();
      // The closing sign stays in sight.
      if (first !== undefined && line - 1 > first) folds.push({ startLine: first, endLine: line - 1, kind: 'block' });
    }
    lineBefore = lastLine;
  }
  endRun();
  return folds.sort((a, b) => a.startLine - b.startLine || b.endLine - a.endLine);
}

/** From the word at a position outwards: what "Expand Selection" selects, the smallest first. */
export function selectionsAt({ ast, text }: LoadedSpec, position: TextPosition): readonly TextRange[] {
  const offset = offsetOf(text, position);
  const ranges: { offset: number; end: number; range: TextRange }[] = [];
  let node: CstNode | undefined = ast.$cstNode;
  while (node) {
    ranges.push({ offset: node.offset, end: node.end, range: rangeOfCst(node) });
    const within: CstNode | undefined = 'content' in node ? smallestAt(node.content as CstNode[], offset) : undefined;
    node = within;
  }
  const selections: TextRange[] = [];
  let last = { offset: Number.NaN, end: Number.NaN };
  for (const candidate of ranges.reverse()) {
    if (candidate.offset !== last.offset || candidate.end !== last.end) selections.push(candidate.range);
    last = candidate;
  }
  return selections;
}

function smallestAt(nodes: readonly CstNode[], offset: number): CstNode | undefined {
  return (
    nodes.find((node) => node.offset <= offset && offset < node.end) ??
    nodes.find((node) => node.offset <= offset && offset <= node.end)
  );
}
