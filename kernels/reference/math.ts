import { constants, wideConstants as wide } from '../constants.ts';
import { f32, roundHalfToEven } from './float.ts';

/** The scalar meaning of `kernels/assembly/math.ts`, operation by operation. */

const bits = new DataView(new ArrayBuffer(8));

function floatOfBits(pattern: number): number {
  bits.setInt32(0, pattern);
  return bits.getFloat32(0);
}

function bitsOfFloat(x: number): number {
  bits.setFloat32(0, x);
  return bits.getInt32(0);
}

/** Estrin's scheme: neighbouring terms are joined until one is left. Coefficients come highest degree first. */
function polynomial(x: number, coefficients: readonly number[]): number {
  let terms = [...coefficients].reverse();
  for (let power = x; terms.length > 1; power = f32(power * power))
    terms = Array.from({ length: Math.ceil(terms.length / 2) }, (_, i) => {
      const [low, high] = [terms[2 * i]!, terms[2 * i + 1]];
      return high === undefined ? low : f32(low + f32(high * power));
    });
  return terms[0]!;
}

function truncSaturated(x: number): number {
  if (Number.isNaN(x)) return 0;
  return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(x)));
}

export function exp(argument: number): number {
  const low = argument < -104 ? -104 : argument;
  const x = low > 89 ? 89 : low;
  const n = roundHalfToEven(f32(x * f32(1.44269504)));
  const r = f32(f32(x - f32(n * f32(0.693359375))) - f32(n * f32(-2.1219444e-4)));
  const p = polynomial(r, constants.exp);
  const y = f32(f32(r + f32(f32(r * r) * p)) + 1);
  const k = truncSaturated(n);
  const half = k >> 1;
  const first = floatOfBits((half + 127) << 23);
  const second = floatOfBits((k - half + 127) << 23);
  return f32(f32(y * first) * second);
}

export function log(x: number): number {
  if (Number.isNaN(x) || x === Number.POSITIVE_INFINITY) return x;
  if (x < 0) return Number.NaN;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  const tiny = x < f32(1.17549435e-38);
  const pattern = bitsOfFloat(tiny ? f32(x * 8388608) : x);
  let e = (pattern >>> 23) - 126 - (tiny ? 23 : 0);
  let m = floatOfBits((pattern & 0x007fffff) | 0x3f000000);
  if (m < f32(0.70710678)) {
    m = f32(m + m);
    e--;
  }
  const f = f32(m - 1);
  const p = polynomial(f, constants.log);
  const square = f32(f * f);
  let y = f32(f32(square * f) * p);
  y = f32(y + f32(e * f32(-2.1219444e-4)));
  y = f32(y - f32(square * 0.5));
  return f32(f32(f + y) + f32(e * f32(0.693359375)));
}

export function sigmoid(x: number): number {
  return f32(1 / f32(1 + exp(-x)));
}

export function tanh(x: number): number {
  const twice = f32(2 * Math.abs(x));
  const y = -(twice > 20 ? 20 : twice);
  const n = roundHalfToEven(f32(y * f32(1.44269504)));
  const r = f32(f32(y - f32(n * f32(0.693359375))) - f32(n * f32(-2.1219444e-4)));
  const p = polynomial(r, constants.exp);
  const power = Number.isNaN(n) ? n : 2 ** n;
  const m = f32(f32(power - 1) + f32(power * f32(r + f32(f32(r * r) * p))));
  const result = f32(-m / f32(m + 2));
  return x < 0 || Object.is(x, -0) ? -result : result;
}

export function erf(x: number): number {
  const a = Math.abs(x);
  const z = f32(x * x);
  if (a < 1) {
    const p = polynomial(z, constants.erf);
    return f32(x + f32(x * p));
  }
  const t = f32(1 / f32(1 + f32(a * 0.5)));
  const q = polynomial(t, constants.erfc);
  const large = f32(1 - f32(exp(-z) * q));
  return x < 0 ? -large : large;
}

export function softplus(x: number): number {
  const u = exp(-Math.abs(x));
  const w = f32(1 + u);
  const lost = f32(f32(u - f32(w - 1)) / w);
  return f32(Math.max(x, 0) + f32(log(w) + lost));
}

/** sin(x + quarter · π/2). */
export function sine(x: number, quarter: number): number {
  if (!(Math.abs(x) < f32(1e9))) return f32(x - x);
  const n = roundHalfToEven(x * wide.twoOverPi[0]!);
  const r = x - n * wide.halfPi[0]! - n * wide.halfPi[1]!;
  const z = r * r;
  const k = (n + quarter) & 3;
  const y = k & 1 ? 1 - z * 0.5 + z * z * horner(z, wide.cosine) : r + r * z * horner(z, wide.sine);
  return f32(k & 2 ? -y : y);
}

function horner(x: number, coefficients: readonly number[]): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient);
}

function log64(x: number): number {
  bits.setFloat64(0, x);
  const high = bits.getInt32(0);
  let e = (high >>> 20) - 1022;
  bits.setInt32(0, (high & 0x000fffff) | 0x3fe00000);
  let m = bits.getFloat64(0);
  if (m < 0.7071067811865476) {
    m += m;
    e--;
  }
  const s = (m - 1) / (m + 1);
  const z = s * s;
  return e * wide.ln2Wide[0]! + 2 * (s + s * z * horner(z, wide.logWide));
}

function exp64(x: number): number {
  const n = roundHalfToEven(x * wide.log2eWide[0]!);
  const r = x - n * wide.ln2Wide[1]! - n * wide.ln2Wide[2]!;
  bits.setInt32(0, (n + 1023) << 20);
  bits.setInt32(4, 0);
  return (1 + (r + r * r * horner(r, wide.expWide))) * bits.getFloat64(0);
}

export function power(x: number, y: number): number {
  if (y === 2) return f32(x * x);
  if (y === 1) return x;
  if (y === 0 || x === 1) return 1;
  if (y === 0.5 && x >= 0) return x === 0 ? 0 : f32(Math.sqrt(x));
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  const a = Math.abs(x);
  const odd = Number.isInteger(y) && Math.trunc(y * 0.5) * 2 !== y;
  const negative = x < 0 || Object.is(x, -0);
  const sign = odd && negative ? -1 : 1;
  const infinite = Number.POSITIVE_INFINITY;
  if (Math.abs(y) === infinite) return a === 1 ? 1 : a > 1 === y > 0 ? infinite : 0;
  if (a === 0) return sign * (y > 0 ? 0 : infinite);
  if (a === infinite) return sign * (y > 0 ? infinite : 0);
  if (negative && !Number.isInteger(y)) return Number.NaN;
  const t = y * log64(a);
  return f32(sign * (t > 90 ? infinite : t < -110 ? 0 : exp64(t)));
}
