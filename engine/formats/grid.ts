import { smallestScale, usableScale } from './affine.ts';
import { type Carrier, carrierOf } from './carrier.ts';
import type { Coder, NumberFormat, Parameters } from './format.ts';

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

type Own = 'name' | 'title' | 'description' | 'bits' | 'multiplier';
type Optional = 'fit' | 'source' | 'block' | 'activations' | 'signed' | 'scaleBits' | 'coder';

/** A format of fixed levels from its rounding: range, carrier and scale follow from the levels. Reserved codes have no finite level. */
export function gridFormat(
  own: Pick<NumberFormat, Own> &
    Partial<Pick<NumberFormat, Optional>> & { readonly codes?: number; readonly low?: number },
  rounding: Rounding,
  carrier?: Carrier,
): NumberFormat {
  const { codes = 2 ** own.bits, low = 0, ...named } = own;
  // Worked out when they are asked for: 65,536 of them, of a format that hardly any run needs, would slow every start.
  let known: readonly number[] | undefined;
  const levels = () => {
    known ??= ascendingLevels(Array.from({ length: codes }, (_, i) => rounding.level(low + i)));
    return known;
  };
  let held = carrier;
  const carried = () => {
    held ??= carrierOf(levels());
    return held;
  };
  return {
    kind: 'grid',
    signed: true,
    low,
    high: low + codes - 1,
    // A rule of its own looks at the values, which activations do not have beforehand.
    activations: own.fit === undefined,
    basisLength: 0,
    // Those with a rule of their own need not round to the nearest.
    ...(own.fit === undefined && { levels }),
    get dtype() {
      return carried().dtype;
    },
    get storageBits() {
      return carried().storageBits;
    },
    get minOpset() {
      return carried().minOpset;
    },
    get unit() {
      return carried().unit;
    },
    covering(min, max) {
      const all = levels();
      return coveringScale(min, max, all[0]!, all.at(-1)!);
    },
    coder: (parameters) => scaled(rounding, parameters),
    ...named,
  };
}

function ascendingLevels(all: readonly number[]): readonly number[] {
  return [...new Set(all.filter(Number.isFinite))].sort((a, b) => a - b);
}

/** A power of two as a scale; never so small that runtimes flush products of it to zero. */
export function powerOfTwo(exponent: number): number {
  return Math.max(2 ** Math.min(exponent, 127), smallestScale);
}
