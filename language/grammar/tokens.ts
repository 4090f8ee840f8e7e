/** A word, number, text or sign of a spec, or a comment: everything but white space, faults included. */
export interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'sign' | 'line-comment' | 'block-comment';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const blank = /\s+/y;
const patterns: readonly (readonly [Token['kind'], RegExp])[] = [
  ['line-comment', /\/\/[^\r\n]*/y],
  ['block-comment', /\/\*[\s\S]*?(?:\*\/|(?![\s\S]))/y],
  ['text', /(?:re)?"(?:\\[^\r\n]|[^"\\\r\n])*"?/y],
  ['number', /[0-9]+(?:x[0-9]+)+|[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y],
  ['word', /[A-Za-z_µμ][A-Za-z0-9_µμ]*(?:-[A-Za-z0-9_]+)*/y],
  ['sign', /<=|>=|==|!=|\.\.|[\s\S]/y],
];

const patternOf = new Map(patterns.map((row) => [row[0], [row]]));

/** The patterns that may fit, in their order. Nearly every token is told from the others by its first character. */
function candidates(text: string, start: number): typeof patterns {
  const code = text.charCodeAt(start);
  const isLetter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
  if (isLetter) return patternOf.get(text.startsWith('re"', start) ? 'text' : 'word')!;
  if (code >= 48 && code <= 57) return patternOf.get('number')!;
  if (code === 34) return patternOf.get('text')!;
  return patterns;
}

/** The tokens of any text whatever, in order; the gaps between them are white space. As the grammar's terminals, in linear time. */
export function* tokensOf(text: string): Iterable<Token> {
  let start = 0;
  while (start < text.length) {
    blank.lastIndex = start;
    const space = blank.exec(text);
    if (space) {
      start += space[0].length;
      continue;
    }
    for (const [kind, pattern] of candidates(text, start)) {
      pattern.lastIndex = start;
      const found = pattern.exec(text);
      if (!found) continue;
      const end = start + found[0].length;
      yield { kind, text: found[0], start, end };
      start = end;
      break;
    }
  }
}

export function isComment({ kind }: Token): boolean {
  return kind === 'line-comment' || kind === 'block-comment';
}
