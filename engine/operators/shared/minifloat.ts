/**
 * Bit patterns of the small floating-point types of ONNX (float16, bfloat16, float8, float4, e8m0). Rounding is to
 * nearest, ties to even, in one step from double precision. Source: ONNX specification, "Float stored in 8 bits" and
 * "Float stored in 4 bits"; IEEE 754-2019 for binary16.
 */
export interface Minifloat {
  readonly exponentBits: number;
  readonly mantissaBits: number;
  readonly bias: number;
  /** Code (without sign) of the largest finite value. */
  readonly largest: number;
  /** Code of infinity (without sign); absent where the type has none. */
  readonly infinity?: number;
  /** Code written for NaN; absent where the type has none. */
  readonly nan?: number;
  /** The sign bit alone is NaN and there is no negative zero (`fnuz`). */
  readonly unsignedZero?: boolean;
}

export const minifloats = {
  float16: { exponentBits: 5, mantissaBits: 10, bias: 15, largest: 0x7bff, infinity: 0x7c00, nan: 0x7e00 },
  bfloat16: { exponentBits: 8, mantissaBits: 7, bias: 127, largest: 0x7f7f, infinity: 0x7f80, nan: 0x7fc0 },
  float8e4m3fn: { exponentBits: 4, mantissaBits: 3, bias: 7, largest: 0x7e, nan: 0x7f },
  float8e4m3fnuz: { exponentBits: 4, mantissaBits: 3, bias: 8, largest: 0x7f, nan: 0x80, unsignedZero: true },
  float8e5m2: { exponentBits: 5, mantissaBits: 2, bias: 15, largest: 0x7b, infinity: 0x7c, nan: 0x7f },
  float8e5m2fnuz: { exponentBits: 5, mantissaBits: 2, bias: 16, largest: 0x7f, nan: 0x80, unsignedZero: true },
  float4e2m1: { exponentBits: 2, mantissaBits: 1, bias: 1, largest: 0x7 },
} as const satisfies Record<string, Minifloat>;

export type MinifloatName = keyof typeof minifloats;

export function isMinifloat(dtype: string): dtype is MinifloatName {
  return Object.hasOwn(minifloats, dtype);
}

/** Nearest integer, ties to the even one. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

const scratch = new DataView(new ArrayBuffer(8));

/** Exponent of the leading bit of a positive finite double. */
function exponentOf(x: number): number {
  scratch.setFloat64(0, x);
  const biased = (scratch.getUint16(0) >> 4) & 0x7ff;
  return biased === 0 ? -1022 : biased - 1023;
}

/**
 * Code of `x`. What lies beyond the largest finite value becomes that value when `saturate`, otherwise infinity or
 * NaN, whichever the type has (float4 always saturates).
 */
export function encodeMinifloat(x: number, type: Minifloat, saturate = false): number {
  const sign = 1 << (type.exponentBits + type.mantissaBits);
  if (Number.isNaN(x)) return type.nan ?? type.largest;
  const negative = x < 0 || Object.is(x, -0);
  const magnitude = Math.abs(x);
  const smallest = 1 - type.bias;
  let code: number;
  if (magnitude === 0) code = 0;
  else if (magnitude === Infinity) code = Infinity;
  else {
    const exponent = Math.max(exponentOf(magnitude), smallest);
    const steps = roundHalfEven(magnitude * 2 ** (type.mantissaBits - exponent));
    code = (exponent - smallest) * 2 ** type.mantissaBits + steps;
  }
  if (code > type.largest) {
    if (saturate || type.nan === undefined) code = type.largest;
    else if (type.infinity !== undefined) code = type.infinity;
    else return type.unsignedZero ? type.nan : negative ? type.nan | sign : type.nan;
  }
  if (negative && !(type.unsignedZero && code === 0)) code |= sign;
  return code;
}

/** Value of a code; exact. */
export function decodeMinifloat(code: number, type: Minifloat): number {
  const signBit = 1 << (type.exponentBits + type.mantissaBits);
  const negative = (code & signBit) !== 0;
  const magnitude = code & (signBit - 1);
  if (type.unsignedZero && code === type.nan) return NaN;
  if (magnitude > type.largest) return magnitude === type.infinity ? (negative ? -Infinity : Infinity) : NaN;
  const exponent = magnitude >> type.mantissaBits;
  const mantissa = magnitude & ((1 << type.mantissaBits) - 1);
  const value =
    exponent === 0
      ? mantissa * 2 ** (1 - type.bias - type.mantissaBits)
      : (mantissa + (1 << type.mantissaBits)) * 2 ** (exponent - type.bias - type.mantissaBits);
  return negative ? -value : value;
}

/** e8m0: an exponent without sign or mantissa; 255 is NaN. */
export function decodeExponent(code: number): number {
  return code === 255 ? NaN : 2 ** (code - 127);
}

/**
 * Code of the power of two near `x`: `up` takes the next one, `down` the one before, `nearest` the closer (ties up).
 * Values beyond the range saturate, or become NaN where `saturate` is off.
 */
export function encodeExponent(x: number, mode: 'up' | 'down' | 'nearest' = 'up', saturate = true): number {
  if (Number.isNaN(x)) return 255;
  const magnitude = Math.abs(x);
  if (magnitude === 0) return 0;
  if (magnitude === Infinity) return saturate ? 254 : 255;
  let exponent = exponentOf(magnitude);
  const rest = magnitude / 2 ** exponent;
  if (mode === 'up' ? rest > 1 : mode === 'nearest' && rest >= 1.5) exponent++;
  if (exponent > 127) return saturate ? 254 : 255;
  return Math.max(exponent, -127) + 127;
}
