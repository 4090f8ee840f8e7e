import { Inflate } from 'fflate/browser';
import { fail } from '../findings.ts';
import type { ByteSource } from './bytes.ts';
import { crc32 } from './crc32.ts';

/** Compressed bytes handed to the inflater at once: bounds what a bomb can put out before the limit is checked. */
const step = 32 * 1024;

/** Inflates deflate data piece by piece and stops as soon as more comes out than was declared. */
export class BoundedInflater {
  readonly #inflate: Inflate;
  readonly #limit: number;
  #pieces: Uint8Array[] = [];
  #produced = 0;
  #ended = false;

  /** @param limit most bytes that may come out; more is the finding `data/deflate-bomb` */
  constructor(limit: number) {
    this.#limit = limit;
    this.#inflate = new Inflate((piece, final) => {
      if (piece.length > 0) this.#pieces.push(piece);
      this.#ended = final;
    });
  }

  get produced(): number {
    return this.#produced;
  }

  /** What the next compressed bytes give; `final` with the last ones. */
  push(chunk: Uint8Array, final: boolean): Uint8Array[] {
    if (this.#ended) return [];
    try {
      this.#inflate.push(chunk, final);
    } catch {
      fail('data/deflate', 'The compressed data are damaged.', { fix: 'Fetch or write the file again.' });
    }
    const pieces = this.#pieces;
    this.#pieces = [];
    for (const piece of pieces) this.#produced += piece.length;
    if (this.#produced > this.#limit) {
      fail('data/deflate-bomb', `The compressed data hold more than the ${this.#limit} bytes they declare.`, {
        why: 'Reading on could fill the memory.',
        fix: 'Fetch or write the file again.',
      });
    }
    return pieces;
  }
}

/**
 * Inflates a whole zlib stream (RFC 1950) held in pieces into exactly `size` bytes. More is cut off without being
 * stored (readers of PNG ignore it), fewer is `undefined`. The Adler-32 is not checked: PNG has a CRC per chunk.
 */
export function inflateZlib(pieces: readonly Uint8Array[], size: number): Uint8Array | undefined {
  const out = new Uint8Array(size);
  let filled = 0;
  let header = 2;
  // What a step of input gives beyond `size` (1032 times the step at most) is dropped.
  const inflater = new BoundedInflater(Number.MAX_SAFE_INTEGER);
  const take = (chunk: Uint8Array, final: boolean) => {
    for (const bytes of inflater.push(chunk, final)) {
      const kept = bytes.subarray(0, size - filled);
      out.set(kept, filled);
      filled += kept.length;
    }
    return filled === size;
  };
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += step) {
      const chunk = piece.subarray(at, at + step);
      const dropped = Math.min(header, chunk.length);
      header -= dropped;
      if (take(chunk.subarray(dropped), false)) return out;
    }
  }
  return take(new Uint8Array(0), true) ? out : undefined;
}

/** Arrays up to this size are inflated once and held; larger ones are inflated again on every step backwards. */
const heldLimit = 64 * 1024 * 1024;

/** Deflate cannot shrink by more than this factor (258 bytes from two bits, and headers). */
const largestRatio = 1032;

/**
 * A deflated stretch of a file as a source of its inflated bytes. Reading forward is a stream; memory stays at one
 * step's output above 64 MiB, and at the whole below that.
 *
 * @param expectedCrc checked when the whole is held
 * @param held largest size that is held whole
 */
export function inflatedSource(
  compressed: ByteSource,
  size: number,
  expectedCrc: number | undefined,
  held = heldLimit,
): ByteSource {
  if (size > compressed.size * largestRatio + 64) {
    fail('data/deflate-bomb', `${compressed.size} compressed bytes claim to hold ${size}, more than deflate can.`);
  }
  const truncated = (): never => fail('data/truncated', 'The compressed data end early.');
  let whole: Promise<Uint8Array> | undefined;
  let cursor = new Cursor(compressed, size);
  // Reads are queued: two readers of one stream would tear it.
  let queue: Promise<unknown> = Promise.resolve();

  return {
    size,
    async read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > size) truncated();
      if (size <= held) {
        whole ??= inflateAll(compressed, size, expectedCrc);
        return (await whole).subarray(offset, offset + length);
      }
      const turn = queue.then(async () => {
        if (offset < cursor.position) cursor = new Cursor(compressed, size);
        return cursor.read(offset, length);
      });
      queue = turn.catch(() => {
        cursor = new Cursor(compressed, size);
      });
      return turn;
    },
  };
}

async function inflateAll(compressed: ByteSource, size: number, expectedCrc: number | undefined): Promise<Uint8Array> {
  const bytes = await new Cursor(compressed, size).read(0, size);
  if (expectedCrc !== undefined && crc32(bytes) !== expectedCrc) {
    fail('data/checksum', 'The checksum of the compressed data is wrong.', {
      fix: 'The file is damaged: fetch it again.',
    });
  }
  return bytes;
}

/** A forward reader of a deflate stream. */
class Cursor {
  readonly #compressed: ByteSource;
  readonly #inflater: BoundedInflater;
  #fed = 0;
  #pieces: Uint8Array[] = [];
  /** Offset of the first byte still held. */
  position = 0;

  constructor(compressed: ByteSource, size: number) {
    this.#compressed = compressed;
    this.#inflater = new BoundedInflater(size);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const out = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const piece = this.#pieces[0] ?? (await this.#next());
      const skip = Math.min(offset + filled - this.position, piece.length);
      const taken = Math.min(piece.length - skip, length - filled);
      out.set(piece.subarray(skip, skip + taken), filled);
      filled += taken;
      if (skip + taken === piece.length) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(skip + taken);
      this.position += skip + taken;
    }
    return out;
  }

  async #next(): Promise<Uint8Array> {
    for (;;) {
      const left = this.#compressed.size - this.#fed;
      if (left === 0) fail('data/truncated', 'The compressed data end early.');
      const length = Math.min(step, left);
      const chunk = await this.#compressed.read(this.#fed, length);
      this.#fed += length;
      this.#pieces = this.#inflater.push(chunk, left === length);
      if (this.#pieces.length > 0) return this.#pieces[0]!;
    }
  }
}
