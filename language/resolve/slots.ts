import type { AstNode } from 'langium';
import type { TextRange } from '../../engine/findings.ts';
import { LayerSet } from '../selectors/layer-set.ts';
import type { Setting } from './fields.ts';

/** What one statement says of the slots of layers: the fields that a block can set, counted from 0. */
export interface Saying<N extends AstNode> {
  readonly node: N;
  readonly sets: readonly (readonly [slot: number, setting: Setting<unknown>])[];
  /** Slots that go back to what the block itself says of all layers. */
  readonly resets: readonly number[];
  /** It locks what it sets, and these slots as they stand. */
  readonly lock?: { readonly at: TextRange; readonly slots: readonly number[] } | undefined;
}

/** One slot of a layer that a statement sets or resets, or would if it were not locked. */
export interface SlotEvent<N extends AstNode> {
  readonly statement: N;
  readonly layer: number;
  readonly slot: number;
  /** Absent where a reset leaves nothing. */
  readonly setting?: Setting<unknown>;
  /** Of a reset: the statement of the block whose word counts again, if one has said anything. */
  readonly resetTo?: N | null;
  /** Absent: the slot is set. */
  readonly lockedAt?: TextRange;
}

/** A statement that would have set a slot which an earlier one locked. */
export interface SlotLockedOut<N extends AstNode> {
  readonly statement: N;
  readonly layer: number;
  readonly slot: number;
  readonly lockedAt: TextRange;
  /** The statement locks the slot too, to another value. */
  readonly conflict: boolean;
}

/** What a statement says of a slot. */
export interface Word<N extends AstNode> {
  readonly setting: Setting<unknown>;
  readonly by: N;
}

/** Locks are told of one by one up to this number; a spec that has more has one fault many times. */
const mostLockedOut = 10_000;

/**
 * Applies statements to a model's layers in order: a later one wins, slot by slot, unless the slot is locked.
 *
 * Works at every keystroke, over as many layers as the model has for every rule: what is said of a slot is a number in one
 * array, and only in the end are the few different outcomes made into objects.
 */
export class Slots<N extends AstNode> {
  /** How many layers there are, and slots a layer. */
  readonly layers: number;
  readonly length: number;
  /** What has been said, by number; 0 is nothing. */
  readonly words: (Word<N> | undefined)[] = [undefined];
  /** By layer, then slot: the number of the word in force. */
  readonly said: Uint32Array;
  readonly lockedOut: SlotLockedOut<N>[] = [];
  /** Statements that set or reset a slot somewhere. */
  readonly setting = new Set<N>();
  readonly #everything: LayerSet;
  readonly #tell: ((event: SlotEvent<N>) => void) | undefined;
  readonly #resetting = new Set<N>();
  readonly #locks: TextRange[] = [];
  /** As `said`, the number of the lock, counted from 1; absent while nothing is locked. */
  #locked: Uint32Array | undefined;
  /** By slot, the word of the block's own statements: where a reset leads back to. */
  readonly #base: Uint32Array;

  constructor(layers: number, length: number, tell?: (event: SlotEvent<N>) => void) {
    this.layers = layers;
    this.length = length;
    this.said = new Uint32Array(layers * length);
    this.#base = new Uint32Array(length);
    this.#everything = LayerSet.all(layers);
    this.#tell = tell;
  }

  /** A statement of the block itself, about all layers. */
  sayOfAll(saying: Saying<N>): void {
    this.#apply(saying, this.#everything, true);
  }

  say(saying: Saying<N>, layers: LayerSet): void {
    this.#apply(saying, layers, false);
  }

  /** @param at place in `said` */
  isLocked(at: number): boolean {
    return this.#locked !== undefined && this.#locked[at] !== 0;
  }

  /** Statements that set a slot which nothing later set again, or put one back. */
  effective(): ReadonlySet<N> {
    const inForce = new Uint8Array(this.words.length);
    for (let at = 0; at < this.said.length; at++) inForce[this.said[at]!] = 1;
    const effective = new Set<N>(this.#resetting);
    for (const [number, word] of this.words.entries()) if (word && inForce[number] === 1) effective.add(word.by);
    return effective;
  }

  #lockAt(at: number): TextRange | undefined {
    return this.#locks[(this.#locked?.[at] ?? 0) - 1];
  }

