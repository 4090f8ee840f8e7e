import { least } from './integer';

// Numbers of kernels/functions.ts, arithmetics.
// @ts-ignore: decorator
@inline export const ORT: i32 = 0;
// @ts-ignore: decorator
@inline export const TFLITE: i32 = 1;
// @ts-ignore: decorator
@inline export const GEMMLOWP: i32 = 2;

/** float32 multiplier, clamped before rounding half to even; low and high without the zero point. */
// @ts-ignore: decorator
@inline
export function rescaleFloat(accumulators: v128, multipliers: v128, low: v128, high: v128): v128 {
  const v = f32x4.mul(f32x4.convert_i32x4_s(accumulators), multipliers);
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.pmin(f32x4.pmax(v, low), high)));
}

/** Fixed-point arithmetics (METHODS B3 and A1): multiplier · 2^(shift − 31) for `tflite` and `gemmlowp`. */
export function rescaleFixed(accumulator: i32, arithmetic: i32, multiplier: i32, shift: i32): i64 {
  if (multiplier == 0) return 0;
  if (arithmetic == TFLITE) return (<i64>accumulator * <i64>multiplier + (<i64>1 << (30 - shift))) >> (31 - shift);
  if (arithmetic == GEMMLOWP) {
    let x = <i64>accumulator;
    if (shift > 0) {
      x <<= shift;
      if (x > 2147483647) x = 2147483647;
      else if (x < -2147483648) x = -2147483648;
    }
    const high = (x * <i64>multiplier + (1 << 30)) >> 31;
    if (shift >= 0) return high;
    // Divides by 2^−shift, ties away from zero.
    const n = -shift;
    const mask = (<i64>1 << n) - 1;
    const rest = high & mask;
    const threshold = (mask >> 1) + <i64>(high < 0);
    return (high >> n) + <i64>(rest > threshold);
  }
  return (((<i64>accumulator * <i64>multiplier) >> (shift - 1)) + 1) >> 1;
}

/** One code of a fixed-point arithmetic. */
// @ts-ignore: decorator
@inline
export function codeFixed(accumulator: i32, arithmetic: i32, multiplier: i32, shift: i32, zero: i32, low: i32, high: i32): i32 {
  const v = rescaleFixed(accumulator, arithmetic, multiplier, shift) + <i64>zero;
  return v < low ? low : v > high ? high : <i32>v;
}

/** The low bytes of 8 codes in two int32 vectors, in the low half of the result. */
// @ts-ignore: decorator
@inline
export function packCodes(a: v128, b: v128): v128 {
  const words = v128.and(i16x8.narrow_i32x4_s(a, b), i16x8.splat(255));
  return i8x16.narrow_i16x8_u(words, words);
}

/** The first `count` (1…8 or more) bytes of the low half. */
export function storeBytes(p: usize, v: v128, count: i32): void {
  if (count >= 8) {
    v128.store_lane<i64>(p, v, 0);
    return;
  }
  let bits = i64x2.extract_lane(v, 0);
  if (count & 4) { store<i32>(p, <i32>bits); p += 4; bits >>= 32; }
  if (count & 2) { store<i16>(p, <i16>bits); p += 2; bits >>= 16; }
  if (count & 1) store<i8>(p, <i8>bits);
}

/** 8 accumulators of channels `channel`… become codes at `to`; multipliers and shifts are there for all 8. */
export function requantize8(
  to: usize, a: v128, b: v128, channel: i32, count: i32,
  arithmetic: i32, multipliers: usize, shifts: usize, zero: i32, low: i32, high: i32,
): void {
  const m = multipliers + (channel << 2);
  if (arithmetic == ORT) {
    const l = f32x4.splat(<f32>(low - zero)), h = f32x4.splat(<f32>(high - zero)), z = i32x4.splat(zero);
    const x = i32x4.add(rescaleFloat(a, v128.load(m), l, h), z);
    const y = i32x4.add(rescaleFloat(b, v128.load(m, 16), l, h), z);
    storeBytes(to, packCodes(x, y), count);
    return;
  }
  const s = shifts + (channel << 2);
  fixedLane(to, i32x4.extract_lane(a, 0), m, s, 0, count, arithmetic, zero, low, high);
  fixedLane(to, i32x4.extract_lane(a, 1), m, s, 1, count, arithmetic, zero, low, high);
  fixedLane(to, i32x4.extract_lane(a, 2), m, s, 2, count, arithmetic, zero, low, high);
  fixedLane(to, i32x4.extract_lane(a, 3), m, s, 3, count, arithmetic, zero, low, high);
  fixedLane(to, i32x4.extract_lane(b, 0), m, s, 4, count, arithmetic, zero, low, high);
  fixedLane(to, i32x4.extract_lane(b, 1), m, s, 5, count, arithmetic, zero, low, high);
  fixedLane(to, i32x4.extract_lane(b, 2), m, s, 6, count, arithmetic, zero, low, high);
  fixedLane(to, i32x4.extract_lane(b, 3), m, s, 7, count, arithmetic, zero, low, high);
}

function fixedLane(
  to: usize, accumulator: i32, m: usize, s: usize, lane: i32, count: i32,
  arithmetic: i32, zero: i32, low: i32, high: i32,
): void {
  if (lane >= count) return;
  const multiplier = load<i32>(m + (lane << 2)), shift = load<i32>(s + (lane << 2));
  store<u8>(to + lane, <u8>codeFixed(accumulator, arithmetic, multiplier, shift, zero, low, high));
}

/** 8 codes as int16; `count` (1…8 or more) of them are there. */
// @ts-ignore: decorator
@inline
export function loadCodes(p: usize, signed: i32, count: i32): v128 {
  if (count >= 8) return signed ? v128.load_ext<i8>(p) : v128.load_ext<u8>(p);
  const v = loadCodesPartial(p, count);
  return signed ? i16x8.extend_low_i8x16_s(v) : i16x8.extend_low_i8x16_u(v);
}

function loadCodesPartial(p: usize, count: i32): v128 {
  let bits: u64 = 0;
  for (let i = least(count, 8) - 1; i >= 0; i--) bits = (bits << 8) | <u64>load<u8>(p + i);
  return i64x2.splat(bits);
}
