import { createHash, randomFillSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Sha256, sha256 } from '../../engine/hash.ts';

const reference = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('SHA-256', () => {
  it('gives the digests of FIPS 180-4', () => {
    expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('agrees with the platform for every length around the block size, whole and in pieces', () => {
    for (let length = 0; length <= 200; length++) {
      const bytes = randomFillSync(new Uint8Array(length));
      expect(sha256(bytes)).toBe(reference(bytes));
      const pieces = new Sha256();
      for (let at = 0; at < length; at += 7) pieces.update(bytes.subarray(at, at + 7));
      expect(pieces.hex()).toBe(reference(bytes));
    }
  });

  it('counts text as UTF-8', () => {
    expect(sha256('größe', ' µs')).toBe(reference(new TextEncoder().encode('größe µs')));
  });
});
