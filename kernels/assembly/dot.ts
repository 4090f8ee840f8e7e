/**
 * c + Σ of 4 products a lane, `w` of int8, `x` of bytes: one instruction in the relaxed module. It is used only where the
 * loader's known-answer test found it exact for all bytes of `x`, as uint8 (x86 with VNNI) or as int8 (Arm);
 * elsewhere its pairs may saturate. The strict module, which has no such instruction, never calls it; there it is the uint8 one.
 */
// @ts-ignore: decorator
@inline
export function dot4(w: v128, x: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_dot_i8x16_i7x16_add_s(w, x, c);
  const low = i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(w), i16x8.extend_low_i8x16_u(x));
  const high = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(w), i16x8.extend_high_i8x16_u(x));
  return i32x4.add(c, i32x4.add(v128.shuffle<i32>(low, high, 0, 2, 4, 6), v128.shuffle<i32>(low, high, 1, 3, 5, 7)));
}
