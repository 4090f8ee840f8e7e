/**
 * Codes of any width packed without gaps, low bits first, as a device's memory or a bit-serial kernel holds them. (ONNX packs
 * 4 and 2 bits alone, which the codec does.)
 */

/** `bits` low bits of each code, 1 to 32; the unused high bits of the last byte are zero. */
export function packCodes(codes: ArrayLike<number>, bits: number): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(Math.ceil((codes.length * bits) / 8));
  let position = 0;
  for (let i = 0; i < codes.length; i++) {
    let rest = codes[i]! >>> 0;
    for (let left = bits; left > 0; ) {
      const [byte, shift] = [position >>> 3, position & 7];
      const taken = Math.min(8 - shift, left);
      packed[byte] = packed[byte]! | ((rest & ((1 << taken) - 1)) << shift);
      rest >>>= taken;
      position += taken;
      left -= taken;
    }
  }
  return packed;
}

/** Fills `codes` with codes of `bits` bits each; sign-extended if the array is of signed integers. */
export function unpackCodes<Codes extends Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array>(
  packed: Uint8Array,
  codes: Codes,
  bits: number,
): Codes {
  const isSigned = codes instanceof Int8Array || codes instanceof Int16Array || codes instanceof Int32Array;
  const unused = 32 - bits;
  let position = 0;
  for (let i = 0; i < codes.length; i++) {
    let code = 0;
    for (let got = 0; got < bits; ) {
      const [byte, shift] = [position >>> 3, position & 7];
      const taken = Math.min(8 - shift, bits - got);
      code |= ((packed[byte]! >>> shift) & ((1 << taken) - 1)) << got;
      position += taken;
      got += taken;
    }
    codes[i] = isSigned ? (code << unused) >> unused : (code << unused) >>> unused;
  }
  return codes;
}
