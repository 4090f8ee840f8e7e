// Our own transcendental functions, four lanes at a time: the same bytes on every machine, hence never fused.
// Coefficients: kernels/constants.ts. `kernels/reference/math.ts` says the same in scalar TypeScript.
import * as c from './generated/constants';

/** y · x + coefficient. */
// @ts-ignore: decorator
@inline
function horner(x: v128, y: v128, coefficient: v128): v128 {
  return f32x4.add(f32x4.mul(y, x), coefficient);
}

// @ts-ignore: decorator
@inline
function copySign(magnitude: v128, sign: v128): v128 {
  // The magnitude is not negative; all ones shifted are the sign bit.
  return v128.or(magnitude, v128.and(sign, i32x4.shl(i32x4.eq(sign, sign), 31)));
}

/** e^x; relative error below 2⁻²² where the result is a normal number. */
export function exp4(x: v128): v128 {
  return expInline4(x);
}

/** The same without a call, for functions and loops that do little else. */
// @ts-ignore: decorator
@inline
export function expInline4(x: v128): v128 {
  x = f32x4.pmin(f32x4.pmax(x, c.expRange0()), c.expRange1());
  // Adding 1.5 · 2²³ rounds to an integer, half to even, and leaves it in the low bits.
  const shifted = f32x4.add(f32x4.mul(x, c.log2e0()), c.roundingShift0());
  const n = f32x4.sub(shifted, c.roundingShift0());
  const r = f32x4.sub(f32x4.sub(x, f32x4.mul(n, c.ln20())), f32x4.mul(n, c.ln21()));
  let p = horner(r, c.exp0(), c.exp1());
  p = horner(r, p, c.exp2());
  p = horner(r, p, c.exp3());
  p = horner(r, p, c.exp4());
  const one = c.one0();
  const y = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(r, r), p), r), one);
  // 2ⁿ in two factors: n reaches below the exponent of the smallest normal number and 1 above the largest. The bits
  // of 1.0 are the exponent's bias in place.
  const k = i32x4.sub(shifted, c.roundingShift0());
  const half = i32x4.shr_s(k, 1);
  const first = i32x4.add(i32x4.shl(half, 23), one);
  const second = i32x4.add(i32x4.shl(i32x4.sub(k, half), 23), one);
  return f32x4.mul(f32x4.mul(y, first), second);
}

/** Natural logarithm; −∞ at 0, NaN below. */
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
  let p = horner(f, c.log0(), c.log1());
  p = horner(f, p, c.log2());
  p = horner(f, p, c.log3());
  p = horner(f, p, c.log4());
  p = horner(f, p, c.log5());
  p = horner(f, p, c.log6());
  p = horner(f, p, c.log7());
  p = horner(f, p, c.log8());
  const square = f32x4.mul(f, f);
  const exponent = f32x4.convert_i32x4_s(e);
  let y = f32x4.mul(f32x4.mul(square, f), p);
  y = f32x4.add(y, f32x4.mul(exponent, c.ln21()));
  y = f32x4.sub(y, f32x4.mul(square, c.half0()));
  y = f32x4.add(f32x4.add(f, y), f32x4.mul(exponent, c.ln20()));
  const zero = i32x4.sub(ones, ones);
  y = v128.bitselect(f32x4.neg(infinity), y, f32x4.eq(x, zero));
  // All bits set is a NaN. +∞ and NaN are their own logarithms.
  y = v128.or(y, f32x4.lt(x, zero));
  return v128.bitselect(y, x, f32x4.lt(x, infinity));
}

export function sigmoid4(x: v128): v128 {
  const one = c.one0();
  return f32x4.div(one, f32x4.add(one, expInline4(f32x4.neg(x))));
}

export function tanh4(x: v128): v128 {
  const one = c.one0();
  const a = f32x4.abs(x);
  const large = f32x4.sub(one, f32x4.div(c.two0(), f32x4.add(expInline4(f32x4.add(a, a)), one)));
  const z = f32x4.mul(x, x);
  let p = horner(z, c.tanh0(), c.tanh1());
  p = horner(z, p, c.tanh2());
  p = horner(z, p, c.tanh3());
  p = horner(z, p, c.tanh4());
  const small = f32x4.add(x, f32x4.mul(x, f32x4.mul(z, p)));
  return v128.bitselect(small, copySign(large, x), f32x4.lt(a, c.tanhLimit0()));
}

export function erf4(x: v128): v128 {
  const one = c.one0();
  const a = f32x4.abs(x);
  const t = f32x4.div(one, f32x4.add(one, f32x4.mul(a, c.half0())));
  let q = horner(t, c.erfc0(), c.erfc1());
  q = horner(t, q, c.erfc2());
  q = horner(t, q, c.erfc3());
  q = horner(t, q, c.erfc4());
  q = horner(t, q, c.erfc5());
  q = horner(t, q, c.erfc6());
  const z = f32x4.mul(x, x);
  const large = f32x4.sub(one, f32x4.mul(expInline4(f32x4.neg(z)), q));
  let p = horner(z, c.erf0(), c.erf1());
  p = horner(z, p, c.erf2());
  p = horner(z, p, c.erf3());
  p = horner(z, p, c.erf4());
  p = horner(z, p, c.erf5());
  p = horner(z, p, c.erf6());
  return v128.bitselect(f32x4.mul(x, p), copySign(large, x), f32x4.lt(a, one));
}

/** log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|). */
export function softplus4(x: v128): v128 {
  const one = c.one0();
  const u = exp4(f32x4.neg(f32x4.abs(x)));
  const w = f32x4.add(one, u);
  // What the addition of 1 rounded away.
  const lost = f32x4.div(f32x4.sub(u, f32x4.sub(w, one)), w);
  return f32x4.add(f32x4.max(x, f32x4.sub(one, one)), f32x4.add(log4(w), lost));
}

/** sin(x + quarter · π/2). Beyond 2²⁰ the argument's reduction loses digits. */
function sine(x: f32, quarter: i32): f32 {
  const v = <f64>x;
  if (!(abs(v) < 1e9)) return <f32>(v - v);
  const n = nearest(v * 0.6366197723675814);
  let r = v - n * 1.5707963267341256;
  r -= n * 6.077100506506192e-11;
  const z = r * r;
  const k = (<i32>n + quarter) & 3;
  let y: f64;
  if (k & 1) {
    y = -1.1380868171449914e-11;
    y = y * z + 2.0876121534608454e-9;
    y = y * z + -2.7557317151858866e-7;
    y = y * z + 2.480158729853226e-5;
    y = y * z + -0.0013888888888887241;
    y = y * z + 0.041666666666666664;
    y = 1 - z * 0.5 + z * z * y;
  } else {
    y = 1.5915309183057952e-10;
    y = y * z + -2.5051092308431318e-8;
    y = y * z + 2.7557315910939e-6;
    y = y * z + -0.00019841269836385435;
    y = y * z + 0.0083333333333307;
    y = y * z + -0.16666666666666666;
    y = r + r * z * y;
  }
  return <f32>(k & 2 ? -y : y);
}

export function sin4(x: v128, quarter: i32): v128 {
  let y = f32x4.splat(sine(f32x4.extract_lane(x, 0), quarter));
  y = f32x4.replace_lane(y, 1, sine(f32x4.extract_lane(x, 1), quarter));
  y = f32x4.replace_lane(y, 2, sine(f32x4.extract_lane(x, 2), quarter));
  return f32x4.replace_lane(y, 3, sine(f32x4.extract_lane(x, 3), quarter));
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
