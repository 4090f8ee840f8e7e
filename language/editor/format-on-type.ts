import { tokensOf } from '../grammar/tokens.ts';
import { formatSpec, type TextEdit } from './format.ts';
import { type Situation, situationAt } from './situation.ts';

/** Signs after which what has been typed is laid out. */
export const formattingSigns = ['}', '{', '\n'] as const;

/**
 * Lays out what has just been typed, by the sign before the cursor: after `}` the block that it closes; after `{`, and at the end
 * of a line, what stands on that line. While somebody types, lines stay lines; a new one is indented for what may follow.
 * Laying out what is laid out changes nothing.
 */
export function formatTyped(text: string, offset: number, sign: string): readonly TextEdit[] {
  if (sign === '}') {
    const from = openingOf(text, offset);
    return from === undefined ? [] : formatSpec(text).filter(({ start, end }) => start >= from && end < offset);
  }
  const own = lineStart(text, offset);
  if (sign === '{') return onLine(text, own, offset);
  if (own === 0) return [];
  const end = text.slice(own - 2, own) === '\r\n' ? own - 2 : own - 1;
  return [...onLine(text, lineStart(text, end), end), ...indentation(text, own, offset)];
}

/** Offset of the brace that the one before the cursor closes. */
function openingOf(text: string, offset: number): number | undefined {
  const open: number[] = [];
  for (const { kind, text: sign, start, end } of tokensOf(text)) {
    if (kind !== 'sign') continue;
    if (end === offset && sign === '}') return open.at(-1);
    if (start >= offset) return undefined;
    if (sign === '{') open.push(start);
    else if (sign === '}') open.pop();
  }
  return undefined;
}

function onLine(text: string, from: number, to: number): readonly TextEdit[] {
  return formatSpec(text).filter(
    (edit) => edit.end >= from && edit.end <= to && edit.start < to && keepsLines(text, edit),
  );
}

function keepsLines(text: string, { start, end, text: wanted }: TextEdit): boolean {
  return breaksIn(text.slice(start, end)) === breaksIn(wanted);
}

function breaksIn(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0;
}

function lineStart(text: string, offset: number): number {
  return Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1;
}

/** White space before what the new line holds; on an empty one, before what may come there. */
function indentation(text: string, start: number, offset: number): readonly TextEdit[] {
  let content = start;
  while (text[content] === ' ' || text[content] === '\t') content++;
  if (content < text.length && !/[\r\n]/.test(text[content]!)) {
    return formatSpec(text).filter((edit) => edit.end === content && keepsLines(text, edit));
  }
  const situation = situationAt(text, offset);
  if (!situation) return [];
  const wanted = '  '.repeat(situation.depth + (isUnfinished(situation) ? 1 : 0));
  return text.slice(start, content) === wanted ? [] : [{ start, end: content, text: wanted }];
}

/** Words and signs that something must follow. */
const leading =
  /^(?:[,(=]|<=?|>=?|==|!=|and|or|not|where|of|one|to|from|before|after|op|role|reading|writing|observe|using|like|matches|keep)$/;

/** A statement goes on: a rule without its body, or a word that asks for another. */
function isUnfinished({ item }: Situation): boolean {
  const [first] = item;
  const last = item.at(-1);
  if (first === undefined || last === undefined) return false;
  if (first === 'layers' || first === 'layer') return !item.includes('keep') || last === 'keep';
  return leading.test(last) || item.length === 1;
}
