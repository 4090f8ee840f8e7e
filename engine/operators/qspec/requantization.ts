import { fail } from '../../findings.ts';
import { channelLayout, forEachRun } from '../../formats/affine.ts';
import type { Attribute, GraphNode } from '../../graph/graph.ts';
import type { Arithmetic } from '../../plan.ts';
import type { ArithmeticKind, Rescale } from '../../quantize/arithmetic/arithmetic.ts';
import { arithmeticNamed } from '../../quantize/arithmetic/registry.ts';
import type { Tensor } from '../../tensor.ts';
import { describe, intAttribute, stringAttribute, tensorAttribute } from '../shared/attributes.ts';

/** 8-bit codes: what the integer operators read and write. */
export type Codes = Int8Array | Uint8Array;
export type CodeType = 'int8' | 'uint8';

/** Codes in which an integer operator leaves its output. */
export interface OutputCodes {
  readonly dtype: CodeType;
  readonly zeroPoint: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The end of every integer multiply-accumulate: rescaling per channel, zero point, clamp. As attributes of a node:
 * `arithmetic`; `multiplier` (float32 for `ort`, int32 otherwise), `shift` and `pre_shift` (int32; fixed point only),
 * each with one element or one per output channel; `y_zero_point`, `low`, `high`; `output` (`int8` or `uint8`).
 */
export interface Requantization {
  readonly kind: ArithmeticKind;
  readonly rescales: readonly Rescale[];
  readonly output: OutputCodes;
}

export function outputCodes(node: GraphNode): OutputCodes {
  const dtype = stringAttribute(node, 'output', 'uint8');
  if (dtype !== 'int8' && dtype !== 'uint8')
    fail('model/attribute', `${describe(node)} writes ${dtype}; integer operators write int8 or uint8.`);
  const [low, high] = dtype === 'int8' ? [-128, 127] : [0, 255];
  return {
    dtype,
    zeroPoint: intAttribute(node, 'y_zero_point', 0),
    low: intAttribute(node, 'low', low),
    high: intAttribute(node, 'high', high),
  };
}

export function arithmeticOf(node: GraphNode): ArithmeticKind {
  return arithmeticNamed(stringAttribute(node, 'arithmetic', 'ort') as Arithmetic);
}

export function requantization(node: GraphNode): Requantization {
  const numbers = (name: string) => tensorAttribute(node, name)?.data as Float32Array | Int32Array | undefined;
  const multipliers = numbers('multiplier') ?? new Float32Array([1]);
  const shifts = numbers('shift');
  const preShifts = numbers('pre_shift');
  const rescales = Array.from(multipliers, (multiplier, i) => ({
    multiplier,
    shift: shifts?.[i] ?? 0,
    preShift: preShifts?.[i] ?? 0,
  }));
  return { kind: arithmeticOf(node), rescales, output: outputCodes(node) };
}

/** The attributes that `requantization` reads back. */
export function requantizationAttributes(
  arithmetic: Arithmetic,
  rescales: readonly Rescale[],
  output: OutputCodes,
): Record<string, Attribute> {
  const int32 = (values: number[]): Attribute => ({
    kind: 'tensor',
    value: { dtype: 'int32', dims: [values.length], data: Int32Array.from(values) },
  });
  const multipliers = rescales.map(({ multiplier }) => multiplier);
  const factors: Record<string, Attribute> =
    arithmetic === 'ort'
      ? {
          multiplier: {
            kind: 'tensor',
            value: { dtype: 'float32', dims: [multipliers.length], data: Float32Array.from(multipliers) },
          },
        }
      : {
          multiplier: int32(multipliers),
          shift: int32(rescales.map(({ shift }) => shift)),
          ...(arithmetic === 'settle' ? { pre_shift: int32(rescales.map(({ preShift }) => preShift)) } : {}),
        };
  return { arithmetic: { kind: 'string', value: arithmetic }, ...factors, ...outputAttributes(output) };
}

export function outputAttributes({ dtype, zeroPoint, low, high }: OutputCodes): Record<string, Attribute> {
  return {
    output: { kind: 'string', value: dtype },
    y_zero_point: { kind: 'int', value: zeroPoint },
    low: { kind: 'int', value: low },
    high: { kind: 'int', value: high },
  };
}

/** Accumulator to code. */
export function requantize(accumulator: number, channel: number, { kind, rescales, output }: Requantization): number {
  const by = rescales.length === 1 ? rescales[0]! : rescales[channel]!;
  return clampCode(kind.apply(accumulator, by), output);
}

/** Adds the zero point and clamps. */
export function clampCode(offset: number, { zeroPoint, low, high }: OutputCodes): number {
  const code = offset + zeroPoint;
  return code < low ? low : code > high ? high : code;
}

export function allocateCodes(dtype: CodeType, count: number): Codes {
  return dtype === 'int8' ? new Int8Array(count) : new Uint8Array(count);
}

/** Codes of an 8-bit tensor. */
export function codesOf(node: GraphNode, tensor: Tensor | undefined, what: string): Codes {
  if (tensor?.dtype !== 'int8' && tensor?.dtype !== 'uint8')
    fail('model/type', `${what} of ${describe(node)} is ${tensor?.dtype ?? 'absent'}, not int8 or uint8.`);
  return tensor.data as Codes;
}

/** Codes with their zero point taken off. */
export function offsets(codes: Codes, zeroPoint: number): Int16Array {
  const out = new Int16Array(codes.length);
  for (let i = 0; i < out.length; i++) out[i] = codes[i]! - zeroPoint;
  return out;
}

/** Weight codes less their zero points (attribute `w_zero_point`, one element or one per output channel). */
export function weightOffsets(node: GraphNode, weight: Tensor | undefined, axis: number): ArrayLike<number> {
  const codes = codesOf(node, weight, 'Weight');
  const zeroPoint = tensorAttribute(node, 'w_zero_point')?.data as Int32Array | undefined;
  if (zeroPoint === undefined) return codes;
  const out = new Int16Array(codes.length);
  const { channels, inner } = channelLayout(weight!.dims, axis);
  forEachRun(codes.length, channels, inner, (channel, from, to) => {
    const zero = zeroPoint.length === 1 ? zeroPoint[0]! : zeroPoint[channel]!;
    for (let i = from; i < to; i++) out[i] = codes[i]! - zero;
  });
  return out;
}
