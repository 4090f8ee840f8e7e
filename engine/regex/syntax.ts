/** Largest automaton of a pattern; `{n,m}` copies what it repeats. */
export const mostStates = 2000;
const deepestGroups = 100;

/** Inclusive ranges of code points, or everything else. */
export interface CharacterSet {
  readonly ranges: readonly (readonly [low: number, high: number])[];
  readonly negated: boolean;
}

export type RegexNode =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'assertion'; readonly assertion: Assertion }
  | { readonly kind: 'sequence'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'repeat'; readonly part: RegexNode; readonly min: number; readonly max: number };

/** What must hold between two characters: the text's start or end, a word's edge, or none. */
export type Assertion = 'start' | 'end' | 'edge' | 'no-edge';

/** Says what is wrong with a pattern; `offset` is into the pattern. */
export class RegexFault extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const digit: CharacterSet['ranges'] = [[48, 57]];
const word: CharacterSet['ranges'] = [...digit, [65, 90], [95, 95], [97, 122]];

/** What differs between the families of patterns. */
export interface Dialect {
  /** What `.` stands for. */
  readonly any: CharacterSet;
  /** What `\s` stands for. */
  readonly space: CharacterSet['ranges'];
  /** Classes that are written `[:alpha:]` inside of `[…]`. */
  readonly named: Readonly<Record<string, CharacterSet['ranges']>>;
  /** Written inside of a pattern: `^` and `$` (elsewhere than at its ends) and what follows a backslash. */
  readonly assertions: Readonly<Record<string, Assertion>>;
  /** Whether a group may have a name, `(?P<name>…)` or `(?<name>…)`. */
  readonly namedGroups: boolean;
}

/** Patterns of specs: JavaScript's, with `.` for every character. */
export const javascript: Dialect = {
  any: { ranges: [], negated: true },
  space: [
    [9, 13],
    [32, 32],
    [0xa0, 0xa0],
    [0x2028, 0x2029],
    [0xfeff, 0xfeff],
  ],
  named: {},
  assertions: {},
  namedGroups: false,
};

const upper: CharacterSet['ranges'] = [[65, 90]];
const lower: CharacterSet['ranges'] = [[97, 122]];
const alpha = [...upper, ...lower];

/** Patterns of RE2, which the operator RegexFullMatch takes (https://github.com/google/re2/wiki/Syntax). */
export const re2: Dialect = {
  any: { ranges: [[10, 10]], negated: true },
  space: [
    [9, 10],
    [12, 13],
    [32, 32],
  ],
  named: {
    alnum: [...digit, ...alpha],
    alpha,
    ascii: [[0, 127]],
    blank: [
      [9, 9],
      [32, 32],
    ],
    cntrl: [
      [0, 31],
      [127, 127],
    ],
    digit,
    graph: [[33, 126]],
    lower,
    print: [[32, 126]],
    punct: [
      [33, 47],
      [58, 64],
      [91, 96],
      [123, 126],
    ],
    space: [
      [9, 13],
      [32, 32],
    ],
    upper,
    word,
    xdigit: [...digit, [65, 70], [97, 102]],
  },
  assertions: { '^': 'start', $: 'end', '\\A': 'start', '\\z': 'end', '\\b': 'edge', '\\B': 'no-edge' },
  namedGroups: true,
};

/**
 * Parses the regular part of a dialect's syntax: literals, `.`, classes, `\d \w \s`, groups, `|`, `* + ? {n,m}` (greedy or
 * not is the same to a match of the whole), `^` and `$` at the ends. Whatever is not regular (back references, look-around)
 * is refused: it is what makes other matchers run away.
 * @throws RegexFault
 */
export function parseRegex(pattern: string, dialect: Dialect = javascript): RegexNode {
  return new Parser(pattern, dialect).parse();
}

class Parser {
  private at = 0;
  private depth = 0;
  private readonly pattern: string;
  private readonly dialect: Dialect;
  constructor(pattern: string, dialect: Dialect) {
    this.pattern = pattern;
    this.dialect = dialect;
  }

  parse(): RegexNode {
    if (this.peek() === '^') this.at++;
    const node = this.choice();
    if (this.at < this.pattern.length) throw new RegexFault('`)` closes no group.', this.at);
    return node;
  }

  private peek(): string | undefined {
    return this.pattern[this.at];
  }

  /** The next character, which may be two UTF-16 units long; undefined at the end. */
  private next(): string | undefined {
    const code = this.pattern.codePointAt(this.at);
    if (code === undefined) return undefined;
    const character = String.fromCodePoint(code);
    this.at += character.length;
    return character;
  }

  private choice(): RegexNode {
    const parts = [this.sequence()];
    while (this.peek() === '|') {
      this.at++;
      parts.push(this.sequence());
    }
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
  }

  private sequence(): RegexNode {
    const parts: RegexNode[] = [];
    for (;;) {
      const next = this.peek();
      if (next === undefined || next === '|' || next === ')') return { kind: 'sequence', parts };
      if (next === '$' && this.at === this.pattern.length - 1) {
        this.at++;
        continue;
      }
      parts.push(this.repeated(this.atom()));
    }
  }

  private repeated(atom: RegexNode): RegexNode {
    const start = this.at;
    const bounds = this.bounds();
    if (!bounds) return atom;
    if (this.peek() === '?') this.at++;
    if (this.bounds()) throw new RegexFault('Two repetitions follow each other.', start);
    return { kind: 'repeat', part: atom, min: bounds[0], max: bounds[1] };
  }

