import { bitsOfNumber, exponentOf, numberOfBits } from '../numbers.ts';
import { type CodeRange, smallestScale } from './affine.ts';
import type { NumberFormat, Parameters } from './format.ts';
import { powerOfTwo } from './grid.ts';
import { roundHalfEven } from './rounding.ts';

/** A number format for scales. */
export interface ScaleKind {
  /** What a spec writes. */
  readonly name: string;
  readonly description: string;
  /** Bits of a stored scale. */
  readonly bits: number;
  /** Scales of one tensor in the format; no smaller than they are where clipping would follow. */
  round(scales: Float32Array): Float32Array;
}

/** Words for the number format of scales; the first is the default. */
export const scaleKinds: readonly ScaleKind[] = [
  { name: 'float-scale', description: 'Scales are float32.', bits: 32, round: (scales) => scales },
  {
    name: 'power-of-two-scale',
    description: 'Scales are powers of two, rounded up: rescaling is a shift.',
    bits: 8,
    round: (scales) => scales.map((scale) => powerOfTwo(exponentOf(scale) + (scale > 2 ** exponentOf(scale) ? 1 : 0))),
  },
  {
    name: 'bfloat16-scale',
    description: 'Scales are bfloat16.',
    bits: 16,
    round: (scales) => scales.map((scale) => roundedUp(scale)),
  },
  {
    name: 'float8-scale',
    description: 'Scales are float8e4m3fn times one float32 scale of the tensor.',
    bits: 8,
    round(scales) {
      const largest = scales.reduce((most, scale) => Math.max(most, scale), 0);
      const whole = Math.fround(largest / 448);
      return scales.map((scale) => Math.max(Math.fround(whole * smallFloatUp(scale / whole)), smallestScale));
    },
  },
];

export const defaultScale = scaleKinds[0]!.name;

function scaleKindNamed(name: string = defaultScale): ScaleKind {
  return scaleKinds.find((kind) => kind.name === name) ?? scaleKinds[0]!;
}

/** Bits of a stored scale: the format's own, or those of the kind. */
export function scaleBitsOf(format: NumberFormat, kind?: string): number {
  return format.scaleBits ?? scaleKindNamed(kind).bits;
}

/** Parameters of one tensor with scales that the kind can hold; a zero point follows its scale, so that the range stays covered. */
export function withScales(
  parameters: readonly Parameters[],
  kind: string | undefined,
  [low, high]: CodeRange,
): Parameters[] {
  const scales = scaleKindNamed(kind).round(Float32Array.from(parameters, ({ scale }) => scale));
  return parameters.map((own, i) => {
    const scale = scales[i]!;
    if (scale === own.scale || own.zeroPoint === 0) return { ...own, scale };
    const from = (low - own.zeroPoint) * own.scale;
    return { ...own, scale, zeroPoint: Math.min(high, Math.max(low, roundHalfEven(low - from / scale))) };
  });
}

/** The smallest bfloat16 that is no less: the next pattern, where rounding went down. */
function roundedUp(scale: number): number {
  const bits = bitsOfNumber('bfloat16', scale);
  const rounded = numberOfBits('bfloat16', bits);
  return rounded >= scale ? rounded : numberOfBits('bfloat16', bits + 1);
}

/** The smallest float8e4m3fn that is no less; up to 448. */
function smallFloatUp(value: number): number {
  const bits = bitsOfNumber('float8e4m3fn', value);
  const rounded = numberOfBits('float8e4m3fn', bits);
  return rounded >= value || bits === 0x7e ? rounded : numberOfBits('float8e4m3fn', bits + 1);
}
