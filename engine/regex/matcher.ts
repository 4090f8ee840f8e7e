import {
  type Assertion,
  type CharacterSet,
  type Dialect,
  isWord,
  javascript,
  mostStates,
  parseRegex,
  RegexFault,
  type RegexNode,
} from './syntax.ts';

/** A compiled pattern; `test` is of the whole text and takes time proportional to its length times the pattern's. */
export interface Matcher {
  test(text: string): boolean;
}

interface State {
  /** Consumes a character of the set and goes on to `next`; absent: goes to all of `jumps` for nothing … */
  readonly set?: CharacterSet;
  /** … where this holds. */
  readonly assertion?: Assertion;
  next: number;
  jumps: number[];
}

/**
 * Compiles a pattern to a nondeterministic automaton (Thompson, CACM 1968) that is run on all its states at once, each set of
 * states remembered as it is met. No pattern can make it run away.
 * @throws RegexFault with what is wrong and where.
 */
export function compileRegex(pattern: string, dialect: Dialect = javascript): Matcher {
  const builder = new Builder();
  const end = builder.add({ next: -1, jumps: [] });
  const tree = parseRegex(pattern, dialect);
  return new Automaton(builder.states, builder.compile(tree, end), end, requiredText(tree));
}

/** The longest run of characters that every match must hold, as far as it can be read off a sequence; most texts lack it. */
function requiredText(tree: RegexNode): string {
  const parts = tree.kind === 'sequence' ? tree.parts : [tree];
  let longest = '';
  let run = '';
  for (const part of parts) {
    const character = part.kind === 'set' ? only(part.set) : undefined;
    run = character === undefined ? '' : run + character;
    if (run.length > longest.length) longest = run;
  }
  return longest;
}

/** The one character of a set that has no other. */
function only({ ranges, negated }: CharacterSet): string | undefined {
  const [range, ...others] = ranges;
  const single = !negated && others.length === 0 && range !== undefined && range[0] === range[1];
  return single ? String.fromCodePoint(range[0]) : undefined;
}

class Builder {
  readonly states: State[] = [];
  /** Repetitions of nothing make no states, but take time. */
  private steps = 0;

  add(state: State): number {
    if (this.states.length >= mostStates) throw tooLarge();
    this.states.push(state);
    return this.states.length - 1;
  }

  /** Entry of an automaton that matches `node` and then goes on at `exit`. */
  compile(node: RegexNode, exit: number): number {
    if (++this.steps > 20 * mostStates) throw tooLarge();
    switch (node.kind) {
      case 'set':
        return this.add({ set: node.set, next: exit, jumps: [] });
      case 'assertion':
        return this.add({ assertion: node.assertion, next: -1, jumps: [exit] });
      case 'sequence':
        return node.parts.reduceRight((after, part) => this.compile(part, after), exit);
      case 'choice':
        return this.add({ next: -1, jumps: node.parts.map((part) => this.compile(part, exit)) });
      case 'repeat':
        return this.repeat(node.part, node.min, node.max, exit);
    }
  }

  private repeat(part: RegexNode, min: number, max: number, exit: number): number {
    let entry = exit;
    if (max === Infinity) {
      entry = this.add({ next: -1, jumps: [exit] });
      this.states[entry]!.jumps.push(this.compile(part, entry));
    } else {
      for (let i = min; i < max; i++) {
        entry = this.add({ next: -1, jumps: [exit, this.compile(part, entry)] });
      }
    }
    for (let i = 0; i < min; i++) entry = this.compile(part, entry);
    return entry;
  }
}

function tooLarge(): RegexFault {
  return new RegexFault(`The pattern is too large: its repetitions make more than ${mostStates} steps.`, 0);
}

/** What stands at one side of a place between two characters; `none`: the text begins or ends there. */
type Side = 'none' | 'word' | 'other';

/** Where the automaton may be after some text. Where it can go for nothing from there depends on what follows. */
interface StateSet {
  readonly entries: readonly number[];
  readonly before: Side;
  readonly after: Map<number, StateSet>;
  /** Whether the text may end here; known once it was asked. */
  accepts?: boolean;
}

/** Sets of states remembered at most; a pattern that makes more starts again from none. */
const mostRemembered = 500;

class Automaton implements Matcher {
  private readonly states: readonly State[];
  private readonly end: number;
  private readonly start: number;
  private readonly required: string;
  private remembered = new Map<string, StateSet>();
  private first: StateSet;

  constructor(states: readonly State[], start: number, end: number, required: string) {
    this.states = states;
    this.start = start;
    this.end = end;
    this.required = required;
    this.first = this.setOf([start], 'none');
  }

  test(text: string): boolean {
    if (!text.includes(this.required)) return false;
    if (this.remembered.size > mostRemembered) {
      this.remembered = new Map();
      this.first = this.setOf([this.start], 'none');
    }
    let current = this.first;
    for (let i = 0; i < text.length; ) {
      if (current.entries.length === 0) return false;
      const code = text.codePointAt(i)!;
      i += code > 0xffff ? 2 : 1;
      let following = current.after.get(code);
      if (!following) {
        following = this.step(current, code);
        if (this.remembered.size <= mostRemembered) current.after.set(code, following);
      }
      current = following;
    }
    current.accepts ??= this.reached(current, 'none').includes(this.end);
    return current.accepts;
  }

  private step(from: StateSet, code: number): StateSet {
    const side = isWord(code) ? 'word' : 'other';
    const targets = new Set<number>();
    for (const index of this.reached(from, side)) {
      const state = this.states[index]!;
      if (state.set && contains(state.set, code)) targets.add(state.next);
    }
    return this.setOf([...targets], side);
  }

  private setOf(entries: readonly number[], before: Side): StateSet {
    const key = `${before} ${[...entries].sort((a, b) => a - b).join(',')}`;
    const known = this.remembered.get(key);
    if (known) return known;
    const set: StateSet = { entries, before, after: new Map() };
    if (this.remembered.size <= mostRemembered) this.remembered.set(key, set);
    return set;
  }

  /** Everything that can be reached for nothing, with `following` behind the text so far. */
  private reached({ entries, before }: StateSet, following: Side): number[] {
    const seen = new Uint8Array(this.states.length);
    const pending = [...entries];
    const members: number[] = [];
    while (pending.length > 0) {
      const index = pending.pop()!;
      if (seen[index]) continue;
      seen[index] = 1;
      members.push(index);
      const { set, assertion, jumps } = this.states[index]!;
      if (!set && (assertion === undefined || holds(assertion, before, following))) pending.push(...jumps);
    }
    return members;
  }
}

function holds(assertion: Assertion, before: Side, following: Side): boolean {
  switch (assertion) {
    case 'start':
      return before === 'none';
    case 'end':
      return following === 'none';
    case 'edge':
      return (before === 'word') !== (following === 'word');
    case 'no-edge':
      return (before === 'word') === (following === 'word');
  }
}

function contains(set: CharacterSet, code: number): boolean {
  for (const [low, high] of set.ranges) {
    if (code >= low && code <= high) return !set.negated;
  }
  return set.negated;
}
