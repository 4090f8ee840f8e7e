import type { AstNode, CompositeCstNode, CstNode, RootCstNode } from 'langium';
import type { Spec } from '../generated/ast.ts';
import { type Parsed, parse } from './parser.ts';
import { lineStarts, positionAt } from './ranges.ts';

/*
 * A keystroke changes one statement, or one rule of a block. What it touches is parsed again in a text of which all else is
 * white space, so that offsets and lines are those of the whole; what comes of it takes the place of what was there, and all
 * that stands behind moves. That this gives what parsing the whole gives rests on two things: the parser goes from left to
 * right, and a witness (the next item, which nobody touched, or the brace that ends the block) was met where it was met before,
 * with no fault behind it. From there on everything is read as it was. Where that cannot be said, and where there were faults
 * elsewhere, the whole is parsed. A property test holds both ways together.
 */

/** A list whose items are parsed one by one: the statements of a spec, or the items of one of its blocks. */
interface List {
  readonly items: readonly AstNode[];
  /** The node that holds those of the items side by side. */
  readonly place: CompositeCstNode;
  /** Offsets between which the items stand; the end is that of a block's brace, or infinite. */
  readonly start: number;
  readonly end: number;
  readonly block?: Block;
}

type Block = Extract<Spec['statements'][number], { readonly items: readonly AstNode[] }>;

/** What stands from `from` to `oldEnd` in one text and to `newEnd` in the other; what follows is the same. */
interface Edit {
  readonly from: number;
  readonly oldEnd: number;
  readonly newEnd: number;
}

/** What is parsed again; offsets are those of the old text. */
interface Window {
  /** The items that are replaced: from this one up to that. */
  readonly first: number;
  readonly next: number;
  readonly start: number;
  /** Where the witness begins, and what it is if it is an item. */
  readonly end: number;
  readonly witness: AstNode | undefined;
}

/**
 * What the parser makes of a text, made of what it made of another by parsing only what changed; undefined where the whole has
 * to be parsed. The other's tree moves into the new one and is not to be used any more.
 */
export function reparse(before: Parsed, text: string): Parsed | undefined {
  const edit = before.stoppedAt === undefined ? editBetween(before.text, text) : undefined;
  const list = edit && listAround(before.value, edit);
  if (!edit || !list) return undefined;
  const window = windowOf(list, edit, before.text);
  if (!hasNoFaultBeyond(before, window, 0)) return undefined;
  const shift = edit.newEnd - edit.oldEnd;
  const starts = lineStarts(text);
  const page = parse(pageOf(list, window, text, shift, starts));
  if (page.stoppedAt !== undefined || !hasNoFaultBeyond(page, window, shift)) return undefined;
  const fresh = freshList(page.value, list, window, shift);
  if (!fresh) return undefined;

  const was = positionAt(lineStarts(before.text), edit.oldEnd);
  const is = positionAt(starts, edit.newEnd);
  const move = { shift, line: was.line, lines: is.line - was.line, columns: is.column - was.column };
  return { ...page, text, value: join(before.value, list, window, fresh, move, text) };
}

function editBetween(before: string, after: string): Edit {
  const shorter = Math.min(before.length, after.length);
  let from = 0;
  while (from < shorter && before.charCodeAt(from) === after.charCodeAt(from)) from++;
  let [oldEnd, newEnd] = [before.length, after.length];
  while (oldEnd > from && newEnd > from && before.charCodeAt(oldEnd - 1) === after.charCodeAt(newEnd - 1)) {
    oldEnd--;
    newEnd--;
  }
  return { from, oldEnd, newEnd };
}

/** The shortest list that an edit lies in. */
function listAround(spec: Spec, { from, oldEnd }: Edit): List | undefined {
  for (const statement of spec.statements) {
    const braces = isBlock(statement) ? bracesOf(statement) : undefined;
    if (!braces || from < braces.open.end || oldEnd > braces.close.offset) continue;
    const { open, close } = braces;
    const block = statement as Block;
    return { items: block.items, place: open.container!, start: open.end, end: close.offset, block };
  }
  const root = spec.$cstNode as RootCstNode | undefined;
  return root && { items: spec.statements, place: root, start: 0, end: Number.POSITIVE_INFINITY };
}

