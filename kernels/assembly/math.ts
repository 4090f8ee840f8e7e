// Our own transcendental functions, four lanes at a time: the same bytes on every machine, hence never fused.
// Coefficients: Chebyshev fits of the named functions, rounded to float32 (float64 for pow, sin, cos).
// `kernels/reference/math.ts` says the same in scalar TypeScript.

// @ts-ignore: decorator
@inline
function horner(x: v128, y: v128, c: f32): v128 {
  return f32x4.add(f32x4.mul(y, x), f32x4.splat(c));
}

// @ts-ignore: decorator
@inline
function copySign(magnitude: v128, sign: v128): v128 {
  return v128.or(magnitude, v128.and(sign, i32x4.splat(0x80000000)));
}

/** e^x; relative error below 2⁻²³ where the result is a normal number. */
export function exp4(x: v128): v128 {
  x = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-104)), f32x4.splat(89));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  let p = f32x4.splat(0.0013926926767453551);
  p = horner(r, p, 0.008363774046301842);
  p = horner(r, p, 0.04166654869914055);
  p = horner(r, p, 0.16666573286056519);
  p = horner(r, p, 0.5);
  const y = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(r, r), p), r), f32x4.splat(1));
  // 2ⁿ in two factors: n reaches below the exponent of the smallest normal number and 1 above the largest.
  const k = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(k, 1);
  const bias = i32x4.splat(127);
  const first = i32x4.shl(i32x4.add(half, bias), 23);
  const second = i32x4.shl(i32x4.add(i32x4.sub(k, half), bias), 23);
  return f32x4.mul(f32x4.mul(y, first), second);
}

/** Natural logarithm; −∞ at 0, NaN below. */
export function log4(x: v128): v128 {
  const tiny = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, tiny);
  let e = i32x4.sub(i32x4.shr_u(scaled, 23), i32x4.splat(126));
  e = i32x4.sub(e, v128.and(tiny, i32x4.splat(23)));
  const m = v128.or(v128.and(scaled, i32x4.splat(0x007fffff)), i32x4.splat(0x3f000000));
  const below = f32x4.lt(m, f32x4.splat(0.70710678));
  e = i32x4.add(e, below);
  const f = f32x4.sub(v128.bitselect(f32x4.add(m, m), m, below), f32x4.splat(1));
  let p = f32x4.splat(0.06971611827611923);
  p = horner(f, p, -0.11479733884334564);
  p = horner(f, p, 0.11685419827699661);
  p = horner(f, p, -0.12425687164068222);
  p = horner(f, p, 0.14249058067798615);
  p = horner(f, p, -0.1666780263185501);
  p = horner(f, p, 0.20000715553760529);
  p = horner(f, p, -0.2499999701976776);
  p = horner(f, p, 0.3333333134651184);
  const square = f32x4.mul(f, f);
  const exponent = f32x4.convert_i32x4_s(e);
  let y = f32x4.mul(f32x4.mul(square, f), p);
  y = f32x4.add(y, f32x4.mul(exponent, f32x4.splat(-2.12194440e-4)));
  y = f32x4.sub(y, f32x4.mul(square, f32x4.splat(0.5)));
  y = f32x4.add(f32x4.add(f, y), f32x4.mul(exponent, f32x4.splat(0.693359375)));
  y = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(x, f32x4.splat(0)));
  y = v128.bitselect(f32x4.splat(NaN), y, f32x4.lt(x, f32x4.splat(0)));
  // +∞ and NaN are their own logarithms.
  return v128.bitselect(y, x, f32x4.lt(x, f32x4.splat(Infinity)));
}

export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

export function tanh4(x: v128): v128 {
  const one = f32x4.splat(1), two = f32x4.splat(2);
  const a = f32x4.abs(x);
  const large = f32x4.sub(one, f32x4.div(two, f32x4.add(exp4(f32x4.add(a, a)), one)));
  const z = f32x4.mul(x, x);
  let p = f32x4.splat(-0.006096714176237583);
  p = horner(z, p, 0.020997179672122);
  p = horner(z, p, -0.05385090783238411);
  p = horner(z, p, 0.1333276927471161);
  p = horner(z, p, -0.333333283662796);
  const small = f32x4.add(x, f32x4.mul(x, f32x4.mul(z, p)));
  return v128.bitselect(small, copySign(large, x), f32x4.lt(a, f32x4.splat(0.625)));
}

export function erf4(x: v128): v128 {
  const one = f32x4.splat(1);
  const a = f32x4.abs(x);
  const t = f32x4.div(one, f32x4.add(one, f32x4.mul(a, f32x4.splat(0.5))));
  let q = f32x4.splat(-0.0580902062356472);
  q = horner(t, q, -0.04338603839278221);
  q = horner(t, q, 0.38618627190589905);
  q = horner(t, q, 0.11305564641952515);
  q = horner(t, q, 0.326460599899292);
  q = horner(t, q, 0.2744766175746918);
  q = horner(t, q, 0.0005370958242565393);
  const z = f32x4.mul(x, x);
  const large = f32x4.sub(one, f32x4.mul(exp4(f32x4.neg(z)), q));
  let p = f32x4.splat(7.875874871388078e-5);
  p = horner(z, p, -0.000801686430349946);
  p = horner(z, p, 0.005189087241888046);
  p = horner(z, p, -0.02685421146452427);
  p = horner(z, p, 0.11283594369888306);
  p = horner(z, p, -0.3761262595653534);
  p = horner(z, p, 1.1283791065216064);
  return v128.bitselect(f32x4.mul(x, p), copySign(large, x), f32x4.lt(a, one));
}

/** log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|). */
export function softplus4(x: v128): v128 {
  const one = f32x4.splat(1);
  const u = exp4(f32x4.neg(f32x4.abs(x)));
  const w = f32x4.add(one, u);
  // What the addition of 1 rounded away.
  const lost = f32x4.div(f32x4.sub(u, f32x4.sub(w, one)), w);
  return f32x4.add(f32x4.max(x, f32x4.splat(0)), f32x4.add(log4(w), lost));
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
