import type { Broken } from './frame.ts';

/** Codes up to this length are looked up at once. */
const fastBits = 9;

/** A Huffman table as T.81 F.2.2.3 decodes it. */
export interface HuffmanTable {
  /** By the next 9 bits: (length << 8) | symbol; 0 where the code is longer. */
  readonly fast: Uint16Array;
  /** Largest code of each length, −1 where there is none. */
  readonly largest: Int32Array;
  /** What to add to a code of each length for its place in `symbols`. */
  readonly offset: Int32Array;
  readonly symbols: Uint8Array;
}

/** @param counts codes of length 1 to 16 */
export function buildHuffmanTable(counts: Uint8Array, symbols: Uint8Array, broken: Broken): HuffmanTable {
  const fast = new Uint16Array(1 << fastBits);
  const largest = new Int32Array(17).fill(-1);
  const offset = new Int32Array(17);
  let code = 0;
  let place = 0;
  for (let length = 1; length <= 16; length++) {
    const count = counts[length - 1]!;
    offset[length] = place - code;
    for (let i = 0; i < count; i++, code++, place++) {
      if (length > fastBits) continue;
      const shift = fastBits - length;
      fast.fill((length << 8) | symbols[place]!, code << shift, (code + 1) << shift);
    }
    if (count > 0) largest[length] = code - 1;
    if (code > 1 << length) broken('a Huffman table has too many codes');
    code <<= 1;
  }
  return { fast, largest, offset, symbols };
}

/**
 * Bits of an entropy-coded segment. Stops at the next marker and then gives zeros; `overrun` tells whether any of
 * those were used.
 */
export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #broken: Broken;
  /** Next byte to fetch; never beyond a marker. */
  position: number;
  #buffer = 0;
  #count = 0;
  #padding = 0;

  constructor(bytes: Uint8Array, position: number, broken: Broken) {
    this.#bytes = bytes;
    this.position = position;
    this.#broken = broken;
  }

  get overrun(): boolean {
    return this.#padding > this.#count;
  }

  /** Holds at least 25 bits afterwards. */
  #fill(): void {
    while (this.#count <= 24) {
      let byte = this.#bytes[this.position];
      if (byte === 0xff) {
        let next = this.position + 1;
        while (this.#bytes[next] === 0xff) next++;
        if (this.#bytes[next] === 0) this.position = next;
        else byte = undefined;
      }
      if (byte === undefined) this.#padding += 8;
      else this.position++;
      this.#buffer = (this.#buffer << 8) | (byte ?? 0);
      this.#count += 8;
    }
  }

  /** The next `length` (1 to 16) bits as a number. */
  bits(length: number): number {
    if (this.#count < length) this.#fill();
    this.#count -= length;
    return (this.#buffer >>> this.#count) & ((1 << length) - 1);
  }

  /** The next `length` bits as T.81 F.2.2.1 extends them to a signed number. */
  signed(length: number): number {
    if (length === 0) return 0;
    const value = this.bits(length);
    return value < 1 << (length - 1) ? value - (1 << length) + 1 : value;
  }

  symbol(table: HuffmanTable): number {
    if (this.#count < 16) this.#fill();
    const next = (this.#buffer >>> (this.#count - 16)) & 0xffff;
    const entry = table.fast[next >> (16 - fastBits)]!;
    if (entry !== 0) {
      this.#count -= entry >> 8;
      return entry & 0xff;
    }
    for (let length = fastBits + 1; length <= 16; length++) {
      const code = next >> (16 - length);
      if (code <= table.largest[length]!) {
        this.#count -= length;
        return table.symbols[code + table.offset[length]!]!;
      }
    }
    return this.#broken('it holds a code that its tables do not');
  }

  /** Drops what is left of the interval and steps over the restart marker that must follow. */
  restart(): void {
    this.#buffer = 0;
    this.#count = 0;
    this.#padding = 0;
    const at = findMarker(this.#bytes, this.position);
    if (at < 0 || this.#bytes[at + 1]! < 0xd0 || this.#bytes[at + 1]! > 0xd7)
      this.#broken('a restart marker is missing');
    this.position = at + 2;
  }
}

/** Where the next marker (FF and neither 00 nor FF) begins; −1 if there is none. */
export function findMarker(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0 && at + 1 < bytes.length; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] !== 0 && bytes[at + 1] !== 0xff) return at;
  }
  return -1;
}
