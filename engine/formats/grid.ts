import { exponentOf } from '../numbers.ts';
import type { DataType } from '../tensor.ts';
import { smallestScale, usableScale } from './affine.ts';
import type { Coder, NumberFormat, Parameters } from './format.ts';
import { integerCarriers } from './integers.ts';
import { type MinifloatLayout, minifloatRounding, reachOf } from './minifloat-rounding.ts';

/** Fixed levels and how numbers are rounded to them, in units of the scale. */
export interface Rounding {
  /** Code of the level nearest to x, which is finite or an infinity. */
  nearest(x: number): number;
  level(code: number): number;
}

/** A coder that divides by the scale in float32, rounds, and multiplies in float32, as QuantizeLinear and DequantizeLinear do. */
export function scaled({ nearest, level }: Rounding, { scale }: Parameters): Coder {
  return {
    encode(x) {
      const steps = Math.fround(x / scale);
      return nearest(Number.isNaN(steps) ? 0 : steps);
    },
    decode: (code) => Math.fround(level(code) * scale),
  };
}

/** The scale that puts the outermost level of a side at the end of the data; 1 for data that is zero throughout. */
export function coveringScale(min: number, max: number, least: number, most: number): Parameters {
  const below = least < 0 ? Math.min(min, 0) / least : 0;
  const above = most > 0 ? Math.max(max, 0) / most : 0;
  return { scale: usableScale(Math.max(below, above)), zeroPoint: 0 };
}

/**
 * Nearest of sign-and-magnitude levels: the low bits of a code are the place of its magnitude in `magnitudes` (ascending),
 * the bit above them the sign. Ties go to the even place, as IEEE 754 has it of mantissas.
 */
export function signMagnitude(magnitudes: readonly number[], bits: number): Rounding {
  const sign = 2 ** (bits - 1);
  const nearest = nearestPlace(magnitudes);
  const last = magnitudes.length - 1;
  return {
    nearest(x) {
      const place = nearest(Math.abs(x));
      // Zero has one code.
      return x < 0 && magnitudes[place] !== 0 ? sign + place : place;
    },
    level(code) {
      const place = Math.min(code % sign, last);
      return code >= sign ? 0 - magnitudes[place]! : magnitudes[place]!;
    },
  };
}

/** Nearest of ascending levels, the code being the place. */
export function ascending(levels: ArrayLike<number>): Rounding {
  const nearest = nearestPlace(levels);
  return { nearest, level: (code) => levels[Math.min(Math.max(code, 0), levels.length - 1)]! };
}

/** Place of the nearest of ascending numbers, ties to the even place: a binary search among the middles between them. */
export function nearestPlace(levels: ArrayLike<number>): (x: number) => number {
  const middles = Float64Array.from({ length: levels.length - 1 }, (_, i) => (levels[i]! + levels[i + 1]!) / 2);
  return (x) => {
    let from = 0;
    let to = middles.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (x > middles[middle]!) from = middle + 1;
      else to = middle;
    }
    return x === middles[from] && from % 2 === 1 ? from + 1 : from;
  };
}

/** What an ONNX tensor of the format's elements is. */
export type Carrier = Pick<NumberFormat, 'dtype' | 'storageBits' | 'minOpset' | 'unit'>;

export const floatCarrier: Carrier = { dtype: 'float32', storageBits: 32, minOpset: 13, unit: 1 };

const smallFloats: readonly { readonly dtype: DataType; readonly layout: MinifloatLayout }[] = [
  { dtype: 'float8e4m3fn', layout: { exponentBits: 4, mantissaBits: 3, bias: 7, reserved: 'nan', subnormals: true } },
  { dtype: 'float8e5m2', layout: { exponentBits: 5, mantissaBits: 2, bias: 15, reserved: 'ieee', subnormals: true } },
];

/**
 * The narrowest ONNX type that holds all levels exactly once each is divided by a power of two: integers first, on which
 * kernels compute, then 8-bit floats. Levels that fit none are carried as float32.
 */
export function carrierOf(levels: readonly number[]): Carrier {
  const unit = commonUnit(levels);
  const largest = Math.max(...levels.map((level) => level / unit));
  const smallest = Math.min(...levels.map((level) => level / unit));
  for (const { bits, opset } of integerCarriers) {
    if (bits > 8) break;
    if (smallest >= -(2 ** (bits - 1)) && largest < 2 ** (bits - 1))
      return { dtype: `int${bits}` as DataType, storageBits: bits, minOpset: opset, unit };
  }
  const reach = Math.max(largest, -smallest) * unit;
  for (const { dtype, layout } of smallFloats) {
    // One shift that puts the largest level into the top binade is as good as any: more only loses small levels.
    const shift = 2 ** (exponentOf(reachOf(layout)) - exponentOf(reach));
    const rounding = minifloatRounding(layout);
    const fits = (by: number) => levels.every((level) => rounding.level(rounding.nearest(level * by)) === level * by);
    for (const by of [1, shift, shift / 2]) if (fits(by)) return { dtype, storageBits: 8, minOpset: 19, unit: 1 / by };
  }
  return floatCarrier;
}

/** The largest power of two of which all levels are multiples. */
function commonUnit(levels: readonly number[]): number {
  let unit = Number.POSITIVE_INFINITY;
  for (const level of levels) {
    if (level === 0) continue;
    let step = 2 ** exponentOf(Math.abs(level));
    // The distance of a level to a power of two below it holds its lower bits.
    for (let rest = Math.abs(level) - step; rest > 0; rest -= step) step = 2 ** exponentOf(rest);
    unit = Math.min(unit, step);
  }
  return Number.isFinite(unit) ? unit : 1;
}

type Own = 'name' | 'title' | 'description' | 'bits' | 'multiplier';
type Optional = 'fit' | 'source' | 'block' | 'activations' | 'signed';

/** A format of fixed levels from its rounding: range, carrier and scale follow from the levels. Reserved codes have no finite level. */
export function gridFormat(
  own: Pick<NumberFormat, Own> & Partial<Pick<NumberFormat, Optional>> & { readonly codes?: number },
  rounding: Rounding,
  carrier?: Carrier,
): NumberFormat {
  const { codes = 2 ** own.bits, ...named } = own;
  const levels = Array.from({ length: codes }, (_, code) => rounding.level(code)).filter(Number.isFinite);
  const least = levels.reduce((a, b) => Math.min(a, b));
  const most = levels.reduce((a, b) => Math.max(a, b));
  return {
    kind: 'grid',
    signed: true,
    low: 0,
    high: codes - 1,
    // A rule of its own looks at the values, which activations do not have beforehand.
    activations: own.fit === undefined,
    basisLength: 0,
    ...(carrier ?? carrierOf(levels)),
    covering: (min, max) => coveringScale(min, max, least, most),
    coder: (parameters) => scaled(rounding, parameters),
    ...named,
  };
}

/** A power of two as a scale; never so small that runtimes flush products of it to zero. */
export function powerOfTwo(exponent: number): number {
  return Math.max(2 ** Math.min(exponent, 127), smallestScale);
}
