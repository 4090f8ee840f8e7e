import { exponentOf } from '../numbers.ts';
import type { NumberFormat, Parameters } from './format.ts';
import { gridFormat, powerOfTwo, type Rounding } from './grid.ts';
import { type MinifloatLayout, minifloatRounding, reachOf } from './minifloat-rounding.ts';
import { roundHalfEven } from './rounding.ts';

/** Elements that share an exponent. */
const blockSize = 32;

/**
 * The shared scale of OCP Microscaling Formats 1.0, section 6.3: 2^(⌊log₂ max|x|⌋ − emax), emax being the exponent of the
 * largest element. What then lies beyond the largest element saturates.
 */
function sharedExponent(values: Float32Array, largestExponent: number): Parameters {
  let reach = 0;
  for (let i = 0; i < values.length; i++) reach = Math.max(reach, Math.abs(values[i]!));
  const scale = reach > 0 && Number.isFinite(reach) ? powerOfTwo(exponentOf(reach) - largestExponent) : 1;
  return { scale, zeroPoint: 0 };
}

function blockFormat(
  name: string,
  element: string,
  bits: number,
  rounding: Rounding,
  reach: number,
  multiplier: NumberFormat['multiplier'],
  codes: { readonly low?: number; readonly codes?: number } = {},
): NumberFormat {
  const largestExponent = exponentOf(reach);
  return gridFormat(
    {
      name,
      title: `Microscaling ${name.slice(2).toUpperCase()}`,
      description: `${element} with an exponent of 8 bits for every ${blockSize} weights.`,
      bits,
      multiplier,
      source: 'OCP Microscaling Formats 1.0',
      block: blockSize,
      scaleBits: 8,
      ...codes,
      fit: (values) => sharedExponent(values, largestExponent),
    },
    rounding,
  );
}

function floatBlocks(name: string, element: string, layout: MinifloatLayout): NumberFormat {
  const bits = 1 + layout.exponentBits + layout.mantissaBits;
  return blockFormat(name, `${element} elements`, bits, minifloatRounding(layout), reachOf(layout), {
    bits: layout.mantissaBits + 1,
    kind: 'multiply and shift',
  });
}

const plain = { reserved: 'none', subnormals: true } as const;
const integers: Rounding = {
  // In steps of 1/64; −128 is left out, so that the range is even on both sides.
  nearest: (x) => roundHalfEven(Math.min(127, Math.max(-127, x * 64))),
  level: (code) => code / 64,
};

export const microscaling: readonly NumberFormat[] = [
  floatBlocks('mxfp8-e4m3', 'E4M3', { exponentBits: 4, mantissaBits: 3, bias: 7, reserved: 'nan', subnormals: true }),
  floatBlocks('mxfp8-e5m2', 'E5M2', { exponentBits: 5, mantissaBits: 2, bias: 15, reserved: 'ieee', subnormals: true }),
  floatBlocks('mxfp6-e2m3', 'E2M3', { exponentBits: 2, mantissaBits: 3, bias: 1, ...plain }),
  floatBlocks('mxfp6-e3m2', 'E3M2', { exponentBits: 3, mantissaBits: 2, bias: 3, ...plain }),
  floatBlocks('mxfp4', 'E2M1', { exponentBits: 2, mantissaBits: 1, bias: 1, ...plain }),
  blockFormat(
    'mxint8',
    '8-bit integers',
    8,
    integers,
    127 / 64,
    { bits: 8, kind: 'multiply' },
    { low: -127, codes: 255 },
  ),
];