function isBlock(statement: AstNode): statement is Block {
  return 'items' in statement;
}

/** The braces of a block; undefined where the closing one is missing. */
function bracesOf(block: AstNode): { readonly open: CstNode; readonly close: CstNode } | undefined {
  let place = block.$cstNode;
  // Each alternative of a rule wraps what it makes into a node of its own.
  while (isComposite(place) && place.content.length === 1) place = place.content[0];
  if (!isComposite(place)) return undefined;
  const open = place.content.find((child) => isWord(child, '{'));
  const close = place.content.at(-1);
  return open && close && isWord(close, '}') ? { open, close } : undefined;
}

function isComposite(node: CstNode | undefined): node is CompositeCstNode {
  return node !== undefined && 'content' in node;
}

function isWord(node: CstNode, word: string): boolean {
  return !isComposite(node) && (node as unknown as Leaf)._tokenType.name === word;
}

function windowOf({ items, start, end }: List, edit: Edit, text: string): Window {
  const firstOf = (holds: (item: AstNode) => boolean) => {
    const index = items.findIndex(holds);
    return index < 0 ? items.length : index;
  };
  const touched = firstOf((item) => endOf(item) >= edit.from);
  const next = Math.max(
    touched,
    firstOf((item) => offsetOf(item) > edit.oldEnd),
  );
  const previous = items[touched - 1];
  // What ends with a brace is complete; anything else may go on in what follows it.
  const first = previous && text[endOf(previous) - 1] !== '}' ? touched - 1 : touched;
  const witness = items[next];
  return {
    first,
    next,
    start: first === 0 ? start : first < touched ? offsetOf(items[first]!) : endOf(items[first - 1]!),
    end: witness ? offsetOf(witness) : end,
    witness,
  };
}

function offsetOf(node: AstNode): number {
  return node.$cstNode?.offset ?? 0;
}

function endOf(node: AstNode): number {
  return node.$cstNode?.end ?? 0;
}

/** Whether a window has all faults of a text. One that is told of at its first token may be a fault of what stands before. */
function hasNoFaultBeyond({ lexerErrors, parserErrors }: Parsed, window: Window, shift: number): boolean {
  const offsets = [
    ...lexerErrors.map(({ offset }) => offset),
    // The end of the text has no offset.
    ...parserErrors.map(({ token }) => (token.startOffset >= 0 ? token.startOffset : Number.POSITIVE_INFINITY)),
  ];
  const start = window.first === 0 ? window.start : window.start + 1;
  return offsets.every((offset) => offset >= start && offset <= window.end + shift);
}

/** The new text with everything made white space but what is to be parsed: the window, its witness, the frame of the block. */
function pageOf(list: List, window: Window, text: string, shift: number, starts: readonly number[]): string {
  const kept: (readonly [from: number, to: number])[] = [];
  if (list.block) kept.push([offsetOf(list.block), list.start]);
  kept.push([window.start, Math.min(window.end + shift, text.length)]);
  const { witness } = window;
  if (witness) {
    const [from, to] = [offsetOf(witness) + shift, endOf(witness) + shift];
    // Of a block nothing is needed but that it is one: it may have a thousand lines.
    const braces = isBlock(witness) ? bracesOf(witness) : undefined;
    if (braces) kept.push([from, braces.open.end + shift], [braces.close.offset + shift, to]);
    else kept.push([from, to]);
  }
  if (list.block) kept.push([list.end + shift, list.end + shift + 1]);
  const parts: string[] = [];
  let done = 0;
  for (const [from, to] of kept) {
    parts.push(gap(starts, done, from), text.slice(from, to));
    done = to;
  }
  return parts.join('');
}

