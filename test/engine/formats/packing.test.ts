import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packCodes, unpackCodes } from '../../../engine/formats/packing.ts';
import { packBits } from '../../../engine/onnx/packing.ts';

it.each(Array.from({ length: 32 }, (_, i) => i + 1))('codes of %i bits come back as they were', (bits) => {
  const [low, high] = [-(2 ** (bits - 1)), 2 ** bits - 1];
  fc.assert(
    fc.property(fc.array(fc.integer({ min: low, max: -low - 1 }), { maxLength: 70 }), (codes) => {
      const packed = packCodes(codes, bits);
      expect(packed.length).toBe(Math.ceil((codes.length * bits) / 8));
      expect([...unpackCodes(packed, new Int32Array(codes.length), bits)]).toEqual(codes);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: high }), { maxLength: 70 }), (codes) => {
      expect([...unpackCodes(packCodes(codes, bits), new Uint32Array(codes.length), bits)]).toEqual(codes);
    }),
  );
});

it('lays codes low bits first, across bytes', () => {
  // 5 = 101, 3 = 011, 6 = 110: 110 011 101 from the right.
  expect([...packCodes([5, 3, 6], 3)]).toEqual([0b10_011_101, 0b1]);
});

it('packs 4 and 2 bits as ONNX does', () => {
  const codes = Int8Array.of(-8, 7, 3, -1, 0);
  expect([...packCodes(codes, 4)]).toEqual([...packBits(codes, 4)]);
  const short = Int8Array.of(-2, 1, -1, 0, 1);
  expect([...packCodes(short, 2)]).toEqual([...packBits(short, 2)]);
});
