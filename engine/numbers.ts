import type { DataType } from './tensor.ts';

/**
 * Floating-point types that JavaScript has no numbers for, as bit patterns: float16 and bfloat16 (IEEE 754), the 8-bit
 * floats of "FP8 Formats for Deep Learning" (arXiv 2209.05433) and, with `uz`, of arXiv 2206.02915, the 4-bit float and
 * the exponent-only scale of the OCP Microscaling formats. Rounding and overflow are those of ONNX `Cast`.
 */
export type BitFloat = Extract<
  DataType,
  | 'float16'
  | 'bfloat16'
  | 'float8e4m3fn'
  | 'float8e4m3fnuz'
  | 'float8e5m2'
  | 'float8e5m2fnuz'
  | 'float8e8m0'
  | 'float4e2m1'
>;

interface Layout {
  readonly mantissaBits: number;
  /** Of the smallest normal number; subnormal numbers share it. */
  readonly smallestExponent: number;
  /** Pattern, without the sign, of the largest finite number. */
  readonly largest: number;
  readonly sign: number;
  /** Pattern of positive infinity; undefined where the type has none. */
  readonly infinity?: number;
  /** Pattern that conversions give for NaN. `uz` types have this one NaN and no negative zero. */
  readonly nan: number;
  readonly unsignedZero?: boolean;
}

type SignedFloat = Exclude<BitFloat, 'float8e8m0'>;

const layouts: Readonly<Record<SignedFloat, Layout>> = {
  float16: { mantissaBits: 10, smallestExponent: -14, largest: 0x7bff, sign: 0x8000, infinity: 0x7c00, nan: 0x7e00 },
  bfloat16: { mantissaBits: 7, smallestExponent: -126, largest: 0x7f7f, sign: 0x8000, infinity: 0x7f80, nan: 0x7fc0 },
  float8e4m3fn: { mantissaBits: 3, smallestExponent: -6, largest: 0x7e, sign: 0x80, nan: 0x7f },
  float8e4m3fnuz: { mantissaBits: 3, smallestExponent: -7, largest: 0x7f, sign: 0x80, nan: 0x80, unsignedZero: true },
  float8e5m2: { mantissaBits: 2, smallestExponent: -14, largest: 0x7b, sign: 0x80, infinity: 0x7c, nan: 0x7f },
  float8e5m2fnuz: { mantissaBits: 2, smallestExponent: -15, largest: 0x7f, sign: 0x80, nan: 0x80, unsignedZero: true },
  // No NaN: ONNX leaves the result open; negative zero keeps it apart from any number that is meant.
  float4e2m1: { mantissaBits: 1, smallestExponent: 0, largest: 0x7, sign: 0x8, nan: 0x8 },
};

export interface RoundingOptions {
  /** 8-bit floats: beyond the largest number give it (default) or infinity or NaN, whichever the type has. */
  readonly saturate?: boolean;
  /** float8e8m0 only; ONNX `Cast` has `up` as its default. The others round half to even. */
  readonly direction?: 'nearest' | 'up' | 'down';
}

export function isBitFloat(dtype: DataType): dtype is BitFloat {
  return dtype in layouts || dtype === 'float8e8m0';
}

/** The exact number that a bit pattern stands for. */
export function numberOfBits(dtype: BitFloat, bits: number): number {
  if (dtype === 'float8e8m0') return bits === 0xff ? Number.NaN : 2 ** (bits - 127);
  const { mantissaBits, smallestExponent, largest, sign, infinity, nan, unsignedZero } = layouts[dtype];
  if (unsignedZero && bits === nan) return Number.NaN;
  const magnitude = bits & (sign - 1);
  const factor = bits & sign ? -1 : 1;
  if (magnitude > largest) return magnitude === infinity ? factor * Number.POSITIVE_INFINITY : Number.NaN;
  return factor * numberOfMagnitude(magnitude, mantissaBits, smallestExponent);
}

/** What exponent and mantissa bits without a sign stand for; an exponent of zero holds subnormal numbers. */
export function numberOfMagnitude(bits: number, mantissaBits: number, smallestExponent: number): number {
  const exponent = bits >>> mantissaBits;
  const mantissa = bits & ((1 << mantissaBits) - 1);
  const step = 2 ** (smallestExponent - mantissaBits);
  if (exponent === 0) return mantissa * step;
  return ((1 << mantissaBits) + mantissa) * step * 2 ** (exponent - 1);
}