  private bounds(): readonly [number, number] | undefined {
    const next = this.peek();
    const simple = next === '*' ? [0, Infinity] : next === '+' ? [1, Infinity] : next === '?' ? [0, 1] : undefined;
    if (simple) {
      this.at++;
      return simple as [number, number];
    }
    if (next !== '{') return undefined;
    const match = /^\{(\d{1,6})(,(\d{1,6})?)?\}/.exec(this.pattern.slice(this.at, this.at + 20));
    if (!match)
      throw new RegexFault('`{` needs a count, as in `{2}` or `{1,3}`; write `\\{` for the sign itself.', this.at);
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === undefined ? Infinity : Number(match[3]);
    if (max < min) throw new RegexFault('The upper count is below the lower one.', this.at);
    if (min > mostStates || (max !== Infinity && max > mostStates)) {
      throw new RegexFault(`A repetition may ask for at most ${mostStates}.`, this.at);
    }
    this.at += match[0].length;
    return [min, max];
  }

  private atom(): RegexNode {
    const start = this.at;
    const character = this.next()!;
    const written = character === '\\' ? `\\${this.peek()}` : character;
    if (Object.hasOwn(this.dialect.assertions, written)) {
      this.at = start + written.length;
      return { kind: 'assertion', assertion: this.dialect.assertions[written]! };
    }
    switch (character) {
      case '.':
        return { kind: 'set', set: this.dialect.any };
      case '[':
        return { kind: 'set', set: this.characterClass(start) };
      case '(':
        return this.group(start);
      case '\\':
        return { kind: 'set', set: this.escape(start) };
      case '*':
      case '+':
      case '?':
      case '{':
        throw new RegexFault(`\`${character}\` repeats nothing; write \`\\${character}\` for the sign itself.`, start);
      case '^':
      case '$':
        throw new RegexFault('The pattern always matches the whole name; `^` and `$` belong at its ends.', start);
      default:
        return { kind: 'set', set: literal(character) };
    }
  }

  private group(start: number): RegexNode {
    if (this.peek() === '?') {
      const named = this.dialect.namedGroups ? /^\?P?<\w+>/.exec(this.pattern.slice(this.at, this.at + 100)) : null;
      if (!named && this.pattern[this.at + 1] !== ':') {
        const refused = this.dialect.namedGroups ? 'Look-around and flags' : 'Look-around and named groups';
        throw new RegexFault(`${refused} are not part of this pattern language.`, start);
      }
      this.at += named?.[0].length ?? 2;
    }
    if (++this.depth > deepestGroups) throw new RegexFault('Groups are nested too deeply.', start);
    const node = this.choice();
    this.depth--;
    if (this.peek() !== ')') throw new RegexFault('This group is never closed.', start);
    this.at++;
    return node;
  }

  private escape(start: number): CharacterSet {
    const character = this.next();
    if (character === undefined) throw new RegexFault('A backslash ends the pattern.', start);
    const set = this.shorthand(character);
    if (set) return set;
    if (/[1-9]/.test(character)) throw new RegexFault('Back references are not part of this pattern language.', start);
    const control = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v' }[character];
    if (control) return literal(control);
    if (/[A-Za-z0]/.test(character)) throw new RegexFault(`\`\\${character}\` means nothing here.`, start);
    return literal(character);
  }

  private characterClass(start: number): CharacterSet {
    const negated = this.peek() === '^';
    if (negated) this.at++;
    const ranges: (readonly [number, number])[] = [];
    for (let first = true; ; first = false) {
      if (this.at >= this.pattern.length) throw new RegexFault('This `[` is never closed.', start);
      if (this.peek() === ']' && !first) break;
      const low = this.classMember();
      if (this.peek() === '-' && this.pattern[this.at + 1] !== ']' && this.at + 1 < this.pattern.length) {
        const dash = this.at++;
        const high = this.classMember();
        if (low.ranges.length !== 1 || high.ranges.length !== 1 || low.negated || high.negated) {
          throw new RegexFault('A range needs a single character on either side.', dash);
        }
        const from = low.ranges[0]![0];
        const to = high.ranges[0]![1];
        if (to < from) throw new RegexFault('This range runs backwards.', dash);
        ranges.push([from, to]);
      } else {
        if (low.negated) throw new RegexFault('`\\D`, `\\W` and `\\S` cannot stand inside `[…]`.', start);
        ranges.push(...low.ranges);
      }
    }
    this.at++;
    return { ranges, negated };
  }

  private classMember(): CharacterSet {
    const start = this.at;
    const name = /^\[:(\w+):\]/.exec(this.pattern.slice(this.at, this.at + 20));
    if (name && Object.hasOwn(this.dialect.named, name[1]!)) {
      this.at += name[0].length;
      return { ranges: this.dialect.named[name[1]!]!, negated: false };
    }
    const character = this.next()!;
    return character === '\\' ? this.escape(start) : literal(character);
  }

  private shorthand(character: string): CharacterSet | undefined {
    const ranges = { d: digit, w: word, s: this.dialect.space }[character.toLowerCase()];
    return ranges && { ranges, negated: character !== character.toLowerCase() };
  }
}

/** Whether a code point is a letter, digit or underscore of ASCII, as `\\b` means it. */
export function isWord(code: number): boolean {
  return word.some(([low, high]) => code >= low && code <= high);
}

function literal(character: string): CharacterSet {
  const code = character.codePointAt(0)!;
  return { ranges: [[code, code]], negated: false };
}
