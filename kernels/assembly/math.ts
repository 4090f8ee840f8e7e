// Our own transcendental functions, four lanes at a time. In strict mode they give the same bytes on every machine; in relaxed
// mode products and sums are fused. Coefficients: kernels/constants.ts. `kernels/reference/math.ts` says the same in scalar
// TypeScript. Polynomials go by Estrin's scheme, pairs of terms first: a chain of dependent operations as long as Horner's
// would keep the machine waiting.
import * as c from './generated/constants';
import { madd, nmadd } from './vector';

// @ts-ignore: decorator
@inline
function estrin5(x: v128, x2: v128, a: v128, b: v128, d: v128, e: v128, f: v128): v128 {
  return madd(a, f32x4.mul(x2, x2), madd(madd(b, x, d), x2, madd(e, x, f)));
}

// @ts-ignore: decorator
@inline
function estrin7(x: v128, a: v128, b: v128, d: v128, e: v128, f: v128, g: v128, h: v128): v128 {
  const x2 = f32x4.mul(x, x);
  return madd(madd(a, x2, madd(b, x, d)), f32x4.mul(x2, x2), madd(madd(e, x, f), x2, madd(g, x, h)));
}

// @ts-ignore: decorator
@inline
function copySign(magnitude: v128, sign: v128): v128 {
  // The magnitude is not negative; all ones shifted are the sign bit.
  return v128.or(magnitude, v128.and(sign, i32x4.shl(i32x4.eq(sign, sign), 31)));
}

/** e^x; relative error below 2⁻²² where the result is a normal number. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  x = f32x4.pmin(f32x4.pmax(x, c.expRange0()), c.expRange1());
  // Adding 1.5 · 2²³ rounds to an integer, half to even, and leaves it in the low bits.
  const shifted = madd(x, c.log2e0(), c.roundingShift0());
  const n = f32x4.sub(shifted, c.roundingShift0());
  const r = nmadd(n, c.ln21(), nmadd(n, c.ln20(), x));
  const square = f32x4.mul(r, r);
  const p = estrin5(r, square, c.exp0(), c.exp1(), c.exp2(), c.exp3(), c.exp4());
  const one = c.one0();
  const y = f32x4.add(madd(square, p, r), one);
  // 2ⁿ in two factors: n reaches below the exponent of the smallest normal number and 1 above the largest. The bits
  // of 1.0 are the exponent's bias in place.
  const k = i32x4.sub(shifted, c.roundingShift0());
  const half = i32x4.shr_s(k, 1);
  const first = i32x4.add(i32x4.shl(half, 23), one);
  const second = i32x4.add(i32x4.shl(i32x4.sub(k, half), 23), one);
  return f32x4.mul(f32x4.mul(y, first), second);
}

/** Natural logarithm; −∞ at 0, NaN below. */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  const ones = i32x4.eq(x, x);
  const infinity = i32x4.shl(i32x4.shr_u(ones, 24), 23);
  const tiny = f32x4.lt(x, c.smallestNormal0());
  const scaled = v128.bitselect(f32x4.mul(x, c.twoTo230()), x, tiny);
  // Exponent less 126, less 23 more where the number was scaled.
  let e = i32x4.sub(i32x4.shr_u(scaled, 23), i32x4.splat(126));
  e = i32x4.sub(e, v128.and(tiny, i32x4.splat(23)));
  const m = v128.or(v128.and(scaled, i32x4.shr_u(ones, 9)), c.half0());
  const below = f32x4.lt(m, c.rootHalf0());
  e = i32x4.add(e, below);
  const f = f32x4.sub(v128.bitselect(f32x4.add(m, m), m, below), c.one0());
  const square = f32x4.mul(f, f), fourth = f32x4.mul(square, square);
  const low = madd(madd(c.log5(), f, c.log6()), square, madd(c.log7(), f, c.log8()));
  const high = madd(madd(c.log1(), f, c.log2()), square, madd(c.log3(), f, c.log4()));
  const p = madd(c.log0(), f32x4.mul(fourth, fourth), madd(high, fourth, low));
  const exponent = f32x4.convert_i32x4_s(e);
  let y = madd(exponent, c.ln21(), f32x4.mul(f32x4.mul(square, f), p));
  y = nmadd(square, c.half0(), y);
  y = madd(exponent, c.ln20(), f32x4.add(f, y));
  const zero = i32x4.sub(ones, ones);
  y = v128.bitselect(f32x4.neg(infinity), y, f32x4.eq(x, zero));
  // All bits set is a NaN. +∞ and NaN are their own logarithms.
  y = v128.or(y, f32x4.lt(x, zero));
  return v128.bitselect(y, x, f32x4.lt(x, infinity));
}

// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const one = c.one0();
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

/** −m / (m + 2) of m = e^(−2|x|) − 1, which keeps its digits where x is small. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const one = c.one0();
  const a = f32x4.abs(x);
  // Beyond it the result is 1.
  const y = f32x4.neg(f32x4.pmin(f32x4.add(a, a), c.tanhLimit0()));
  const shifted = madd(y, c.log2e0(), c.roundingShift0());
  const n = f32x4.sub(shifted, c.roundingShift0());
  const r = nmadd(n, c.ln21(), nmadd(n, c.ln20(), y));
  const square = f32x4.mul(r, r);
  const p = estrin5(r, square, c.exp0(), c.exp1(), c.exp2(), c.exp3(), c.exp4());
  // 2ⁿ: the rounding left n in the low bits, and the bits of 1.0 are the exponent's bias in place.
  const power = i32x4.add(i32x4.shl(shifted, 23), one);
  const m = madd(power, madd(square, p, r), f32x4.sub(power, one));
  return copySign(f32x4.div(f32x4.neg(m), f32x4.add(m, c.two0())), x);
}

// @ts-ignore: decorator
@inline
export function erf4(x: v128): v128 {
  const one = c.one0();
  const a = f32x4.abs(x);
  const t = f32x4.div(one, madd(a, c.half0(), one));
  const q = estrin7(t, c.erfc0(), c.erfc1(), c.erfc2(), c.erfc3(), c.erfc4(), c.erfc5(), c.erfc6());
  const z = f32x4.mul(x, x);
  const large = nmadd(exp4(f32x4.neg(z)), q, one);
  const z2 = f32x4.mul(z, z);
  const high = madd(madd(c.erf0(), z, c.erf1()), z2, madd(c.erf2(), z, c.erf3()));
  const low = madd(madd(c.erf4(), z, c.erf5()), z2, madd(c.erf6(), z, c.erf7()));
  const p = madd(high, f32x4.mul(z2, z2), low);
  return v128.bitselect(madd(x, p, x), copySign(large, x), f32x4.lt(a, one));
}

/** log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|). */
// @ts-ignore: decorator
@inline
export function softplus4(x: v128): v128 {
  const one = c.one0();
  const u = exp4(f32x4.neg(f32x4.abs(x)));
  const w = f32x4.add(one, u);
  // What the addition of 1 rounded away.
  const lost = f32x4.div(f32x4.sub(u, f32x4.sub(w, one)), w);
  return f32x4.add(f32x4.max(x, f32x4.sub(one, one)), f32x4.add(log4(w), lost));
}

// @ts-ignore: decorator
@inline
function horner64(x: v128, y: v128, coefficient: v128): v128 {
  return f64x2.add(f64x2.mul(y, x), coefficient);
}

/** sin(x + quarter · π/2) of two lanes in float64. Beyond 2²⁰ the argument's reduction loses digits. */
function sine(x: v128, quarter: i32): v128 {
  const n = f64x2.nearest(f64x2.mul(x, c.twoOverPi0()));
  let r = f64x2.sub(x, f64x2.mul(n, c.halfPi0()));
  r = f64x2.sub(r, f64x2.mul(n, c.halfPi1()));
  const z = f64x2.mul(r, r);
  let even = c.cosine0();
  even = horner64(z, even, c.cosine1());
  even = horner64(z, even, c.cosine2());
  even = horner64(z, even, c.cosine3());
  even = horner64(z, even, c.cosine4());
  even = horner64(z, even, c.cosine5());
  even = f64x2.add(f64x2.sub(f64x2.splat(1), f64x2.mul(z, f64x2.splat(0.5))), f64x2.mul(f64x2.mul(z, z), even));
  let odd = c.sine0();
  odd = horner64(z, odd, c.sine1());
  odd = horner64(z, odd, c.sine2());
  odd = horner64(z, odd, c.sine3());
  odd = horner64(z, odd, c.sine4());
  odd = horner64(z, odd, c.sine5());
  odd = f64x2.add(r, f64x2.mul(f64x2.mul(r, z), odd));
  // Adding 1.5 · 2⁵² leaves the integer in the low bits. Bit 0 chooses the function, bit 1 the sign.
  const k = i64x2.add(f64x2.add(n, c.wholeShift0()), i64x2.splat(<i64>quarter));
  const y = v128.bitselect(even, odd, i64x2.neg(v128.and(k, i64x2.splat(1))));
  return v128.xor(y, i64x2.shl(i64x2.shr_u(k, 1), 63));
}

