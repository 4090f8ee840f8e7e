import { zlibSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../../engine/data/crc32.ts';
import { decodePng } from '../../../engine/data/png.ts';
import { findingOf } from './support/findings.ts';
import { goldenArrays, largestDifference } from './support/goldens.ts';

const goldens = await goldenArrays('png.npz');
const names = [...goldens.keys()].filter((key) => key.endsWith('.file')).map((key) => key.slice(0, -5));

describe('PNG: the same pixels as Pillow', () => {
  it('covers every colour type and depth, plain and interlaced', () => {
    expect(names.length).toBeGreaterThanOrEqual(39);
  });

  it.each(names)('%s', (name) => {
    const want = goldens.get(`${name}.pixels`)!;
    const got = decodePng(goldens.get(`${name}.file`)!.data as Uint8Array, name);
    const channels = want.dims[2] ?? 1;
    expect([got.height, got.width, got.channels]).toEqual([want.dims[0], want.dims[1], channels]);
    expect(largestDifference(got.data, want.data as Uint8Array)).toBe(0);
  });
});

function chunk(type: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(content, 8);
  view.setUint32(8 + content.length, crc32(bytes.subarray(4, 8 + content.length)));
  return bytes;
}

function png(header: readonly number[], data: Uint8Array, ...more: Uint8Array[]): Uint8Array {
  const parts = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk('IHDR', Uint8Array.from(header)),
    ...more,
    chunk('IDAT', data),
    chunk('IEND', new Uint8Array(0)),
  ];
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

describe('PNG files that are refused', () => {
  const gray3x2 = [0, 0, 0, 3, 0, 0, 0, 2, 8, 0, 0, 0, 0];
  const rows = Uint8Array.of(0, 1, 2, 3, 0, 4, 5, 6);

  it('are told from a good one', () => {
    expect([...decodePng(png(gray3x2, zlibSync(rows)), 'a.png').data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  const withHeader = (at: number, value: number) => gray3x2.with(at, value);
  const cases: Record<string, [Uint8Array, string]> = {
    'more pixels than are read': [png(withHeader(0, 1).with(4, 1), zlibSync(rows)), 'data/too-large'],
    'a size that its bytes cannot hold': [png(withHeader(2, 8).with(6, 8), zlibSync(rows)), 'data/png'],
    'pixels that end early': [png(gray3x2, zlibSync(rows.subarray(0, 5))), 'data/png'],
    'no pixels': [png(gray3x2, new Uint8Array(0)), 'data/png'],
    'a colour type that is none': [png(withHeader(9, 5), zlibSync(rows)), 'data/png'],
    'a depth that its colour type has not': [png(withHeader(8, 16).with(9, 3), zlibSync(rows)), 'data/png'],
    'a palette image without palette': [png(withHeader(9, 3), zlibSync(rows)), 'data/png'],
    'a filter that is none': [png(gray3x2, zlibSync(rows.with(4, 9))), 'data/png'],
    'a chunk it needs and nobody knows': [png(gray3x2, zlibSync(rows), chunk('ABCD', rows)), 'data/png'],
    'bytes that are not deflated': [png(gray3x2, Uint8Array.of(0x78, 0x9c, 7, 7, 7, 7, 7, 7)), 'data/deflate'],
  };
  it.each(Object.entries(cases))('%s', async (_, [bytes, code]) => {
    expect((await findingOf(() => decodePng(bytes, 'a.png'))).code).toBe(code);
  });

  it('a wrong checksum', async () => {
    const bytes = png(gray3x2, zlibSync(rows));
    bytes[bytes.length - 20] = bytes[bytes.length - 20]! ^ 1;
    expect((await findingOf(() => decodePng(bytes, 'a.png'))).what).toContain('checksum');
  });

  it('a bomb is cut off at the size of the image', () => {
    const bomb = zlibSync(new Uint8Array(5_000_000));
    const small = decodePng(png(gray3x2, bomb), 'a.png');
    expect(small.data.length).toBe(6);
  });
});
