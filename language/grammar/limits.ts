/** Largest spec that is parsed, in UTF-16 units: the parser takes a second or two for that much. A spec of a thousand lines has forty thousand. */
export const largestSpec = 1 << 20;
/** Deepest nesting of brackets: the generated parser recurses, and overflows its stack not far beyond. */
export const deepestNesting = 100;
/** The same where a hundred levels were too much for the stack after all, which depends on what stands in them and on the host. */
export const safeNesting = 32;
/** Syntax errors after which the rest of a file is not read: each costs the parser a search for where to go on. */
export const mostSyntaxErrors = 100;

export interface Scan {
  /** The text with everything that is nested too deeply blanked out; offsets are unchanged. */
  readonly text: string;
  /** Offset of the first bracket that was too deep. */
  readonly tooDeep?: number;
  /** Offset of a block comment that never ends. */
  readonly unclosedComment?: number;
  /** Stretches of characters, outside comments and texts, that begin no word of the language; blanked out. */
  readonly strange: readonly (readonly [from: number, to: number])[];
}

/** One linear look over the text before the parser: caps nesting and finds a comment that swallows the rest. */
export function scan(text: string, deepest = deepestNesting): Scan {
  let depth = 0;
  let tooDeep: number | undefined;
  let unclosedComment: number | undefined;
  const cuts: [number, number][] = [];
  const strange: [number, number][] = [];
  let cutStart = -1;
  let i = 0;
  while (i < text.length) {
    const character = text[i];
    if (character === '/' && text[i + 1] === '/') {
      while (i < text.length && text[i] !== '\n' && text[i] !== '\r') i++;
      continue;
    }
    if (character === '/' && text[i + 1] === '*') {
      const end = text.indexOf('*/', i + 2);
      if (end < 0) {
        unclosedComment = i;
        break;
      }
      i = end + 2;
      continue;
    }
    if (character === '"') {
      i = endOfText(text, i);
      continue;
    }
    if (character === '(' || character === '{' || character === '[') {
      depth++;
      if (depth > deepest && cutStart < 0) {
        cutStart = i;
        tooDeep ??= i;
      }
    } else if (character === ')' || character === '}' || character === ']') {
      if (depth > 0) depth--;
      if (cutStart >= 0 && depth <= deepest) {
        cuts.push([cutStart, i + 1]);
        cutStart = -1;
      }
    }
    const last = strange.at(-1);
    if (!isOrdinary(text.charCodeAt(i))) {
      if (last && last[1] === i) last[1] = i + 1;
      else strange.push([i, i + 1]);
    }
    i++;
  }
  if (cutStart >= 0) cuts.push([cutStart, text.length]);
  return {
    text: blank(blank(text, cuts), strange),
    strange,
    ...(tooDeep === undefined ? {} : { tooDeep }),
    ...(unclosedComment === undefined ? {} : { unclosedComment }),
  };
}

const ordinary = new Set(
  'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_µμ(){}[]<>=!+-/.,:% \t\r\n'
    .split('')
    .map((character) => character.charCodeAt(0)),
);

/** ASCII that begins a token, white space of any script and the byte-order mark. */
function isOrdinary(code: number): boolean {
  return ordinary.has(code) || (code >= 9 && code <= 13) || (code >= 0x80 && /\s/.test(String.fromCharCode(code)));
}

/** Offset after the text that starts at `start`; texts end at the end of their line at the latest. */
function endOfText(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length) {
    const character = text[i];
    if (character === '"') return i + 1;
    if (character === '\n' || character === '\r') return i;
    const next = text[i + 1];
    i += character === '\\' && next !== undefined && next !== '\n' && next !== '\r' ? 2 : 1;
  }
  return i;
}

/** Replaces stretches of a text by spaces, keeping line ends, so that every offset and position stays. */
export function blank(text: string, cuts: readonly (readonly [number, number])[]): string {
  if (cuts.length === 0) return text;
  const parts: string[] = [];
  let at = 0;
  for (const [from, to] of cuts) {
    parts.push(text.slice(at, from), text.slice(from, to).replace(/[^\r\n]/g, ' '));
    at = to;
  }
  parts.push(text.slice(at));
  return parts.join('');
}
