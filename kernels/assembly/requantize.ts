import { roundingShift0 } from './generated/constants';
import { Requantization } from './generated/descriptors';
import { least } from './integer';
import { storePartial } from './vector';

// Numbers of kernels/functions.ts, arithmetics.
// @ts-ignore: decorator
@inline export const ORT: i32 = 0;
// @ts-ignore: decorator
@inline export const TFLITE: i32 = 1;
// @ts-ignore: decorator
@inline export const GEMMLOWP: i32 = 2;
// @ts-ignore: decorator
@inline export const SETTLE: i32 = 3;
// @ts-ignore: decorator
@inline export const NONE: i32 = 4;

/**
 * Adding 1.5 · 2²³ rounds a small float to an integer, half to even, and leaves it in the low bits: `roundedCodes` gives these
 * bits, `codeOffset` what takes the rest off and the zero point on.
 */
// @ts-ignore: decorator
@inline
export function roundedCodes(v: v128, low: v128, high: v128): v128 {
  return f32x4.add(f32x4.pmin(f32x4.pmax(low, v), high), roundingShift0());
}

// @ts-ignore: decorator
@inline
export function codeOffset(zero: i32): v128 {
  return i32x4.splat(zero - 0x4b400000);
}

/** float32 multipliers; low and high without the zero point, which is in the offset. */
// @ts-ignore: decorator
@inline
export function rescaleFloat(accumulators: v128, multipliers: v128, low: v128, high: v128, offset: v128): v128 {
  return i32x4.add(roundedCodes(f32x4.mul(f32x4.convert_i32x4_s(accumulators), multipliers), low, high), offset);
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
// @ts-ignore: decorator
@inline
export function storeBytes(p: usize, v: v128, count: i32): void {
  if (count >= 8) v128.store_lane<i64>(p, v, 0);
  else storeBytesTail(p, v, count);
}

function storeBytesTail(p: usize, v: v128, count: i32): void {
  let bits = i64x2.extract_lane(v, 0);
  if (count & 4) { store<i32>(p, <i32>bits); p += 4; bits >>= 32; }
  if (count & 2) { store<i16>(p, <i16>bits); p += 2; bits >>= 16; }
  if (count & 1) store<i8>(p, <i8>bits);
}

/** 8 accumulators at `from` as int16 codes, rescaled to less than 2²¹. */
// @ts-ignore: decorator
@inline
function saturated(from: usize, m0: v128, m1: v128, shift: v128, offset: v128): v128 {
  return wordsOf(v128.load(from), v128.load(from, 16), m0, m1, shift, offset);
}

// @ts-ignore: decorator
@inline
export function wordsOf(a: v128, b: v128, m0: v128, m1: v128, shift: v128, offset: v128): v128 {
  return i16x8.narrow_i32x4_s(
    i32x4.add(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(a), m0), shift), offset),
    i32x4.add(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(b), m1), shift), offset),
  );
}

/** 16 int16 codes as bytes: clamped as uint8, then xor `flips`. */
// @ts-ignore: decorator
@inline
export function saturate(a: v128, b: v128, low: v128, high: v128, flips: v128): v128 {
  return v128.xor(i8x16.min_u(i8x16.max_u(i8x16.narrow_i16x8_u(a, b), low), high), flips);
}

/**
 * A tile of accumulators, `rows` rows of 8 int32, becomes codes (or stays int32): `columns` (1…8 or more) of each row, rows
 * `stride` bytes apart.
 * `channel`: where its constants lie; they are there for all 8 columns. `d`: any kernel's requantisation fields.
 */
export function requantizeTile(to: usize, stride: i32, from: usize, rows: i32, columns: i32, channel: i32, d: Requantization): void {
  const m = d.multipliers + (channel << 2);
  if (d.fits) {
    // Codes go through uint8, where saturation ends them: int8 ones 128 larger.
    const flip = d.low < 0 ? 128 : 0;
    const m0 = v128.load(m), m1 = v128.load(m, 16), offset = codeOffset(d.zero + flip), flips = i8x16.splat(<i8>flip);
    const low = i8x16.splat(<i8>(d.low + flip)), high = i8x16.splat(<i8>(d.high + flip)), shift = roundingShift0();
    if (columns >= 8) {
      for (; rows >= 2; rows -= 2, from += 64, to += stride << 1) {
        const codes = saturate(saturated(from, m0, m1, shift, offset), saturated(from + 32, m0, m1, shift, offset), low, high, flips);
        v128.store_lane<i64>(to, codes, 0);
        v128.store_lane<i64>(to + stride, codes, 1);
      }
    }
    for (; rows > 0; rows--, from += 32, to += stride) {
      const words = saturated(from, m0, m1, shift, offset);
      storeBytes(to, saturate(words, words, low, high, flips), columns);
    }
  } else if (d.arithmetic == NONE) {
    const zero = d.shifts == 0 ? 0 : d.low ? <i32>load<i8>(d.shifts) : <i32>load<u8>(d.shifts);
    const z = i32x4.splat(zero);
    const a = i32x4.mul(z, v128.load(m)), b = i32x4.mul(z, v128.load(m, 16));
    for (; rows > 0; rows--, from += 32, to += stride) {
      storePartial(to, i32x4.sub(v128.load(from), a), columns);
      if (columns > 4) storePartial(to + 16, i32x4.sub(v128.load(from, 16), b), columns - 4);
    }
  } else if (d.arithmetic == ORT) {
    const low = f32x4.splat(<f32>(d.low - d.zero)), high = f32x4.splat(<f32>(d.high - d.zero)), offset = codeOffset(d.zero);
    const m0 = v128.load(m), m1 = v128.load(m, 16);
    for (; rows > 0; rows--, from += 32, to += stride) {
      const a = rescaleFloat(v128.load(from), m0, low, high, offset);
      const b = rescaleFloat(v128.load(from, 16), m1, low, high, offset);
      storeBytes(to, packCodes(a, b), columns);
    }
  } else if (d.factors != 0) {
    const low = f64x2.splat(<f64>(d.low - d.zero)), high = f64x2.splat(<f64>(d.high - d.zero)), zero = i32x4.splat(d.zero);
    const f = d.factors + (channel << 3), r = d.rounds + (channel << 3);
    const arithmetic = d.arithmetic;
    for (; rows > 0; rows--, from += 32, to += stride) {
      const a = fixed4(v128.load(from), v128.load(m), f, r, arithmetic, low, high);
      const b = fixed4(v128.load(from, 16), v128.load(m, 16), f + 32, r + 32, arithmetic, low, high);
      storeBytes(to, packCodes(i32x4.add(a, zero), i32x4.add(b, zero)), columns);
    }
  } else {
    const s = d.shifts + (channel << 2);
    for (; rows > 0; rows--, from += 32, to += stride)
      for (let lane = 0; lane < 8 && lane < columns; lane++) {
        const at = lane << 2;
        const code = codeFixed(load<i32>(from + at), d.arithmetic, load<i32>(m + at), load<i32>(s + at), d.zero, d.low, d.high);
        store<u8>(to + lane, <u8>code);
      }
  }
}

