import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../engine/data/image.ts';
import { findingOf } from './support/findings.ts';

const ascii = (text: string) => Array.from(text, (character) => character.charCodeAt(0));
const pixels = (bytes: Uint8Array) => {
  const { dims, data } = decodeImage(bytes, 'x');
  return [dims, Array.from(data as Uint8Array)];
};

/** A bitmap with a header of Windows 3. */
function bmp(width: number, height: number, bits: number, rows: number[], palette: number[] = [], compression = 0) {
  const start = 54 + palette.length;
  const bytes = new Uint8Array(start + rows.length);
  const view = new DataView(bytes.buffer);
  bytes.set(ascii('BM'));
  view.setUint32(10, start, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(28, bits, true);
  view.setUint32(30, compression, true);
  bytes.set(palette, 54);
  bytes.set(rows, start);
  return bytes;
}

describe('BMP', () => {
  it('of 24 bits: blue first, rows from the bottom up, each filled to four bytes', () => {
    const image = bmp(1, 2, 24, [3, 2, 1, 0, 6, 5, 4, 0]);
    expect(pixels(image)).toEqual([
      [2, 1, 3],
      [4, 5, 6, 1, 2, 3],
    ]);
  });

  it('of 32 bits from the top down, without the fourth byte', () => {
    expect(pixels(bmp(1, -2, 32, [3, 2, 1, 9, 6, 5, 4, 9]))).toEqual([
      [2, 1, 3],
      [1, 2, 3, 4, 5, 6],
    ]);
  });

  it('of 1, 4 and 8 bits through their palette', () => {
    const palette = [0, 0, 0, 0, 30, 20, 10, 0];
    const expected = [
      [1, 3, 3],
      [10, 20, 30, 0, 0, 0, 10, 20, 30],
    ];
    expect(pixels(bmp(3, 1, 1, [0b10100000, 0, 0, 0], palette))).toEqual(expected);
    expect(pixels(bmp(3, 1, 4, [0x10, 0x10, 0, 0], palette))).toEqual(expected);
    expect(pixels(bmp(3, 1, 8, [1, 0, 1, 0], palette))).toEqual(expected);
  });

  it.each([
    ['it ends early', bmp(2, 2, 24, [0, 0, 0])],
    ['it is compressed', bmp(1, 1, 24, [0, 0, 0, 0], [], 1)],
    ['16 bits a pixel', bmp(1, 1, 16, [0, 0, 0, 0])],
    ['0x1 pixels', bmp(0, 1, 24, [])],
  ])('is a finding where %s', async (what, bytes) => {
    expect(await findingOf(() => decodeImage(bytes, 'x'))).toMatchObject({
      code: 'data/bmp',
      what: expect.stringContaining(what),
    });
  });
});

describe('PNM', () => {
  it.each([
    [
      'gray, in words, with a comment',
      [...ascii('P2\n# made by hand\n2 1 255\n7 200\n')],
      [
        [1, 2, 1],
        [7, 200],
      ],
    ],
    [
      'gray, in bytes',
      [...ascii('P5 2 1 255\n'), 7, 200],
      [
        [1, 2, 1],
        [7, 200],
      ],
    ],
    [
      'colour, in words',
      [...ascii('P3 1 1 255 1 2 3')],
      [
        [1, 1, 3],
        [1, 2, 3],
      ],
    ],
    [
      'colour, in bytes',
      [...ascii('P6\n1 1\n255\n'), 1, 2, 3],
      [
        [1, 1, 3],
        [1, 2, 3],
      ],
    ],
    [
      'of a smaller range',
      [...ascii('P5 2 1 15\n'), 15, 3],
      [
        [1, 2, 1],
        [255, 51],
      ],
    ],
  ])('%s', (_what, bytes, expected) => {
    expect(pixels(Uint8Array.from(bytes))).toEqual(expected);
  });

  it.each([
    ['it ends early', 'P6 2 2 255\nabc'],
    ['a number is missing', 'P2 2 x'],
    ['its largest value is 65535', 'P5 1 1 65535\n'],
  ])('is a finding where %s', async (what, text) => {
    const bytes = Uint8Array.from(ascii(text));
    expect(await findingOf(() => decodeImage(bytes, 'x'))).toMatchObject({
      code: 'data/pnm',
      what: expect.stringContaining(what),
    });
  });
});
