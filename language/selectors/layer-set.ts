/**
 * Some of a model's layers: a bit for each. Rules are matched against ten thousand layers a thousand at a time and their matches
 * are kept while a person types; sets of numbers would take a hundred times the memory. Never changed once it is made.
 */
export class LayerSet implements Iterable<number> {
  /** How many layers the model has. */
  readonly capacity: number;
  private readonly words: Uint32Array;
  private counted: number | undefined;
  private listed: Int32Array | undefined;

  private constructor(capacity: number, words: Uint32Array) {
    this.capacity = capacity;
    this.words = words;
  }

  static none(capacity: number): LayerSet {
    return new LayerSet(capacity, wordsFor(capacity));
  }

  static all(capacity: number): LayerSet {
    return LayerSet.none(capacity).complement();
  }

  /** The layers of these indices; those that no layer has are left out. */
  static of(capacity: number, indices: Iterable<number>): LayerSet {
    const words = wordsFor(capacity);
    for (const index of indices) if (index < capacity) words[index >>> 5]! |= 1 << (index & 31);
    return new LayerSet(capacity, words);
  }

  static where(capacity: number, holds: (index: number) => boolean): LayerSet {
    const words = wordsFor(capacity);
    for (let i = 0; i < capacity; i++) if (holds(i)) words[i >>> 5]! |= 1 << (i & 31);
    return new LayerSet(capacity, words);
  }

  /** Layers that are in any of the sets: one set is made for all, since a selector may name a hundred thousand. */
  static anyOf(capacity: number, sets: Iterable<LayerSet>): LayerSet {
    const words = wordsFor(capacity);
    for (const set of sets) for (let w = 0; w < words.length; w++) words[w]! |= set.words[w]!;
    return new LayerSet(capacity, words);
  }

  get size(): number {
    this.counted ??= this.words.reduce((sum, word) => sum + bitsOf(word), 0);
    return this.counted;
  }

  has(index: number): boolean {
    return index < this.capacity && (this.words[index >>> 5]! & (1 << (index & 31))) !== 0;
  }

  /** Ascending, which is topological order. */
  get indices(): Int32Array {
    if (!this.listed) {
      const list = new Int32Array(this.size);
      let filled = 0;
      for (let w = 0; w < this.words.length; w++) {
        for (let rest = this.words[w]!; rest !== 0; rest &= rest - 1) list[filled++] = w * 32 + lowestBit(rest);
      }
      this.listed = list;
    }
    return this.listed;
  }

  [Symbol.iterator](): IterableIterator<number> {
    return this.indices.values();
  }

  filter(keeps: (index: number) => boolean): LayerSet {
    const words = this.words.slice();
    for (let w = 0; w < words.length; w++) {
      for (let rest = words[w]!; rest !== 0; rest &= rest - 1) {
        const bit = lowestBit(rest);
        if (!keeps(w * 32 + bit)) words[w]! &= ~(1 << bit);
      }
    }
    return new LayerSet(this.capacity, words);
  }

  union(other: LayerSet): LayerSet {
    return this.combined(other, (a, b) => a | b);
  }

  intersection(other: LayerSet): LayerSet {
    return this.combined(other, (a, b) => a & b);
  }

  difference(other: LayerSet): LayerSet {
    return this.combined(other, (a, b) => a & ~b);
  }

  overlaps(other: LayerSet): boolean {
    return this.words.some((word, w) => (word & other.words[w]!) !== 0);
  }

  complement(): LayerSet {
    const words = this.words.map((word) => ~word);
    const odd = this.capacity & 31;
    if (odd !== 0) words[words.length - 1]! &= (1 << odd) - 1;
    return new LayerSet(this.capacity, words);
  }

  private combined(other: LayerSet, combine: (a: number, b: number) => number): LayerSet {
    return new LayerSet(
      this.capacity,
      this.words.map((word, w) => combine(word, other.words[w]!)),
    );
  }
}

function wordsFor(capacity: number): Uint32Array {
  return new Uint32Array(Math.ceil(capacity / 32));
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

function bitsOf(word: number): number {
  let pairs = word - ((word >>> 1) & 0x55555555);
  pairs = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((pairs + (pairs >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