/**
 * Four accumulators times fixed-point multipliers, exactly, without a shift that differs by lane (there is none): the product
 * (+ rounding term + 2⁶²) is shifted right by 31 in all lanes, which leaves at most 33 bits, and becomes a float64 by
 * way of its bits; multiplying that by 2^shift is exact, and so is rounding it. `tflite`: the rounding term is half of the whole
 * divisor, so flooring ends it. `gemmlowp`: the first rounding is done by the term 2³⁰, the second is to nearest, ties away.
 * `settle`: 31 + 16 bits fit a float64, the factor holds multiplier and shift.
 */
// @ts-ignore: decorator
@inline
function fixed4(x: v128, m: v128, factors: usize, rounds: usize, arithmetic: i32, low: v128, high: v128): v128 {
  let a: v128, b: v128;
  if (arithmetic == SETTLE) {
    const half = f64x2.splat(0.5);
    a = f64x2.convert_low_i32x4_s(x);
    b = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(x, x, 2, 3, 2, 3));
    a = f64x2.floor(f64x2.add(f64x2.mul(a, v128.load(factors)), half));
    b = f64x2.floor(f64x2.add(f64x2.mul(b, v128.load(factors, 16)), half));
  } else {
    const exponent = i64x2.splat(0x4330000000000000), offset = f64x2.splat(4503601774854144);
    a = i64x2.shr_u(i64x2.add(i64x2.extmul_low_i32x4_s(x, m), v128.load(rounds)), 31);
    b = i64x2.shr_u(i64x2.add(i64x2.extmul_high_i32x4_s(x, m), v128.load(rounds, 16)), 31);
    a = f64x2.mul(f64x2.sub(v128.or(a, exponent), offset), v128.load(factors));
    b = f64x2.mul(f64x2.sub(v128.or(b, exponent), offset), v128.load(factors, 16));
    if (arithmetic == TFLITE) {
      a = f64x2.floor(a);
      b = f64x2.floor(b);
    } else {
      const sign = i64x2.splat(0x8000000000000000), half = f64x2.splat(0.5);
      a = f64x2.trunc(f64x2.add(a, v128.or(v128.and(a, sign), half)));
      b = f64x2.trunc(f64x2.add(b, v128.or(v128.and(b, sign), half)));
    }
  }
  // The low bits of 1.5 · 2⁵² + n are n.
  const shift = f64x2.splat(6755399441055744);
  a = f64x2.add(f64x2.pmin(f64x2.pmax(a, low), high), shift);
  b = f64x2.add(f64x2.pmin(f64x2.pmax(b, low), high), shift);
  return v128.shuffle<i32>(a, b, 0, 2, 4, 6);
}

/** 8 codes as int16; `count` (1…8 or more) of them are there. */
// @ts-ignore: decorator
@inline
export function loadCodes(p: usize, signed: i32, count: i32): v128 {
  if (count >= 8) return signed ? v128.load_ext<i8>(p) : v128.load_ext<u8>(p);
  const v = loadCodesPartial(p, count);
  return signed ? i16x8.extend_low_i8x16_s(v) : i16x8.extend_low_i8x16_u(v);
}

/** 8 bytes in the low half; `count` (1…8 or more) of them are there. */
// @ts-ignore: decorator
@inline
export function loadBytes(p: usize, count: i32): v128 {
  return count >= 8 ? v128.load64_zero(p) : loadCodesPartial(p, count);
}

function loadCodesPartial(p: usize, count: i32): v128 {
  let bits: u64 = 0;
  for (let i = least(count, 8) - 1; i >= 0; i--) bits = (bits << 8) | <u64>load<u8>(p + i);
  return i64x2.splat(bits);
}
