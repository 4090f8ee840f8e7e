/**
 * Elements of 4 and 2 bits as ONNX packs them: in row-major order over the whole tensor, low bits of a byte first; the
 * unused high bits of the last byte are zero.
 */

/** `count` codes, one a byte, from their packed form; sign-extended for signed types. Missing bytes are not checked. */
export function unpackBits(packed: Uint8Array, count: number, bits: 2 | 4, signed: boolean): Int8Array | Uint8Array {
  const codes = signed ? new Int8Array(count) : new Uint8Array(count);
  const perByte = 8 / bits;
  const drop = 32 - bits;
  for (let index = 0; index < count; index++) {
    const code = packed[Math.floor(index / perByte)]! >>> ((index % perByte) * bits);
    codes[index] = signed ? (code << drop) >> drop : (code << drop) >>> drop;
  }
  return codes;
}

/** Inverse of `unpackBits`; only the low bits of each code count. */
export function packBits(codes: Int8Array | Uint8Array, bits: 2 | 4): Uint8Array<ArrayBuffer> {
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  const packed = new Uint8Array(Math.ceil(codes.length / perByte));
  for (let index = 0; index < codes.length; index++) {
    const byte = Math.floor(index / perByte);
    packed[byte] = packed[byte]! | ((codes[index]! & mask) << ((index % perByte) * bits));
  }
  return packed;
}