/** White space with which what follows it keeps its offset, line and column. */
function gap(starts: readonly number[], from: number, to: number): string {
  const end = positionAt(starts, to);
  const lines = end.line - positionAt(starts, from).line;
  if (lines === 0) return ' '.repeat(to - from);
  return ' '.repeat(to - from - lines - end.column) + '\n'.repeat(lines) + ' '.repeat(end.column);
}

/** What has to take the place of a window's items; undefined where the witness was not met. */
function freshList(page: Spec, list: List, window: Window, shift: number): List | undefined {
  const end = window.end + shift;
  let items: readonly AstNode[] = page.statements;
  let place = page.$cstNode as CompositeCstNode;
  if (list.block) {
    const block = page.statements[0];
    const braces = block && page.statements.length === 1 ? bracesOf(block) : undefined;
    if (!braces || block?.$type !== list.block.$type || braces.close.offset !== list.end + shift) return undefined;
    if (offsetOf(block) !== offsetOf(list.block) || braces.open.end !== list.start) return undefined;
    items = (block as Block).items;
    place = braces.open.container!;
  }
  if (window.witness) {
    const last = items.at(-1);
    const isMet = last && last.$type === window.witness.$type && offsetOf(last) === end;
    if (!isMet || endOf(last) !== endOf(window.witness) + shift) return undefined;
    items = items.slice(0, -1);
  }
  return { items, place, start: window.start, end };
}

interface Move {
  readonly shift: number;
  /** What stands in this line moves by so many columns. */
  readonly line: number;
  readonly columns: number;
  readonly lines: number;
}

/** The new tree, of the old one and of what was parsed again. */
function join(spec: Spec, list: List, window: Window, fresh: List, move: Move, text: string): Spec {
  const root = spec.$cstNode as RootCstNode;
  const { place } = list;
  const before = place.content.filter((node) => node.offset < window.start);
  const behind = place.content.filter((node) => node.offset >= window.end);
  const between = fresh.place.content.filter((node) => node.offset >= fresh.start && node.offset < fresh.end);
  for (const node of behind) moveBy(node, move);
  if (list.block) for (const node of root.content) if (node.offset >= list.end) moveBy(node, move);
  for (const node of between) (node as { container?: CompositeCstNode }).container = place;
  (place as unknown as { content: CstNode[] }).content = [...before, ...between, ...behind];
  for (let node: CompositeCstNode | undefined = place; node; node = node.container) forgetRange(node);
  (root as unknown as { _text: string })._text = text;

  const items = [...list.items.slice(0, window.first), ...fresh.items, ...list.items.slice(window.next)];
  const statements = list.block ? spec.statements : (items as Spec['statements']);
  const value: Spec = { ...spec, statements };
  (root as { astNode: AstNode }).astNode = value;
  if (list.block) {
    (list.block as { items: readonly AstNode[] }).items = items;
    settle(items, list.block, 'items');
  }
  settle(statements, value, 'statements');
  return value;
}

function settle(items: readonly AstNode[], container: AstNode, property: string): void {
  for (const [index, item] of items.entries()) {
    Object.assign(item, { $container: container, $containerProperty: property, $containerIndex: index });
  }
}

/** What Langium 4 keeps in the nodes of tokens and has no setters for. */
interface Leaf {
  readonly _tokenType: { readonly name: string };
  _offset: number;
  _startLine: number;
  _startColumn: number;
  _endLine: number;
  _endColumn: number;
}

function moveBy(node: CstNode, move: Move): void {
  if (isComposite(node)) {
    forgetRange(node);
    for (const child of node.content) moveBy(child, move);
    return;
  }
  const leaf = node as unknown as Leaf;
  leaf._offset += move.shift;
  if (leaf._startLine === move.line) leaf._startColumn += move.columns;
  if (leaf._endLine === move.line) leaf._endColumn += move.columns;
  leaf._startLine += move.lines;
  leaf._endLine += move.lines;
}

function forgetRange(node: CompositeCstNode): void {
  (node as unknown as { _rangeCache: undefined })._rangeCache = undefined;
}