  #apply(saying: Saying<N>, layers: LayerSet, ofBlock: boolean): void {
    const { node, sets, resets, lock } = saying;
    if (layers.size > 0 && sets.length + resets.length > 0) this.setting.add(node);
    for (const slot of resets) this.#reset(node, slot, layers);
    const number = lock ? this.#locks.push(lock.at) : 0;
    for (const [slot, setting] of sets) {
      const word = this.words.push({ setting, by: node }) - 1;
      if (ofBlock) this.#base[slot] = word;
      this.#set(word, slot, layers, number);
    }
    if (number > 0) for (const slot of lock!.slots) this.#lock(slot, layers, number);
  }

  #set(word: number, slot: number, layers: LayerSet, lock: number): void {
    const { length, said } = this;
    const { setting, by: statement } = this.words[word]!;
    const { indices } = layers;
    if (this.#tell) {
      for (const layer of indices) {
        const lockedAt = this.#lockAt(layer * length + slot);
        this.#tell({ statement, layer, slot, setting, ...(lockedAt && { lockedAt }) });
      }
    }
    if (!this.#locked) {
      for (let i = 0; i < indices.length; i++) said[indices[i]! * length + slot] = word;
    } else {
      for (const layer of indices) {
        const at = layer * length + slot;
        if (this.#locked[at] === 0) said[at] = word;
        else this.#refuse({ statement, layer, slot, lockedAt: this.#lockAt(at)!, conflict: lock !== 0 }, setting);
      }
    }
    if (lock !== 0) this.#lock(slot, layers, lock);
  }

  #lock(slot: number, layers: LayerSet, lock: number): void {
    this.#locked ??= new Uint32Array(this.said.length);
    for (const layer of layers.indices) {
      const at = layer * this.length + slot;
      if (this.#locked[at] === 0) this.#locked[at] = lock;
    }
  }

  #reset(statement: N, slot: number, layers: LayerSet): void {
    const number = this.#base[slot]!;
    const original = this.words[number];
    for (const layer of layers.indices) {
      const at = layer * this.length + slot;
      if (this.said[at] === number) continue;
      const lockedAt = this.#lockAt(at);
      this.#tell?.({
        ...{ statement, layer, slot, resetTo: original?.by ?? null },
        ...(original && { setting: original.setting }),
        ...(lockedAt && { lockedAt }),
      });
      if (lockedAt) this.#refuse({ statement, layer, slot, lockedAt, conflict: false }, original?.setting);
      else {
        this.said[at] = number;
        this.#resetting.add(statement);
      }
    }
  }

  /** Tells of a lock that is met, unless what is locked is what was wanted. */
  #refuse(met: SlotLockedOut<N>, wanted: Setting<unknown> | undefined): void {
    if (this.lockedOut.length >= mostLockedOut) return;
    const held = this.words[this.said[met.layer * this.length + met.slot]!]?.setting.value;
    if (!sameValue(wanted?.value, held)) this.lockedOut.push(met);
  }
}

function sameValue(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/**
 * Numbers runs of slots, those of which the same was said alike: a hash table with open addressing, so that no key is made of a
 * run whose like is known.
 */
export class Runs<N extends AstNode> {
  readonly #slots: Slots<N>;
  readonly #length: number;
  readonly #places: Int32Array;
  /** Of each number: the place in `said` of the first run that has it. */
  readonly #exemplars: number[] = [];

  /** @param most runs that are asked about at most */
  constructor(slots: Slots<N>, length: number, most: number) {
    this.#slots = slots;
    this.#length = length;
    this.#places = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(2, 2 * most)))).fill(-1);
  }

  numberOf(from: number): number {
    const { said } = this.#slots;
    let hash = 0;
    for (let i = 0; i < this.#length; i++) hash = Math.imul(hash ^ said[from + i]!, 0x9e3779b1);
    let place = (hash ^ (hash >>> 15)) & (this.#places.length - 1);
    for (;;) {
      const number = this.#places[place]!;
      if (number < 0) break;
      if (this.#areAlike(this.#exemplars[number]!, from)) return number;
      place = (place + 1) & (this.#places.length - 1);
    }
    this.#places[place] = this.#exemplars.push(from) - 1;
    return this.#exemplars.length - 1;
  }

  #areAlike(a: number, b: number): boolean {
    const { said } = this.#slots;
    for (let i = 0; i < this.#length; i++) {
      if (said[a + i] !== said[b + i] || this.#slots.isLocked(a + i) !== this.#slots.isLocked(b + i)) return false;
    }
    return true;
  }
}