/** Exponent and mantissa bits of the number nearest to a finite one that is not negative, half to even; no largest exponent. */
export function magnitudeOfNumber(absolute: number, mantissaBits: number, smallestExponent: number): number {
  const exponent = Math.max(exponentOf(absolute), smallestExponent);
  // A carry of the rounded mantissa moves on into the exponent bits, where it belongs.
  const rounded = roundHalfEven(absolute * 2 ** -(exponent - mantissaBits));
  return (exponent - smallestExponent) * (1 << mantissaBits) + rounded;
}

/** The nearest bit pattern, half to even, in one rounding from the double given. */
export function bitsOfNumber(dtype: BitFloat, value: number, options: RoundingOptions = {}): number {
  if (dtype === 'float8e8m0') return exponentBits(value, options);
  const { mantissaBits, smallestExponent, largest, sign, infinity, nan, unsignedZero } = layouts[dtype];
  if (Number.isNaN(value)) return nan;
  const signBit = value < 0 || Object.is(value, -0) ? sign : 0;
  const absolute = Math.abs(value);
  let magnitude =
    absolute === Number.POSITIVE_INFINITY ? largest + 1 : magnitudeOfNumber(absolute, mantissaBits, smallestExponent);
  if (magnitude > largest) {
    const saturates = dtype === 'float4e2m1' || (dtype.startsWith('float8') && options.saturate !== false);
    if (saturates) magnitude = largest;
    else if (infinity === undefined) return unsignedZero ? nan : signBit | nan;
    else magnitude = infinity;
  }
  return unsignedZero && magnitude === 0 ? 0 : signBit | magnitude;
}

/** Numbers of many bit patterns at once; every one is exact in float32. */
export function numbersOfBits(dtype: BitFloat, bits: Uint8Array | Uint16Array): Float32Array {
  const table = tableOf(dtype);
  const numbers = new Float32Array(bits.length);
  for (let index = 0; index < bits.length; index++) numbers[index] = table[bits[index]!]!;
  return numbers;
}

/** `bitsOfNumber` of many numbers at once. */
export function bitsOfNumbers(
  dtype: BitFloat,
  numbers: ArrayLike<number>,
  options: RoundingOptions = {},
): Uint8Array | Uint16Array {
  const wide = dtype === 'float16' || dtype === 'bfloat16';
  const bits = wide ? new Uint16Array(numbers.length) : new Uint8Array(numbers.length);
  for (let index = 0; index < bits.length; index++) bits[index] = bitsOfNumber(dtype, numbers[index]!, options);
  return bits;
}

const tables = new Map<BitFloat, Float32Array>();

function tableOf(dtype: BitFloat): Float32Array {
  let table = tables.get(dtype);
  if (!table) {
    const size = dtype === 'float8e8m0' ? 256 : 2 * layouts[dtype].sign;
    table = Float32Array.from({ length: size }, (_, bits) => numberOfBits(dtype, bits));
    tables.set(dtype, table);
  }
  return table;
}

/** Powers of two from 2⁻¹²⁷ to 2¹²⁷, without sign and zero: a negative number has no scale and gives NaN. */
function exponentBits(value: number, { saturate = true, direction = 'up' }: RoundingOptions): number {
  if (Number.isNaN(value) || value < 0) return 0xff;
  if (value === Number.POSITIVE_INFINITY) return saturate ? 0xfe : 0xff;
  if (value === 0) return 0;
  let exponent = exponentOf(value);
  const fraction = value / 2 ** exponent;
  // Nearest by value; the tie at 1.5 goes up, as in the specification of the type.
  if (direction === 'up' ? fraction > 1 : direction === 'nearest' && fraction >= 1.5) exponent++;
  const bits = exponent + 127;
  if (bits > 0xfe) return saturate ? 0xfe : 0xff;
  return Math.max(bits, 0);
}

const double = new DataView(new ArrayBuffer(8));

/** ⌊log₂⌋ of a positive finite number; below the normal doubles any small enough exponent will do. */
export function exponentOf(value: number): number {
  double.setFloat64(0, value);
  return (double.getUint32(0) >>> 20) - 1023;
}

/** Of a number from 0 to 2⁵². */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
