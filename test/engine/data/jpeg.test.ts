import { describe, expect, it } from 'vitest';
import { decodeJpeg } from '../../../engine/data/jpeg/decode.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { findingOf } from './support/findings.ts';
import { goldenArrays, largestDifference } from './support/goldens.ts';

const goldens = await goldenArrays('jpeg.npz');
const names = [...goldens.keys()].filter((key) => key.endsWith('.file')).map((key) => key.slice(0, -5));
const file = (name: string) => goldens.get(`${name}.file`)!.data as Uint8Array;

describe('JPEG: the same pixels as Pillow (libjpeg-turbo), to the last bit', () => {
  it('covers the kinds that are to be read', () => {
    for (const kind of ['444', '422', '420', '411', '440', 'gray', 'cmyk', 'restart', 'rgb', 'low']) {
      expect(names.filter((name) => name.includes(kind)).length, kind).toBeGreaterThanOrEqual(2);
    }
  });

  it.each(names)('%s', (name) => {
    const want = goldens.get(`${name}.pixels`) as Tensor & { data: Uint8Array };
    const got = decodeJpeg(file(name), name);
    expect([got.height, got.width, got.channels]).toEqual(want.dims);
    expect(largestDifference(got.data, want.data)).toBe(0);
  });
});

describe('JPEG files that are refused', () => {
  const plain = file('baseline-420-19x21');
  const frameAt = (bytes: Uint8Array) => bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0);
  const changed = (change: (bytes: Uint8Array, frame: number) => void) => {
    const copy = new Uint8Array(plain);
    change(copy, frameAt(copy));
    return copy;
  };
  const cases: Record<string, [Uint8Array, string]> = {
    'arithmetic coding': [changed((bytes, at) => bytes.fill(0xc9, at + 1, at + 2)), 'data/jpeg-kind'],
    'lossless coding': [changed((bytes, at) => bytes.fill(0xc3, at + 1, at + 2)), 'data/jpeg-kind'],
    '12 bits a sample': [changed((bytes, at) => bytes.fill(12, at + 4, at + 5)), 'data/jpeg-kind'],
    'more pixels than are read': [changed((bytes, at) => bytes.fill(0xff, at + 5, at + 9)), 'data/too-large'],
    'a size that its bytes cannot hold': [changed((bytes, at) => bytes.set([0x10, 0, 0x10, 0], at + 5)), 'data/jpeg'],
    'no height': [changed((bytes, at) => bytes.fill(0, at + 5, at + 7)), 'data/jpeg'],
    'a sampling factor of 0': [changed((bytes, at) => bytes.fill(0, at + 11, at + 12)), 'data/jpeg'],
    'only the start': [plain.subarray(0, 2), 'data/jpeg'],
  };
  it.each(Object.entries(cases))('%s', async (_, [bytes, code]) => {
    const finding = await findingOf(() => decodeJpeg(bytes, 'cat.jpg'));
    expect(finding.code).toBe(code);
    expect(finding.what).toContain('cat.jpg');
  });

  it.each(['baseline-420-19x21', 'progressive-420-19x21', 'baseline-restart'])(
    'cut off anywhere before the last pixels: %s',
    async (name) => {
      const whole = file(name);
      for (let length = 2; length < whole.length - 40; length += 3) {
        expect((await findingOf(() => decodeJpeg(whole.subarray(0, length), 'cat.jpg'))).code).toBe('data/jpeg');
      }
    },
  );
});
