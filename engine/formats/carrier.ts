import { bitsOfNumber, exponentOf, isBitFloat } from '../numbers.ts';
import { allocate } from '../operators/shared/numbers.ts';
import type { DataType, TensorData } from '../tensor.ts';
import type { NumberFormat } from './format.ts';
import { integerCarriers } from './integers.ts';
import { type MinifloatLayout, minifloatRounding, reachOf } from './minifloat-rounding.ts';

/** The ONNX type that holds a format's elements without loss: level = element · unit, in units of the scale. */
export type Carrier = Pick<NumberFormat, 'dtype' | 'storageBits' | 'minOpset' | 'unit'>;

/** Decoded values, where no narrower type holds them all. */
export const floatCarrier: Carrier = { dtype: 'float32', storageBits: 32, minOpset: 13, unit: 1 };

/**
 * How an export writes integers of fewer than 8 bits: `int8`, a byte each; `packed`, weights in as many bits as a code has, which
 * operators of the file unpack to bytes; `typed`, in the narrowest type of ONNX. Absent: packed where ONNX has no type of so many bits.
 */
export const containers = ['int8', 'packed', 'typed'] as const;
export type Container = (typeof containers)[number];

/**
 * The format as an export holds it: the same codes, scales and zero points, in bytes where runtimes are to compute with them, since
 * those have kernels for 8 bits alone.
 */
export function contained(
  format: NumberFormat,
  container: Container | undefined,
  role: 'weights' | 'activations',
): NumberFormat {
  if (format.sum !== undefined) {
    const each = contained(format.sum.format, container, role);
    const { minOpset } = each;
    return {
      ...format,
      storageBits: format.sum.count * each.storageBits,
      minOpset,
      sum: { ...format.sum, format: each },
    };
  }
  const { bits, storageBits } = format;
  const packs = role === 'weights' && isPackable(format);
  if (packs && (container === 'packed' || (container === undefined && storageBits > bits && bits > 2)))
    return { ...inBytes(format), storageBits: bits };
  const widens = container === 'int8' || container === 'packed';
  return widens && storageBits < 8 ? inBytes(format) : format;
}

/**
 * How weights are written of a layer that reads such activations. Without a container those in a narrow type leave weights in theirs:
 * ONNX Runtime refuses layers with weights in bytes and activations in fewer bits, and computes with both narrow in float.
 */
export function containerBeside(activations: NumberFormat, container: Container | undefined): Container | undefined {
  return container === undefined && activations.storageBits < 8 ? 'typed' : container;
}

/** Whether the elements are integers of up to 8 bits of which a code of fewer bits says which. */
function isPackable({ dtype, storageBits, bits, low, high, kind, sum }: NumberFormat): boolean {
  const isNarrow = dtype.includes('int') && storageBits <= 8 && bits < 8;
  return isNarrow && kind !== 'codebook' && sum === undefined && high - low < 2 ** bits;
}

function inBytes(format: NumberFormat): NumberFormat {
  const dtype = format.dtype.startsWith('u') ? 'uint8' : 'int8';
  const { bits, opset } = integerCarriers.find(({ bits }) => bits === 8)!;
  return { ...format, dtype, storageBits: bits, minOpset: opset };
}

/** Whether a format as an export holds it is packed: its elements are bytes, its file has fewer bits of each. */
export function isPacked({ dtype, storageBits }: Pick<NumberFormat, 'dtype' | 'storageBits'>): boolean {
  return storageBits < 8 && (dtype === 'int8' || dtype === 'uint8');
}

const smallFloats: readonly { readonly dtype: DataType; readonly layout: MinifloatLayout }[] = [
  { dtype: 'float8e4m3fn', layout: { exponentBits: 4, mantissaBits: 3, bias: 7, reserved: 'nan', subnormals: true } },
  { dtype: 'float8e5m2', layout: { exponentBits: 5, mantissaBits: 2, bias: 15, reserved: 'ieee', subnormals: true } },
];

/**
 * The narrowest ONNX type that holds all levels exactly once each is divided by a power of two: integers of up to 8 bits, on
 * which kernels compute, then 8-bit floats, then 16-bit integers. Levels that fit none are carried as float32.
 */
export function carrierOf(levels: readonly number[]): Carrier {
  const integer = integerCarrier(levels);
  if (integer !== undefined && integer.storageBits <= 8) return integer;
  return smallFloatCarrier(levels) ?? integer ?? floatCarrier;
}

function integerCarrier(levels: readonly number[]): Carrier | undefined {
  const unit = commonUnit(levels);
  const largest = levels.reduce((most, level) => Math.max(most, level / unit), 0);
  const smallest = levels.reduce((least, level) => Math.min(least, level / unit), 0);
  const carrier = integerCarriers.find(({ bits }) => smallest >= -(2 ** (bits - 1)) && largest < 2 ** (bits - 1));
  if (carrier === undefined || carrier.bits > 16) return undefined;
  return { dtype: `int${carrier.bits}` as DataType, storageBits: carrier.bits, minOpset: carrier.opset, unit };
}

function smallFloatCarrier(levels: readonly number[]): Carrier | undefined {
  const reach = levels.reduce((most, level) => Math.max(most, Math.abs(level)), 0);
  for (const { dtype, layout } of smallFloats) {
    const { nearest, level: levelOf } = minifloatRounding(layout);
    // A shift that puts the largest level into the top binade is as good as any: less only loses small levels.
    const shift = 2 ** (exponentOf(reachOf(layout)) - exponentOf(reach));
    for (const by of [1, shift, shift / 2])
      if (levels.every((level) => levelOf(nearest(level * by)) === level * by))
        return { dtype, storageBits: 8, minOpset: 19, unit: 1 / by };
  }
  return undefined;
}

/** The largest power of two of which all levels are multiples. */
function commonUnit(levels: readonly number[]): number {
  let unit = Number.POSITIVE_INFINITY;
  for (const level of levels) {
    if (level === 0) continue;
    let step = 2 ** exponentOf(Math.abs(level));
    // The lowest bit that is set: what is left when all above it are taken away.
    for (let rest = Math.abs(level) - step; rest > 0; rest -= step) step = 2 ** exponentOf(rest);
    unit = Math.min(unit, step);
  }
  return Number.isFinite(unit) ? unit : 1;
}

/** Scales of the carrier's elements. */
export function carriedScale({ unit }: NumberFormat, scale: Float32Array): Float32Array {
  return unit === 1 ? scale : scale.map((own) => own * unit);
}

/** Elements of the carrier for codes of a format that has one: DequantizeLinear with `unit` · scale gives what they stand for. */
export function carriedElements(format: NumberFormat, codes: ArrayLike<number>): TensorData {
  if (format.kind === 'integer') return codes as TensorData;
  const { decode } = format.coder({ scale: 1, zeroPoint: 0 }, [format.low, format.high]);
  const { dtype, unit, low, high } = format;
  const element = (code: number) =>
    isBitFloat(dtype) ? bitsOfNumber(dtype, decode(code) / unit) : decode(code) / unit;
  const table = Array.from({ length: high - low + 1 }, (_, i) => element(low + i));
  const elements = allocate(dtype, codes.length) as Int8Array;
  for (let i = 0; i < codes.length; i++) elements[i] = table[codes[i]! - low]!;
  return elements;
}
