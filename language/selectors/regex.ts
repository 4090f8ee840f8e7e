import { type CharacterSet, mostStates, parseRegex, RegexFault, type RegexNode } from './regex-syntax.ts';

/** A compiled pattern; `test` is whole-name and takes time proportional to the name's length times the pattern's. */
export interface Matcher {
  test(name: string): boolean;
}

interface State {
  /** Consumes a character of the set and goes on to `next`; absent: goes to all of `jumps` for nothing. */
  readonly set?: CharacterSet;
  next: number;
  jumps: number[];
}

/**
 * Compiles a pattern to a nondeterministic automaton (Thompson, CACM 1968) that is run on all its states at once, each set of
 * states remembered as it is met. No pattern can make it run away.
 * @throws RegexFault with what is wrong and where.
 */
export function compileRegex(pattern: string): Matcher {
  const builder = new Builder();
  const end = builder.add({ next: -1, jumps: [] });
  const start = builder.compile(parseRegex(pattern), end);
  return new Automaton(builder.states, start, end);
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

interface StateSet {
  readonly members: readonly number[];
  readonly accepts: boolean;
  readonly after: Map<number, StateSet>;
}

/** Sets of states remembered at most; a pattern that makes more starts again from none. */
const mostRemembered = 500;

class Automaton implements Matcher {
  private readonly states: readonly State[];
  private readonly end: number;
  private readonly start: number;
  private remembered = new Map<string, StateSet>();
  private first: StateSet;

  constructor(states: readonly State[], start: number, end: number) {
    this.states = states;
    this.start = start;
    this.end = end;
    this.first = this.setOf([start]);
  }

  test(name: string): boolean {
    if (this.remembered.size > mostRemembered) {
      this.remembered = new Map();
      this.first = this.setOf([this.start]);
    }
    let current = this.first;
    for (let i = 0; i < name.length; i++) {
      if (current.members.length === 0) return false;
      const code = name.charCodeAt(i);
      let following = current.after.get(code);
      if (!following) {
        following = this.step(current, code);
        if (this.remembered.size <= mostRemembered) current.after.set(code, following);
      }
      current = following;
    }
    return current.accepts;
  }

  private step(from: StateSet, code: number): StateSet {
    const targets: number[] = [];
    for (const index of from.members) {
      const state = this.states[index]!;
      if (state.set && contains(state.set, code)) targets.push(state.next);
    }
    return this.setOf(targets);
  }

  /** Everything that can be reached for nothing. */
  private setOf(entries: readonly number[]): StateSet {
    const seen = new Uint8Array(this.states.length);
    const pending = [...entries];
    const members: number[] = [];
    while (pending.length > 0) {
      const index = pending.pop()!;
      if (seen[index]) continue;
      seen[index] = 1;
      const state = this.states[index]!;
      if (state.set) members.push(index);
      else pending.push(...state.jumps);
    }
    members.sort((a, b) => a - b);
    const accepts = seen[this.end] === 1;
    const key = `${accepts ? '+' : '-'}${members.join(',')}`;
    const known = this.remembered.get(key);
    if (known) return known;
    const set: StateSet = { members, accepts, after: new Map() };
    if (this.remembered.size <= mostRemembered) this.remembered.set(key, set);
    return set;
  }
}

function contains(set: CharacterSet, code: number): boolean {
  for (const [low, high] of set.ranges) {
    if (code >= low && code <= high) return !set.negated;
  }
  return set.negated;
}