export function sin4(x: v128, quarter: i32): v128 {
  const low = sine(f64x2.promote_low_f32x4(x), quarter);
  const high = sine(f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 2, 3)), quarter);
  const y = v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
  // NaN stays, infinity and what is too large become NaN or 0.
  return v128.bitselect(y, f32x4.sub(x, x), f32x4.lt(f32x4.abs(x), f32x4.splat(1e9)));
}

/** Natural logarithm of a positive finite normal number. */
function log64(x: f64): f64 {
  const bits = reinterpret<i64>(x);
  let e = <i32>(bits >> 52) - 1022;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3fe0000000000000);
  if (m < 0.7071067811865476) { m += m; e--; }
  const s = (m - 1) / (m + 1), z = s * s;
  let p = 0.07308224842521703;
  p = p * z + 0.07665860800278021;
  p = p * z + 0.09091444562630861;
  p = p * z + 0.1111110556739754;
  p = p * z + 0.14285714312987743;
  p = p * z + 0.19999999999949752;
  p = p * z + 0.3333333333333335;
  return <f64>e * 0.6931471805599453 + 2 * (s + s * z * p);
}

/** eˣ for |x| < 700. */
function exp64(x: f64): f64 {
  const n = nearest(x * 1.4426950408889634);
  let r = x - n * 0.6931471803691238;
  r -= n * 1.9082149292705877e-10;
  let p = 2.7614931875440477e-7;
  p = p * r + 2.7626466044935e-6;
  p = p * r + 2.4801534341237888e-5;
  p = p * r + 0.00019841206274785362;
  p = p * r + 0.0013888888906916628;
  p = p * r + 0.008333333354971901;
  p = p * r + 0.0416666666666501;
  p = p * r + 0.16666666666646782;
  p = p * r + 0.5;
  return (1 + (r + r * r * p)) * reinterpret<f64>((<i64>n + 1023) << 52);
}

/** x^y in float64, rounded once; special cases as in IEEE 754-2019. */
export function power(x: f32, y: f32): f32 {
  if (y == 2) return x * x;
  if (y == 1) return x;
  if (y == 0 || x == 1) return 1;
  if (y == 0.5 && x >= 0) return x == 0 ? 0 : sqrt<f32>(x);
  if (x != x || y != y) return NaN;
  const a = <f64>abs(x), b = <f64>y;
  const whole = trunc(b) == b;
  const odd = whole && trunc(b * 0.5) * 2 != b;
  const negative = x < 0 || (x == 0 && 1 / x < 0);
  if (abs(b) == Infinity) return a == 1 ? 1 : (a > 1) == (b > 0) ? Infinity : 0;
  if (a == 0) return b > 0 ? (odd && negative ? -0.0 : 0) : odd && negative ? -Infinity : Infinity;
  if (a == Infinity) return b > 0 ? (odd && negative ? -Infinity : Infinity) : odd && negative ? -0.0 : 0;
  if (negative && !whole) return NaN;
  const t = b * log64(a);
  // Beyond these the float32 result is 0 or infinite.
  const r = t > 90 ? Infinity : t < -110 ? 0 : exp64(t);
  return <f32>(negative && odd ? -r : r);
}

/** Two lanes of `log64`. */
// @ts-ignore: decorator
@inline
function log64x2(x: v128): v128 {
  const one = f64x2.splat(1);
  const exponents = i64x2.shr_u(x, 52);
  let e = f64x2.sub(f64x2.convert_low_i32x4_s(v128.shuffle<i32>(exponents, exponents, 0, 2, 0, 2)), f64x2.splat(1022));
  let m = v128.or(v128.and(x, i64x2.splat(0x000fffffffffffff)), i64x2.splat(0x3fe0000000000000));
  const below = f64x2.lt(m, f64x2.splat(0.7071067811865476));
  m = f64x2.add(m, v128.and(m, below));
  e = f64x2.sub(e, v128.and(one, below));
  const s = f64x2.div(f64x2.sub(m, one), f64x2.add(m, one)), z = f64x2.mul(s, s);
  let p = c.logWide0();
  p = horner64(z, p, c.logWide1());
  p = horner64(z, p, c.logWide2());
  p = horner64(z, p, c.logWide3());
  p = horner64(z, p, c.logWide4());
  p = horner64(z, p, c.logWide5());
  p = horner64(z, p, c.logWide6());
  const tail = f64x2.add(s, f64x2.mul(f64x2.mul(s, z), p));
  return f64x2.add(f64x2.mul(e, c.ln2Wide0()), f64x2.add(tail, tail));
}

