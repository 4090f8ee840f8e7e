/**
 * Seeded pseudo-random numbers, the same on every machine: xoshiro128** (Blackman and Vigna 2018, 32-bit arithmetic
 * only), its state filled by splitmix64 from the seed. Draws are part of a result, so this never changes.
 */
export class Random {
  readonly #state = new Uint32Array(4);

  /** `stream` separates independent sequences under one seed (one per class, for example). */
  constructor(seed: number, stream = 0) {
    const mask = 0xffffffffffffffffn;
    let x = (BigInt(Math.trunc(seed)) * 0x9e3779b97f4a7c15n + BigInt(Math.trunc(stream)) * 0xd1342543de82ef95n) & mask;
    for (let i = 0; i < 4; i += 2) {
      x = (x + 0x9e3779b97f4a7c15n) & mask;
      let z = x;
      z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
      z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
      z ^= z >> 31n;
      this.#state[i] = Number(z & 0xffffffffn);
      this.#state[i + 1] = Number(z >> 32n);
    }
  }

  /** 32 random bits as a number in [0, 2³²). */
  next(): number {
    const s = this.#state;
    const scaled = Math.imul(s[1]!, 5);
    const result = Math.imul((scaled << 7) | (scaled >>> 25), 9) >>> 0;
    const shifted = s[1]! << 9;
    s[2] = s[2]! ^ s[0]!;
    s[3] = s[3]! ^ s[1]!;
    s[1] = s[1]! ^ s[2]!;
    s[0] = s[0]! ^ s[3]!;
    s[2] = s[2]! ^ shifted;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }

  /** Whole number in [0, limit), without bias (rejection); `limit` from 1 to 2³². */
  below(limit: number): number {
    const rest = 0x100000000 % limit;
    for (;;) {
      const value = this.next();
      if (value >= rest) return value % limit;
    }
  }

  /** Fisher-Yates: the first `count` of a random permutation of `items` (all of them by default). */
  draw<T>(items: readonly T[], count = items.length): T[] {
    const pool = [...items];
    const wanted = Math.min(count, pool.length);
    for (let i = 0; i < wanted; i++) {
      const j = i + this.below(pool.length - i);
      const held = pool[i]!;
      pool[i] = pool[j]!;
      pool[j] = held;
    }
    return pool.slice(0, wanted);
  }
}
