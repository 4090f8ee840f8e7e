import type { Address, CodeOutput, CodeType, Requantization } from '../api.ts';
import { arithmetics } from '../functions.ts';
import { type Builder, place } from './builder.ts';

/** The requantisation fields that every integer kernel has. */
export interface RequantizationFields {
  readonly arithmetic: number;
  readonly multipliers: Address;
  readonly shifts: Address;
  readonly factors: Address;
  readonly rounds: Address;
  readonly zero: number;
  readonly low: number;
  readonly high: number;
  readonly fits: 0 | 1;
}

/**
 * Lays out one constant a place: place i gets that of `channelOf(i)`, or none (negative). A list of length 1 serves all.
 * `largest(channel)` bounds the absolute value of accumulators, where that is known.
 */
export function requantizationFields(
  builder: Builder,
  requantization: Requantization,
  output: CodeOutput,
  channels: number,
  places: number,
  channelOf: (place: number) => number,
  largest: (channel: number) => number = () => Number.POSITIVE_INFINITY,
): RequantizationFields {
  checkOutput(output);
  const { arithmetic } = requantization;
  const spread = <T extends Float32Array | Int32Array>(values: T, into: T): T => {
    if (values.length !== 1 && values.length !== channels)
      throw new RangeError(`Requantisation has ${values.length} constants for ${channels} channels.`);
    for (let i = 0; i < places; i++) {
      const channel = channelOf(i);
      if (channel >= 0) into[i] = values[values.length === 1 ? 0 : channel]!;
    }
    return into;
  };
  const { zeroPoint: zero, low, high } = output;
  const common = { arithmetic: arithmetics.indexOf(arithmetic), zero, low, high };
  if (requantization.arithmetic === 'ort') {
    const multipliers = place(builder, spread(requantization.scale, new Float32Array(places)));
    const { scale } = requantization;
    const fits = Array.from({ length: channels }, (_, i) => largest(i) * scale[scale.length === 1 ? 0 : i]!);
    return {
      ...common,
      multipliers,
      shifts: multipliers,
      factors: 0,
      rounds: 0,
      // Far enough below 2²², where adding 1.5 · 2²³ stops rounding.
      fits: fits.every((size) => size < 2 ** 21) ? 1 : 0,
    };
  }
  checkShifts(requantization.arithmetic, requantization.multiplier, requantization.shift);
  const multipliers = spread(requantization.multiplier, new Int32Array(places));
  const shifts = spread(requantization.shift, new Int32Array(places));
  const exact = exactFactors(requantization.arithmetic, multipliers, shifts);
  return {
    ...common,
    multipliers: place(builder, multipliers),
    shifts: place(builder, shifts),
    factors: exact === undefined ? 0 : place(builder, exact.factors),
    rounds: exact === undefined ? 0 : place(builder, exact.rounds),
    fits: 0,
  };
}

/** Fields of int32 outputs: `sum(channel)` of a channel's weights is what a zero point of 1 takes off. */
export function accumulatorFields(
  builder: Builder,
  input: CodeType,
  places: number,
  channelOf: (place: number) => number,
  sum: (channel: number) => number,
): RequantizationFields {
  const sums = Int32Array.from({ length: places }, (_, i) => (channelOf(i) < 0 ? 0 : sum(channelOf(i))));
  const unused = { factors: 0, rounds: 0, zero: 0, high: 0, fits: 0 } as const;
  const multipliers = place(builder, sums);
  return { ...unused, arithmetic: arithmetics.indexOf('none'), multipliers, shifts: 0, low: signed(input) };
}

/**
 * Constants of the float64 way of doing fixed-point arithmetic (assembly/requantize.ts), or undefined where it would not be exact:
 * a shift to the left, or one so long that a float64 does not hold all bits.
 */
function exactFactors(
  arithmetic: 'tflite' | 'gemmlowp' | 'settle',
  multipliers: Int32Array,
  shifts: Int32Array,
): { readonly factors: Float64Array; readonly rounds: BigInt64Array } | undefined {
  const factors = new Float64Array(shifts.length);
  const rounds = new BigInt64Array(shifts.length);
  for (const [i, shift] of shifts.entries()) {
    if (arithmetic === 'settle') {
      if (shift > 50 || Math.abs(multipliers[i]!) > 2 ** 16) return undefined;
      factors[i] = multipliers[i]! * 2 ** -shift;
      continue;
    }
    if (multipliers[i] !== 0 && shift > 0) return undefined;
    factors[i] = multipliers[i] === 0 ? 0 : 2 ** shift;
    const round = arithmetic === 'tflite' && multipliers[i] !== 0 ? 2n ** BigInt(30 - shift) : 2n ** 30n;
    // The product becomes positive by 2^62; together they stay below 2^64.
    rounds[i] = BigInt.asIntN(64, round + 2n ** 62n);
  }
  return { factors, rounds };
}

/** Shifts that the kernels' 64-bit arithmetic can do. */
function checkShifts(arithmetic: 'tflite' | 'gemmlowp' | 'settle', multipliers: Int32Array, shifts: Int32Array): void {
  const [least, most] = arithmetic === 'settle' ? [1, 62] : [-31, 30];
  for (const [i, shift] of shifts.entries())
    if (multipliers[i] !== 0 && !(shift >= least && shift <= most))
      throw new RangeError(`A shift of ${shift} is outside ${least}…${most}, which ${arithmetic} allows.`);
}

function checkOutput({ type, zeroPoint, low, high }: CodeOutput): void {
  const [least, most] = codeRange(type);
  if (![zeroPoint, low, high].every(Number.isInteger) || low < least || high > most || low > high)
    throw new RangeError(`${low}…${high} with zero point ${zeroPoint} is no range of ${type} codes.`);
}

export function codeRange(type: CodeType): readonly [least: number, most: number] {
  return type === 'u8' ? [0, 255] : [-128, 127];
}

/** Bound of |bias + Σ (x − zero point) · w| for each output channel, whose `depth` weights `weight(channel, i)` gives. */
export function largestSum(
  input: { readonly type: CodeType; readonly zeroPoint: number },
  depth: number,
  weight: (channel: number, i: number) => number,
  bias: Int32Array | undefined,
): (channel: number) => number {
  const [least, most] = codeRange(input.type);
  const reach = Math.max(most - input.zeroPoint, input.zeroPoint - least);
  return (channel) => {
    let sum = 0;
    for (let i = 0; i < depth; i++) sum += Math.abs(weight(channel, i));
    return sum * reach + Math.abs(bias?.[channel] ?? 0);
  };
}

export function signed(type: CodeType): 0 | 1 {
  return type === 's8' ? 1 : 0;
}
