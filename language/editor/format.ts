import { isComment, type Token, tokensOf } from '../grammar/tokens.ts';
import { Levels } from './situation.ts';

/** A stretch of white space to be replaced, by offsets. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Columns beyond which a block on one line is laid out on several. */
const longestLine = 120;

/**
 * Lays a spec out: a statement a line, blocks indented by two spaces, one space between words and two between the items of a
 * block that stands on one line. Where the author broke a line inside a statement it stays broken. Only white space changes:
 * any text whatever, however faulty, keeps its tokens and comments in their order. Laying out what is laid out changes nothing.
 */
export function formatSpec(text: string): readonly TextEdit[] {
  const pieces = piecesOf(text);
  const edits: TextEdit[] = [];
  // Lines end as the first one does.
  const lineEnd = /\r\n|\r|\n/.exec(text)?.[0] ?? '\n';
  let at = 0;
  const gap = (end: number, plain: string) => {
    const wanted = lineEnd === '\n' ? plain : plain.replaceAll('\n', lineEnd);
    if (text.slice(at, end) !== wanted) edits.push({ start: at, end, text: wanted });
  };
  for (const [i, piece] of pieces.entries()) {
    gap(piece.token.start, i === 0 ? '' : piece.before);
    at = piece.token.end;
  }
  const last = pieces.at(-1)?.token;
  // A comment that is never closed reaches to the end of the file.
  if (last?.kind !== 'block-comment' || last.text.endsWith('*/')) gap(text.length, last ? '\n' : '');
  return edits;
}

/** A text with edits made. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const edit of edits) {
    parts.push(text.slice(at, edit.start), edit.text);
    at = edit.end;
  }
  parts.push(text.slice(at));
  return parts.join('');
}

interface Piece {
  readonly token: Token;
  /** White space that belongs before it. */
  readonly before: string;
}

interface Reading {
  readonly token: Token;
  /** Line breaks in the source before it. */
  readonly breaks: number;
  /** It begins a statement, or an item of a block. */
  readonly begins: boolean;
}

/** How a block is laid out: on one line, on the lines that its author chose, or with every item on a line of its own. */
type Shape = 'line' | 'lines' | 'items';

function piecesOf(text: string): readonly Piece[] {
  const readings = read(text);
  const shapes = shapesOf(readings);
  const pieces: Piece[] = [];
  const blocks: Shape[] = [];
  let call = false;
  for (const [i, { token, begins, breaks }] of readings.entries()) {
    const last = readings[i - 1]?.token;
    const shape = isSign(token, '}') ? blocks.pop() : blocks.at(-1);
    const indent = '  '.repeat(blocks.filter((block) => block !== 'line').length);
    const line = (most: number) => `${'\n'.repeat(Math.max(1, Math.min(most, breaks)))}${indent}`;
    pieces.push({ token, before: last ? before(last) : '' });
    call = token.kind === 'word' && !beforeSelectors.has(token.text);
    if (isSign(token, '{')) blocks.push(shapes.get(i)!);

    function before(last: Token): string {
      const lineEnds = endsLine(last);
      const opened = isSign(last, '{');
      if (isSign(token, '}')) return lineEnds || shape !== 'line' ? line(1) : opened ? '' : ' ';
      if (isSign(token, '{')) return lineEnds ? line(1) : ' ';
      if (isComment(token)) {
        if (breaks > 0) return line(opened ? 1 : 2);
        // Comments at the ends of lines stand where their author lined them up.
        const gap = text.slice(last.end, token.start);
        return token.kind === 'block-comment' ? ' ' : /^ {2,60}$/.test(gap) ? gap : '  ';
      }
      if (opened) return shape === 'line' ? ' ' : line(1);
      if (begins && (shape === undefined || shape === 'items' || breaks > 0)) return line(2);
      if (lineEnds || breaks > 0) return `${line(1)}${begins ? '' : '  '}`;
      if (begins) return last.kind === 'block-comment' ? ' ' : '  ';
      return spaceBetween(last, token, call);
    }
  }
  return pieces;
}

function isSign(token: Token, text: string): boolean {
  return token.kind === 'sign' && token.text === text;
}

/** What comes after it must stand on another line, or would become part of it: a line comment, and a text that is not closed. */
function endsLine({ kind, text }: Token): boolean {
  return kind === 'line-comment' || (kind === 'text' && !/^(?:re)?"(?:\\.|[^"\\])*"$/.test(text));
}

function read(text: string): readonly Reading[] {
  const levels = new Levels();
  const readings: Reading[] = [];
  let at = 0;
  for (const token of tokensOf(text)) {
    const breaks = text.slice(at, token.start).match(/\r\n|\r|\n/g)?.length ?? 0;
    at = token.end;
    const begins = !isComment(token) && levels.begins(token.text);
    readings.push({ token, breaks, begins });
    if (!isComment(token)) levels.take(token.text);
  }
  return readings;
}

/** The shapes of the blocks, by the index of the opening brace. */
function shapesOf(readings: readonly Reading[]): ReadonlyMap<number, Shape> {
  const shapes = new Map<number, Shape>();
  const open: number[] = [];
  /** Of `open`, those from here on were opened on the present line. */
  let onThisLine = 0;
  let column = 0;
  for (const [i, { token, breaks, begins }] of readings.entries()) {
    const breaksLine = breaks > 0 && !isSign(token, '{');
    if (breaksLine) for (const index of open) if (shapes.get(index) === 'line') shapes.set(index, 'lines');
    if (breaksLine || (begins && open.length === 0)) {
      column = 2 * open.length;
      onThisLine = open.length;
    }
    column += token.text.length + (begins ? 2 : 1);
    if (column > longestLine) for (const index of open.slice(onThisLine)) shapes.set(index, 'items');
    if (endsLine(token) || /[\r\n]/.test(token.text)) {
      for (const index of open) if (shapes.get(index) === 'line') shapes.set(index, 'lines');
    }
    if (isSign(token, '{')) {
      open.push(i);
      shapes.set(i, 'line');
    } else if (isSign(token, '}')) {
      open.pop();
      onThisLine = Math.min(onThisLine, open.length);
    }
  }
  return shapes;
}

/** Signs without a space on either side. */
const tight = new Set(['.', '..', '/', ':']);
/** Keywords that a selector or a predicate in parentheses may follow; behind any other word they hold arguments. */
const beforeSelectors = new Set(['layers', 'where', 'not', 'and', 'or', 'of', 'before', 'after', 'from', 'to']);

const thousands = new Set(['K', 'k', 'M', 'G']);

/** White space between two tokens of one statement on one line. */
function spaceBetween(last: Token, token: Token, call: boolean): string {
  const [a, b] = [last.text, token.text];
  if (b === ',' || b === ')' || b === ']' || a === '(' || a === '[') return '';
  // Two signs of nonsense must not become the beginning of a comment.
  if (a === '/' && (b === '/' || b === '*')) return ' ';
  if (tight.has(a) || tight.has(b)) return '';
  if (b === '(') return call ? '' : ' ';
  if (last.kind === 'number' && token.kind === 'word' && thousands.has(b)) return '';
  return ' ';
}
