import protobuf from 'protobufjs/minimal.js';
import { fail } from '../findings.ts';
import { bytesOfText, hasEscapedBytes, textOfBytes } from './text.ts';

/**
 * protobufjs' reader and writer with what ONNX needs of them: 64-bit integers that are exact without a library of their
 * own, unknown fields and text kept byte for byte, and a bound on what a hostile file can make us allocate.
 */

/** Largest message of Protocol Buffers, in bytes. */
export const messageLimit = 2 ** 31 - 1;

/** Most messages, strings, byte strings and unknown fields; a graph of 10,000 nodes has about 200,000. */
const itemLimit = 4_000_000;
/** Most numbers in the typed lists (`float_data`, `ints`, …); 1 GiB as they lie in memory. */
const numberLimit = 2 ** 27;

export class WireReader extends protobuf.Reader {
  private items = 0;
  private numbers = 0;

  constructor(bytes: Uint8Array) {
    // A plain view: a Node `Buffer` would make `Buffer`s of byte fields.
    super(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    this.discardUnknown = false;
  }

  /** The length prefix of everything that becomes an object: messages, strings, byte strings, packed lists. */
  override size(): number {
    this.countItem();
    return super.size();
  }

  /** A view, for byte strings and unknown fields. */
  override raw(start: number, end: number): Uint8Array {
    this.countItem();
    return this.buf.subarray(start, end);
  }

  override string(): string {
    return textOfBytes(this.bytes());
  }

  // protobufjs declares `Long` here; nothing but its generated code, which takes anything, sees what is returned.
  override int64(): never {
    this.countNumbers(1);
    return this.varint64(true) as never;
  }

  override uint64(): never {
    this.countNumbers(1);
    return this.varint64(false) as never;
  }

  override float(): number {
    this.countNumbers(1);
    return super.float();
  }

  override double(): number {
    this.countNumbers(1);
    return super.double();
  }

  override int32(): number {
    this.countNumbers(1);
    return super.int32();
  }

  override floats(values?: number[]): number[] {
    const before = values?.length ?? 0;
    this.expectNumbers(4);
    const all = super.floats(values);
    this.countNumbers(all.length - before);
    return all;
  }

  override doubles(values?: number[]): number[] {
    const before = values?.length ?? 0;
    this.expectNumbers(8);
    const all = super.doubles(values);
    this.countNumbers(all.length - before);
    return all;
  }

  override int32s(values: number[] = []): number[] {
    return this.packed(values, () => this.int32());
  }

  override int64s(values: never[] = []): never[] {
    return this.packed(values, () => this.int64());
  }

  override uint64s(values: never[] = []): never[] {
    return this.packed(values, () => this.uint64());
  }

  private packed<T>(values: T[], read: () => T): T[] {
    const outer = this.len;
    const end = this.size() + this.pos;
    if (end > outer) throw new RangeError('index out of range');
    this.len = end;
    while (this.pos < end) values.push(read());
    this.len = outer;
    return values;
  }

  /** Refuses a packed list of fixed-width numbers before it is allocated; does not move the reader. */
  private expectNumbers(width: number): void {
    const start = this.pos;
    const bytes = super.size();
    this.pos = start;
    if (this.numbers + bytes / width > numberLimit) tooMuch();
  }

  private countItem(): void {
    if (++this.items > itemLimit) tooMuch();
  }

  private countNumbers(count: number): void {
    this.numbers += count;
    if (this.numbers > numberLimit) tooMuch();
  }

  private varint64(signed: boolean): number | bigint {
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index++) {
      if (this.pos >= this.len) throw new RangeError('index out of range');
      const byte = this.buf[this.pos++]!;
      const bits = byte & 0x7f;
      if (index < 4) low |= bits << (7 * index);
      else if (index === 4) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (7 * index - 32);
      if (byte < 0x80) return integer64(low >>> 0, signed ? high : high >>> 0);
    }
    throw new Error('invalid varint encoding');
  }
}

function integer64(low: number, high: number): number | bigint {
  const value = high * 2 ** 32 + low;
  return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low);
}

function tooMuch(): never {
  return fail('model/too-complex', 'The model holds more messages or list elements than QSpec reads.', {
    why: `The limits are ${itemLimit} messages and strings and ${numberLimit} numbers outside of raw data; they keep a broken or hostile file from filling the memory.`,
    fix: 'Store large tensors as raw data or external data.',
  });
}

export class WireWriter extends protobuf.Writer {
  /** `expectedBytes`: how much room to take at once; the buffer grows when it is too small. */
  constructor(expectedBytes: number) {
    super();
    this.buf = new Uint8Array(expectedBytes);
  }

  override int64(value: unknown): this {
    super.int64(longOf(value));
    return this;
  }

  override uint64(value: unknown): this {
    super.uint64(longOf(value));
    return this;
  }

  override int64s(values: readonly unknown[]): this {
    super.int64s(values.map(longOf));
    return this;
  }

  override uint64s(values: readonly unknown[]): this {
    super.uint64s(values.map(longOf));
    return this;
  }

  override string(text: string): this {
    if (hasEscapedBytes(text)) this.bytes(bytesOfText(text));
    else super.string(text);
    return this;
  }

  override bytes(bytes: Uint8Array): this {
    this.demand(bytes.length);
    super.bytes(bytes);
    return this;
  }

  /** The message written; the writer is not to be used again. */
  result(): Uint8Array<ArrayBuffer> {
    this.demand(0);
    return this.finish(true) as Uint8Array<ArrayBuffer>;
  }

  private demand(bytes: number): void {
    if (this.pos + bytes <= messageLimit) return;
    fail('model/too-large', 'The model does not fit one file: Protocol Buffers end at 2 GiB.', {
      fix: 'Write the weights as external data.',
    });
  }
}

/** What protobufjs takes for a 64-bit integer: a safe number, or an object of two halves. */
function longOf(value: unknown): never {
  if (typeof value === 'bigint') {
    const bits = BigInt.asUintN(64, value);
    return { low: Number(bits & 0xffffffffn), high: Number(bits >> 32n) } as never;
  }
  if (!Number.isSafeInteger(value)) throw new TypeError(`${String(value)} is not an exact 64-bit integer`);
  return value as never;
}
