import type { IParserErrorMessageProvider, IToken, TokenType } from 'chevrotain';
import type { Finding } from '../../engine/findings.ts';
import { nearest } from '../../engine/nearest.ts';
import { dataWords, fieldWords, pruneWords, roleWords, ruleWords, searchWords, statementWords } from './block-words.ts';
import { rangeBetween } from './ranges.ts';

/** Thrown out of the parser when a text has so many faults that reading on helps nobody. */
export class TooManySyntaxErrors extends Error {
  readonly offset: number;
  constructor(offset: number) {
    super('too many syntax errors');
    this.offset = offset;
  }
}

/** What an error message of the parser carries instead of a sentence: the names of the tokens that could have stood there. */
const separator = '\u0001';

/** Collects what the parser expected; `findingOfSyntaxError` makes a sentence of it. Stops the parser after `limit` errors. */
export class ExpectationCollector implements IParserErrorMessageProvider {
  private count = 0;
  private limit = Number.POSITIVE_INFINITY;

  restart(limit: number): void {
    this.count = 0;
    this.limit = limit;
  }

  buildMismatchTokenMessage({ expected, actual }: { expected: TokenType; actual: IToken }): string {
    return this.collect([expected.name], actual);
  }
  buildNotAllInputParsedMessage({ firstRedundant }: { firstRedundant: IToken }): string {
    return this.collect(['EOF'], firstRedundant);
  }
  buildNoViableAltMessage(options: { expectedPathsPerAlt: TokenType[][][]; actual: IToken[] }): string {
    const names = options.expectedPathsPerAlt.flat().flatMap((path) => (path[0] ? [path[0].name] : []));
    return this.collect(names, options.actual[0]);
  }
  buildEarlyExitMessage(options: { expectedIterationPaths: TokenType[][]; actual: IToken[] }): string {
    const names = options.expectedIterationPaths.flatMap((path) => (path[0] ? [path[0].name] : []));
    return this.collect(names, options.actual[0]);
  }

  private collect(names: readonly string[], actual: IToken | undefined): string {
    if (++this.count > this.limit) throw new TooManySyntaxErrors(offsetOf(actual));
    return [...new Set(names)].join(separator);
  }
}

/** What may begin in a block. The parser itself only says that the block's end was expected. */
const contents: Readonly<Record<string, readonly string[]>> = {
  Spec: statementWords,
  PruneBlock: [...pruneWords, ...ruleWords, ...fieldWords, '}'],
  PruneBody: [...pruneWords, ...fieldWords, '}'],
  QuantizeBlock: [...roleWords, ...ruleWords, ...fieldWords, 'arithmetic', 'backend', '}'],
  RuleBody: [...roleWords, ...fieldWords, '}'],
  SearchBlock: [...searchWords, '}'],
  DataStatement: [...dataWords, '}'],
};

const kinds: Readonly<Record<string, string>> = {
  ID: 'a name',
  STRING: 'a text in quotes',
  NUMBER: 'a number',
  DIMENSION: 'a size such as `3x3`',
  REGEX: 'a pattern `re"…"`',
};

/** Keywords that also serve as names; where a name is expected, listing them all says nothing. */
const softKeywords = new Set(
  (
    'input array offsets labels offset layout channels resize filter crop scale mean std skip take seed split part op role ' +
    'to of one all subject from before after first last inputs outputs bias consumers producers reset reading writing block blocks ' +
    'passes without prune sparsity pattern rank by train optimizer schedule distil temperature'
  ).split(' '),
);

export interface SyntaxFault {
  readonly message: string;
  readonly token: IToken;
  readonly previousToken?: IToken | undefined;
  readonly context: { readonly ruleStack: readonly string[] };
}

/** A syntax error as a person reads it: what was found, what could have stood there, and the nearest word to it. */
export function findingOfSyntaxError(error: SyntaxFault, starts: readonly number[], length: number): Finding {
  const rules = error.context.ruleStack.map((name) => name.replace(/\u200B$/, ''));
  const rule = rules.at(-1) ?? 'Spec';
  let expected = error.message.split(separator);
  if (expected[0] === 'EOF') expected = [...contents.Spec!];
  else if (expected.length === 1 && expected[0] === '}') expected = [...(contents[rule] ?? expected)];
  const words = expected.filter((name) => /^[a-z]/.test(name));
  const isName = expected.includes('ID');
  const listed = isName ? expected.filter((name) => !softKeywords.has(name)) : expected;

  const atEnd = !(error.token.startOffset >= 0) || error.token.tokenType?.name === 'EOF';
  const from = atEnd ? Math.min(length, (error.previousToken?.endOffset ?? length - 1) + 1) : error.token.startOffset;
  const to = atEnd ? from : (error.token.endOffset ?? from) + 1;
  const best = atEnd || isName ? undefined : nearest(error.token.image, words);
  const found = atEnd ? 'The file ends here' : `${shown(error.token.image)} cannot stand here`;
  return {
    code: 'syntax/unexpected',
    severity: 'error',
    what: `${found}: expected ${list(listed.map((name) => kinds[name] ?? `\`${name}\``))}.`,
    ...(best === undefined ? {} : { fix: `Did you mean \`${best}\`?`, replacement: best }),
    range: rangeBetween(starts, from, to),
  };
}

export interface CharacterError {
  readonly offset: number;
  readonly length: number;
}

export function findingOfCharacter(error: CharacterError, text: string, starts: readonly number[]): Finding {
  return {
    code: 'syntax/character',
    severity: 'error',
    what: `${shown(text.slice(error.offset, error.offset + error.length))} cannot stand here.`,
    why: 'It is part of no word, number, text or sign of the language.',
    fix: 'Remove it, or put the name it belongs to in quotes.',
    range: rangeBetween(starts, error.offset, error.offset + error.length),
  };
}

/** Text of a file in a message: control characters and lone surrogates by their code, long text cut. */
export function shown(image: string): string {
  let out = '';
  let count = 0;
  for (const character of image) {
    if (++count > 40) return `\`${out}…\``;
    const code = character.codePointAt(0)!;
    const printable =
      code >= 32 && code !== 127 && !(code >= 0x80 && code < 0xa0) && !(code >= 0xd800 && code < 0xe000);
    out += printable && character !== '`' ? character : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  }
  return `\`${out}\``;
}

function list(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? 'something else';
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

/** The end of the file has no offset of its own. */
function offsetOf(token: IToken | undefined): number {
  return token && token.startOffset >= 0 ? token.startOffset : Number.MAX_SAFE_INTEGER;
}
