import type { AstNode, CstNode } from 'langium';
import { GrammarUtils } from 'langium';
import type { TextPosition, TextRange } from '../../engine/findings.ts';

/** Start of every line, for turning offsets into positions. Lines end with `\n`, `\r\n` or `\r`, as editors count them. */
export function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 10 || (code === 13 && text.charCodeAt(i + 1) !== 10)) starts.push(i + 1);
  }
  return starts;
}

export function positionAt(starts: readonly number[], offset: number): TextPosition {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low, column: offset - starts[low]! };
}

export function rangeBetween(starts: readonly number[], from: number, to: number): TextRange {
  return { start: positionAt(starts, from), end: positionAt(starts, to) };
}

const nowhere: TextRange = { start: { line: 0, column: 0 }, end: { line: 0, column: 0 } };

/** Trees of imported specs: the file, and where it is imported. */
const imports = new WeakMap<AstNode, { readonly path: string; readonly at: TextRange }>();

/** From now on every range in the tree is that of the `import` statement, and tells of its own place beside. */
export function standsAt(tree: AstNode, path: string, at: TextRange): void {
  imports.set(tree, { path, at });
}

/** The file that a node of an imported tree stands in; undefined in a spec's own tree. */
export function importedFrom(node: AstNode): string | undefined {
  return node.$cstNode && imports.get(node.$cstNode.root.astNode)?.path;
}

export function rangeOfCst(node: CstNode | undefined): TextRange {
  if (!node) return nowhere;
  const { start, end } = node.range;
  const range = {
    start: { line: start.line, column: start.character },
    end: { line: end.line, column: end.character },
  };
  const place = imports.get(node.root.astNode);
  return place ? { start: place.at.start, end: place.at.end, imported: { path: place.path, range } } : range;
}

/** Range of a tree node; of the whole file's first character where recovery left no text behind it. */
export function rangeOf(node: AstNode | undefined): TextRange {
  return rangeOfCst(node?.$cstNode);
}

/** Range of the `index`-th text of a property that holds a plain word; the node's own range where there is none. */
export function rangeOfProperty(node: AstNode, property: string, index = 0): TextRange {
  return rangeOfCst(GrammarUtils.findNodeForProperty(node.$cstNode, property, index) ?? node.$cstNode);
}

/** Range of a node's first word, for findings about a statement as a whole that should not underline all of it. */
export function rangeOfKeyword(node: AstNode, keyword: string): TextRange {
  return rangeOfCst(GrammarUtils.findNodeForKeyword(node.$cstNode, keyword) ?? node.$cstNode);
}

export function joinRanges(first: TextRange, last: TextRange): TextRange {
  return { start: first.start, end: last.end };
}
