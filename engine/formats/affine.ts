import { poll } from '../progress.ts';
import type { TensorData } from '../tensor.ts';
import type { NumberFormat } from './format.ts';
import { roundHalfEven } from './rounding.ts';

/**
 * Affine integer quantisation, x ≈ (q − zeroPoint)·scale (METHODS section 0 and B3). Every scale is a float32 value
 * and every step below is the float32 arithmetic of ONNX QuantizeLinear and DequantizeLinear, so that simulation,
 * integer execution and an exported model compute the same codes.
 */

/** Scale and zero point of one tensor or channel. `scale` is positive and float32-representable. */
export interface AffineParameters {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Codes a tensor may use; a narrower range than the format's own is narrow range or a fused clamp. */
export type CodeRange = readonly [low: number, high: number];

/**
 * Scales below this are raised to it: products of two of them stay normal float32 numbers, and no runtime's
 * flush-to-zero can make them vanish.
 */
export const smallestScale = 2 ** -60;

/** A scale as float32, positive and normal; 1 for the range of a tensor that is zero throughout. */
export function usableScale(scale: number): number {
  if (!(scale > 0)) return 1;
  if (!Number.isFinite(scale)) return 3.4028234663852886e38;
  return Math.max(Math.fround(scale), smallestScale);
}

/**
 * Parameters that spread the codes `[low, high]` over `[min, max]`. The range is first widened to hold zero, and the
 * zero point is rounded (half to even) so that zero is represented exactly.
 */
export function affineParameters(min: number, max: number, [low, high]: CodeRange): AffineParameters {
  const from = Math.min(min, 0);
  const to = Math.max(max, 0);
  const scale = usableScale((to - from) / (high - low));
  const zeroPoint = Math.min(high, Math.max(low, roundHalfEven(low - from / scale)));
  return { scale, zeroPoint };
}

/**
 * Parameters with the zero point fixed at the middle: 0 for signed codes. Unsigned codes take 0 when nothing is
 * negative (the whole grid serves the data) and half the range otherwise.
 */
export function symmetricParameters(min: number, max: number, format: NumberFormat): AffineParameters {
  const reach = Math.max(Math.abs(min), Math.abs(max));
  // One signed bit has the codes −1 and 0: nothing above zero to divide by.
  if (format.signed) return { scale: usableScale(reach / Math.max(format.high, 1)), zeroPoint: 0 };
  if (min >= 0) return { scale: usableScale(reach / format.high), zeroPoint: 0 };
  const zeroPoint = (format.high + 1) / 2;
  return { scale: usableScale(reach / (format.high - zeroPoint)), zeroPoint };
}

/** Code of one float32 value. NaN becomes the zero point. */
export function quantizeValue(x: number, { scale, zeroPoint }: AffineParameters, [low, high]: CodeRange): number {
  return codeOf(x, scale, zeroPoint, low, high);
}

function codeOf(x: number, scale: number, zeroPoint: number, low: number, high: number): number {
  const steps = Math.fround(x / scale);
  if (Number.isNaN(steps)) return Math.min(high, Math.max(low, zeroPoint));
  // Clamping before rounding gives the same code, and keeps infinities out of the rounding.
  const clamped = Math.min(high - zeroPoint, Math.max(low - zeroPoint, steps));
  return roundHalfEven(clamped) + zeroPoint;
}

/** Value of one code, in float32 (a wide code is rounded to float32 before the product, as runtimes do). */
export function dequantizeValue(code: number, { scale, zeroPoint }: AffineParameters): number {
  return valueOfCode(code, scale, zeroPoint);
}

function valueOfCode(code: number, scale: number, zeroPoint: number): number {
  return Math.fround(Math.fround(code - zeroPoint) * scale);
}

/** Parameters of a whole tensor: one scale and zero point, or one of each per index of `axis`. */
export interface TensorParameters {
  readonly format: NumberFormat;
  readonly scale: Float32Array;
  readonly zeroPoint: Int32Array;
  readonly range: CodeRange;
  readonly axis?: number;
}

/**
 * How channels lie in a row-major tensor: element `i` belongs to channel `floor(i / inner) mod channels`.
 * Without an axis everything is channel 0.
 */
export function channelLayout(dims: readonly number[], axis: number | undefined): { channels: number; inner: number } {
  if (axis === undefined) return { channels: 1, inner: 1 };
  let inner = 1;
  for (let i = axis + 1; i < dims.length; i++) inner *= dims[i]!;
  return { channels: dims[axis] ?? 1, inner };
}

/** An array that holds codes of the format, one element each (packing is the codec's affair). */
export function codeArray(
  format: NumberFormat,
  length: number,
): Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array {
  const negative = format.low < 0;
  if (format.bits <= 8) return negative ? new Int8Array(length) : new Uint8Array(length);
  if (format.bits <= 16) return negative ? new Int16Array(length) : new Uint16Array(length);
  return negative ? new Int32Array(length) : new Uint32Array(length);
}

/** Codes of `values` (float32, row-major over `dims`), each rounded to nearest, ties to even. */
export function quantizeTensor(
  values: ArrayLike<number>,
  dims: readonly number[],
  parameters: TensorParameters,
): ReturnType<typeof codeArray> {
  const codes = codeArray(parameters.format, values.length);
  const [low, high] = parameters.range;
  const { scale, zeroPoint, run } = spread(dims, values.length, parameters);
  // No calls between: where channels lie along the last axis, a run is a single element.
  for (let from = 0, channel = 0; from < values.length; from += run) {
    if ((channel & 0xff) === 0) poll();
    const step = scale[channel]!;
    const zero = zeroPoint[channel]!;
    const to = Math.min(from + run, values.length);
    for (let i = from; i < to; i++) codes[i] = codeOf(values[i]!, step, zero, low, high);
    channel = channel + 1 === scale.length ? 0 : channel + 1;
  }
  return codes;
}

/** Scale and zero point of each channel, and the elements that lie together in one. */
function spread(
  dims: readonly number[],
  length: number,
  { scale, zeroPoint, axis }: Pick<TensorParameters, 'scale' | 'zeroPoint' | 'axis'>,
): { readonly scale: Float32Array; readonly zeroPoint: Int32Array; readonly run: number } {
  const { channels, inner } = channelLayout(dims, axis);
  // In pieces, between which a cancel is heard.
  if (channels <= 1) return { scale, zeroPoint, run: Math.min(Math.max(1, length), 1 << 16) };
  return {
    scale: scale.length === 1 ? new Float32Array(channels).fill(scale[0]!) : scale,
    zeroPoint: zeroPoint.length === 1 ? new Int32Array(channels).fill(zeroPoint[0]!) : zeroPoint,
    run: inner,
  };
}

/** float32 values of `codes`. */
export function dequantizeTensor(
  codes: Exclude<TensorData, string[] | BigInt64Array | BigUint64Array>,
  dims: readonly number[],
  parameters: Pick<TensorParameters, 'scale' | 'zeroPoint' | 'axis'>,
): Float32Array {
  const values = new Float32Array(codes.length);
  const { scale, zeroPoint, run } = spread(dims, codes.length, parameters);
  for (let from = 0, channel = 0; from < codes.length; from += run) {
    if ((channel & 0xff) === 0) poll();
    const step = scale[channel]!;
    const zero = zeroPoint[channel]!;
    const to = Math.min(from + run, codes.length);
    for (let i = from; i < to; i++) values[i] = valueOfCode(codes[i]!, step, zero);
    channel = channel + 1 === scale.length ? 0 : channel + 1;
  }
  return values;
}

/** Parameters of one channel; a single scale serves them all. */
export function channelParameters(
  { scale, zeroPoint }: Pick<TensorParameters, 'scale' | 'zeroPoint'>,
  channel: number,
): AffineParameters {
  return {
    scale: scale.length === 1 ? scale[0]! : scale[channel]!,
    zeroPoint: zeroPoint.length === 1 ? zeroPoint[0]! : zeroPoint[channel]!,
  };
}

/** Visits the runs of neighbouring elements that belong to one channel. */
export function forEachRun(
  length: number,
  channels: number,
  inner: number,
  visit: (channel: number, from: number, to: number) => void,
): void {
  if (channels <= 1) {
    visit(0, 0, length);
    return;
  }
  for (let from = 0, channel = 0; from < length; from += inner) {
    visit(channel, from, from + inner);
    channel = channel + 1 === channels ? 0 : channel + 1;
  }
}
