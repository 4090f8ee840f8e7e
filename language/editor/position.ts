import type { AstNode } from 'langium';
import { CstUtils } from 'langium';
import type { TextPosition, TextRange } from '../../engine/findings.ts';
import type { LoadedSpec } from '../grammar/load.ts';
import { lineStarts, rangeOfCst } from '../grammar/ranges.ts';

export function offsetOf(text: string, position: TextPosition): number {
  const starts = lineStarts(text);
  const start = starts[position.line];
  if (start === undefined) return text.length;
  return Math.min(start + position.column, starts[position.line + 1] ?? text.length);
}

export interface Place {
  /** The smallest node of the tree that holds the word. */
  readonly node: AstNode;
  readonly word: string;
  readonly range: TextRange;
}

/** The smallest node of the tree that holds a place in the text. */
export function nodeAt(spec: LoadedSpec, offset: number): AstNode | undefined {
  const root = spec.ast.$cstNode;
  return root && offset >= 0 ? CstUtils.findLeafNodeAtOffset(root, offset)?.astNode : undefined;
}

/** The word under a position and the node that it belongs to. */
export function placeAt(spec: LoadedSpec, position: TextPosition): Place | undefined {
  const root = spec.ast.$cstNode;
  const leaf = root && CstUtils.findLeafNodeAtOffset(root, offsetOf(spec.text, position));
  if (!leaf) return undefined;
  return { node: leaf.astNode, word: leaf.text, range: rangeOfCst(leaf) };
}
