/**
 * Channels that can only stay or go together, as sets that are united (union–find). What pins one of them pins them all.
 */
export class ChannelIds {
  readonly #parents: number[] = [];
  /** Why a set has to stay, by its root. */
  readonly #pins = new Map<number, string>();

  /** New channels, each a set of its own. */
  make(count: number): Int32Array {
    const first = this.#parents.length;
    for (let i = 0; i < count; i++) this.#parents.push(first + i);
    return Int32Array.from({ length: count }, (_, i) => first + i);
  }

  /** The channel that stands for the set. */
  root(id: number): number {
    let root = id;
    while (this.#parents[root] !== root) root = this.#parents[root]!;
    for (let at = id; at !== root; ) {
      const next = this.#parents[at]!;
      this.#parents[at] = root;
      at = next;
    }
    return root;
  }

  unite(a: number, b: number): void {
    const [first, second] = [this.root(a), this.root(b)].sort((x, y) => x - y) as [number, number];
    if (first === second) return;
    this.#parents[second] = first;
    const pin = this.#pins.get(second);
    if (pin !== undefined && !this.#pins.has(first)) this.#pins.set(first, pin);
  }

  /** Unites channel by channel; both have the same length. */
  uniteAll(a: Int32Array, b: Int32Array): void {
    for (let i = 0; i < a.length; i++) this.unite(a[i]!, b[i]!);
  }

  /** @param why the end of the sentence “keeps its channels: …” */
  pin(ids: Int32Array, why: string): void {
    for (const id of ids) {
      const root = this.root(id);
      if (!this.#pins.has(root)) this.#pins.set(root, why);
    }
  }

  pinOf(id: number): string | undefined {
    return this.#pins.get(this.root(id));
  }
}