/** Two lanes of `exp64`. */
// @ts-ignore: decorator
@inline
function exp64x2(x: v128): v128 {
  const n = f64x2.nearest(f64x2.mul(x, c.log2eWide0()));
  let r = f64x2.sub(x, f64x2.mul(n, c.ln2Wide1()));
  r = f64x2.sub(r, f64x2.mul(n, c.ln2Wide2()));
  let p = c.expWide0();
  p = horner64(r, p, c.expWide1());
  p = horner64(r, p, c.expWide2());
  p = horner64(r, p, c.expWide3());
  p = horner64(r, p, c.expWide4());
  p = horner64(r, p, c.expWide5());
  p = horner64(r, p, c.expWide6());
  p = horner64(r, p, c.expWide7());
  p = horner64(r, p, c.expWide8());
  const y = f64x2.add(f64x2.splat(1), f64x2.add(r, f64x2.mul(f64x2.mul(r, r), p)));
  // Adding 1.5 · 2⁵² leaves n in the low bits.
  const bits = i64x2.add(f64x2.add(n, c.wholeShift0()), i64x2.splat(1023));
  return f64x2.mul(y, i64x2.shl(bits, 52));
}

// @ts-ignore: decorator
@inline
function power64x2(x: v128, y: v128): v128 {
  const t = f64x2.mul(y, log64x2(x));
  const r = v128.andnot(exp64x2(t), f64x2.lt(t, f64x2.splat(-110)));
  return v128.bitselect(f64x2.splat(Infinity), r, f64x2.gt(t, f64x2.splat(90)));
}

/** x^y of four lanes, the same as `power` lane by lane; that does what is infinite, NaN, or a root of a negative number. */
export function power4(x: v128, y: v128): v128 {
  const two = f32x4.eq(y, f32x4.splat(2)), squares = f32x4.mul(x, x);
  if (v128.all_true<i32>(two)) return squares;
  const a = f32x4.abs(x), zero = f32x4.splat(0), half = f32x4.mul(y, f32x4.splat(0.5)), infinity = f32x4.splat(Infinity);
  const whole = f32x4.eq(f32x4.trunc(y), y);
  const finite = v128.and(f32x4.lt(a, infinity), f32x4.lt(f32x4.abs(y), infinity));
  if (!v128.all_true<i32>(v128.and(finite, v128.or(f32x4.ge(x, zero), whole)))) {
    let r = f32x4.splat(power(f32x4.extract_lane(x, 0), f32x4.extract_lane(y, 0)));
    r = f32x4.replace_lane(r, 1, power(f32x4.extract_lane(x, 1), f32x4.extract_lane(y, 1)));
    r = f32x4.replace_lane(r, 2, power(f32x4.extract_lane(x, 2), f32x4.extract_lane(y, 2)));
    return f32x4.replace_lane(r, 3, power(f32x4.extract_lane(x, 3), f32x4.extract_lane(y, 3)));
  }
  const low = power64x2(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(y));
  const a2 = v128.shuffle<i32>(a, a, 2, 3, 2, 3), y2 = v128.shuffle<i32>(y, y, 2, 3, 2, 3);
  const high = power64x2(f64x2.promote_low_f32x4(a2), f64x2.promote_low_f32x4(y2));
  let r = v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
  // 0 to a power is 0, 1 or infinite.
  const ofZero = v128.bitselect(infinity, v128.and(f32x4.eq(y, zero), f32x4.splat(1)), f32x4.lt(y, zero));
  r = v128.bitselect(ofZero, r, f32x4.eq(a, zero));
  // Odd powers keep the sign.
  const odd = v128.and(whole, f32x4.ne(f32x4.trunc(half), half));
  r = v128.or(r, v128.and(v128.and(x, odd), i32x4.splat(0x80000000)));
  // Square and root are rounded rightly; the root of −0 is 0.
  r = v128.bitselect(v128.andnot(f32x4.sqrt(a), f32x4.eq(a, zero)), r, f32x4.eq(y, f32x4.splat(0.5)));
  return v128.bitselect(squares, r, two);
}
