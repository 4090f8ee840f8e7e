import { deflateSync, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { memorySource } from '../../../engine/data/bytes.ts';
import { inflatedSource } from '../../../engine/data/inflate.ts';
import { openZip } from '../../../engine/data/zip.ts';
import { findingOf } from './support/findings.ts';
import { largestDifference } from './support/goldens.ts';

const text = new TextEncoder().encode('the same words, '.repeat(400));
const archive = zipSync({ 'a.npy': [text, { level: 0 }], 'b.npy': [text, { level: 9 }] });

async function readAll(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  const source = await (await openZip(memorySource(bytes), 'x.npz')).get(name)!.open();
  return source.read(0, source.size);
}

describe('zip archives', () => {
  it.each(['a.npy', 'b.npy'])('reads %s, stored or deflated', async (name) => {
    expect(await readAll(archive, name)).toEqual(text);
  });

  it('reads a part of a stored entry without the rest', async () => {
    let fetched = 0;
    const whole = memorySource(archive);
    const source = {
      size: whole.size,
      read: (at: number, n: number) => {
        fetched += n;
        return whole.read(at, n);
      },
    };
    const entry = await (await openZip(source, 'x')).get('a.npy')!.open();
    fetched = 0;
    expect(await entry.read(10, 5)).toEqual(text.subarray(10, 15));
    expect(fetched).toBe(5);
  });

  it('reads sizes and offsets of 64 bits', async () => {
    expect(await readAll(withZip64(text), 'a.npy')).toEqual(text);
  });

  it('finds the end record behind a comment', async () => {
    const commented = new Uint8Array(archive.length + 300).fill(65);
    commented.set(archive);
    new DataView(commented.buffer).setUint16(archive.length - 2, 300, true);
    expect(await readAll(commented, 'b.npy')).toEqual(text);
  });
});

describe('archives that are refused', () => {
  it('cut off anywhere', async () => {
    for (let length = 0; length < archive.length; length += 11) {
      expect((await findingOf(() => readAll(archive.subarray(0, length), 'a.npy'))).code).toBe('data/zip');
    }
  });

  it('a checksum that is wrong', async () => {
    const damaged = archive.slice();
    const directory = findSignature(damaged, 0x02014b50, 1);
    damaged[directory + 16] = damaged[directory + 16]! ^ 1;
    expect((await findingOf(() => readAll(damaged, 'b.npy'))).code).toBe('data/checksum');
  });

  it('an entry that inflates to more than it declares', async () => {
    const damaged = archive.slice();
    const directory = findSignature(damaged, 0x02014b50, 1);
    new DataView(damaged.buffer).setUint32(directory + 24, 50, true);
    expect((await findingOf(() => readAll(damaged, 'b.npy'))).code).toBe('data/deflate-bomb');
  });

  it('an entry that claims more than deflate can hold', async () => {
    const damaged = archive.slice();
    const directory = findSignature(damaged, 0x02014b50, 1);
    new DataView(damaged.buffer).setUint32(directory + 24, 0xfffffff0, true);
    expect((await findingOf(() => readAll(damaged, 'b.npy'))).code).toBe('data/deflate-bomb');
  });

  it.each([
    ['encrypted', 8, 1],
    ['of another method', 10, 12],
    ['outside the file', 42, 0xff],
  ])('an entry that is %s', async (_, offset, value) => {
    const damaged = archive.slice();
    const directory = findSignature(damaged, 0x02014b50, 0);
    damaged.fill(value, directory + offset, directory + offset + 1);
    if (offset === 42) damaged.fill(0x7f, directory + 42, directory + 46);
    expect((await findingOf(() => readAll(damaged, 'a.npy'))).code).toBe('data/zip');
  });
});

describe('deflated arrays too large to be held', () => {
  const size = 3_000_000;
  const content = Uint8Array.from({ length: size }, (_, i) => (i * (i >> 9)) % 251);
  const deflated = deflateSync(content, { level: 1 });
  const streamed = () => inflatedSource(memorySource(deflated), size, undefined, 0);

  it('give any part, forward and backward, also to readers at once', async () => {
    const source = streamed();
    const at = async (offset: number) => [...(await source.read(offset, 3))];
    const places = [2_000_000, 2_999_997, 5, 4095, 2_000_003, 0];
    const want = places.map((place) => [...content.subarray(place, place + 3)]);
    expect(await Promise.all(places.map(at))).toEqual(want);
    for (const [i, place] of places.entries()) expect(await at(place)).toEqual(want[i]);
  });

  it('come through byte for byte', async () => {
    const source = streamed();
    for (let offset = 0; offset < size; offset += 333_333) {
      const length = Math.min(333_333, size - offset);
      expect(largestDifference(await source.read(offset, length), content.subarray(offset, offset + length))).toBe(0);
    }
  });

  it('that end early are a finding, again and again', async () => {
    const source = inflatedSource(memorySource(deflated.subarray(0, deflated.length >> 1)), size, undefined, 0);
    for (let i = 0; i < 2; i++) {
      expect(['data/truncated', 'data/deflate']).toContain((await findingOf(() => source.read(size - 9, 9))).code);
    }
    expect([...(await source.read(600, 2))]).toEqual([...content.subarray(600, 602)]);
  });
});

function findSignature(bytes: Uint8Array, signature: number, nth: number): number {
  const view = new DataView(bytes.buffer);
  let seen = 0;
  for (let at = 0; at + 4 <= bytes.length; at++) {
    if (view.getUint32(at, true) === signature && seen++ === nth) return at;
  }
  throw new Error('no such record');
}

/** A stored entry whose sizes and place, and those of the directory, stand in ZIP64 fields only. */
function withZip64(content: Uint8Array): Uint8Array {
  const name = new TextEncoder().encode('a.npy');
  const local = new Uint8Array(30 + name.length);
  const localView = new DataView(local.buffer);
  localView.setUint32(0, 0x04034b50, true);
  localView.setUint16(26, name.length, true);
  local.set(name, 30);
  const directory = new Uint8Array(46 + name.length + 28);
  const view = new DataView(directory.buffer);
  view.setUint32(0, 0x02014b50, true);
  view.setUint32(20, 0xffffffff, true);
  view.setUint32(24, 0xffffffff, true);
  view.setUint16(28, name.length, true);
  view.setUint16(30, 28, true);
  view.setUint32(42, 0xffffffff, true);
  directory.set(name, 46);
  const extra = 46 + name.length;
  view.setUint16(extra, 1, true);
  view.setUint16(extra + 2, 24, true);
  view.setBigUint64(extra + 4, BigInt(content.length), true);
  view.setBigUint64(extra + 12, BigInt(content.length), true);
  const end = new Uint8Array(56 + 20 + 22);
  const endView = new DataView(end.buffer);
  const directoryAt = local.length + content.length;
  endView.setUint32(0, 0x06064b50, true);
  endView.setBigUint64(32, 1n, true);
  endView.setBigUint64(40, BigInt(directory.length), true);
  endView.setBigUint64(48, BigInt(directoryAt), true);
  endView.setUint32(56, 0x07064b50, true);
  endView.setBigUint64(64, BigInt(directoryAt + directory.length), true);
  endView.setUint32(76, 0x06054b50, true);
  endView.setUint16(86, 0xffff, true);
  endView.setUint32(88, 0xffffffff, true);
  endView.setUint32(92, 0xffffffff, true);
  return Uint8Array.from([...local, ...content, ...directory, ...end]);
}
