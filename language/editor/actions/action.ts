import type { AstNode } from 'langium';
import type { CheckedSpec } from '../../context.ts';
import type { QSpecAstType } from '../../generated/ast.ts';
import { type AnyRule, namingRules, selectingRules } from '../../grammar/rules.ts';
import { isComment, tokensOf } from '../../grammar/tokens.ts';
import type { TextEdit } from '../format.ts';
import { nodeAt } from '../position.ts';

/** A registry row: a change that a person may want of a spec in which nothing is wrong. */
export interface ActionKind {
  /** As `only` of a request names it; ends the kind: `refactor.rewrite.lock`. */
  readonly name: string;
  readonly family: 'refactor.extract' | 'refactor.inline' | 'refactor.rewrite';
  /** One sentence for documentation. */
  readonly summary: string;
  /** Whether every layer gets after it what it got before. */
  readonly keepsPlan: boolean;
  /** The cursor is at `¦`. The documentation shows it, a test carries it out. */
  readonly example: { readonly before: string; readonly after: string };
  /** What can be done at a place; nothing where it does not apply. */
  offer(place: Place, spec: CheckedSpec): Offer | undefined;
}

export interface Offer {
  readonly title: string;
  /** By offsets into the text, in order, apart from each other. */
  readonly edits: readonly TextEdit[];
}

type Types = QSpecAstType;

/** Where the cursor is, or the selection begins. */
export class Place {
  readonly text: string;
  readonly offset: number;
  readonly #node: AstNode | undefined;

  constructor({ spec }: CheckedSpec, offset: number) {
    this.text = spec.text;
    this.offset = offset;
    // A cursor behind the last letter is at the word too.
    this.#node = nodeAt(spec, offset) ?? nodeAt(spec, offset - 1);
  }

  /** The innermost node of a type around the cursor. */
  around<K extends keyof Types>(...types: readonly K[]): Types[K] | undefined {
    for (let node = this.#node; node; node = node.$container) {
      if ((types as readonly string[]).includes(node.$type)) return node as Types[K];
    }
    return undefined;
  }

  /** The rule around the cursor, of whichever block. */
  rule(): AnyRule | undefined {
    return this.around(...selectingRules, ...namingRules);
  }
}

/** A node's own text in the file; recovery from a fault may leave none. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export function stretchOf(node: AstNode | undefined): Stretch | undefined {
  const cst = node?.$cstNode;
  return cst && cst.end > cst.offset ? { start: cst.offset, end: cst.end, text: cst.text } : undefined;
}

/** Words and signs with one space between; undefined where a comment stands among them, which is not to be lost. */
export function wordsIn(text: string): string | undefined {
  const tokens = [...tokensOf(text)];
  return tokens.some(isComment) ? undefined : tokens.map((token) => token.text).join(' ');
}

/** White space at the beginning of the line that an offset is in. */
export function indentAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset))![0];
}

/** A stretch with the comments above it, and, where it has its lines for itself, with their end. */
export function wholeLines(
  text: string,
  { start, end }: Pick<Stretch, 'start' | 'end'>,
): { start: number; end: number } {
  let from = text.lastIndexOf('\n', start - 1) + 1;
  if (text.slice(from, start).trim() !== '') {
    // Something else stands before it: the space between goes too.
    return { start: start - /[ \t]*$/.exec(text.slice(0, start))![0].length, end };
  }
  for (;;) {
    const above = text.lastIndexOf('\n', from - 2) + 1;
    if (from === 0 || !/^\s*\/\//.test(text.slice(above, from))) break;
    from = above;
  }
  const rest = /^[ \t]*(?:\r\n|\n|$)/.exec(text.slice(end));
  return { start: from, end: end + (rest?.[0].length ?? 0) };
}
