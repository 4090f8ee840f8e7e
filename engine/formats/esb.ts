import { usableScale } from './affine.ts';
import type { FormatFamily } from './family.ts';
import { ascending, gridFormat, type Rounding } from './grid.ts';
import { minifloatRounding } from './minifloat-rounding.ts';

/** Exponent bits at most; what is left over goes to the mantissa. */
const mostExponentBits = 4;

/**
 * Scale of least error for N(0, 1), by bits and mantissa bits: the table of the authors' code (METHODS B6), and for four
 * exponent bits, which METHODS does not list, minima of the same error found by search over 2·10⁵ quantiles.
 */
const alignedScale: Readonly<Record<string, number>> = {
  '3,0': 0.5181,
  '4,1': 0.4871,
  '5,2': 0.4828,
  '6,3': 0.4997,
  '7,4': 0.5247,
  '8,5': 0.5527,
  '9,6': 0.5816,
  '4,0': 0.0381,
  '5,1': 0.0391,
  '6,2': 0.0406,
  '7,3': 0.0409,
  '8,4': 0.0412,
  '9,5': 0.0416,
  '5,0': 5.125e-4,
  '6,1': 2.99e-4,
  '7,2': 1.571e-4,
  '8,3': 1.603e-4,
  '9,4': 3.152e-4,
};

/** The same for the linear grid ±½, ±1½, …, by bits; the last by search. */
const alignedStep = [1.5958, 0.9957, 0.586, 0.3352, 0.1881, 0.1041, 0.0569, 0.0308, 0.0164];

/** Grid of ESB(bits, k): a float whose smallest exponent is 0, or a linear one where fewer than two bits are left for exponents. */
function gridOf(
  bits: number,
  k: number,
): { readonly rounding: Rounding; readonly scale: number; readonly significant: number } {
  const exponentBits = Math.min(mostExponentBits, Math.max(1, bits - k));
  const mantissaBits = bits - exponentBits - 1;
  if (exponentBits < 2) {
    const half = 2 ** (bits - 1);
    const levels = Float64Array.from({ length: 2 * half }, (_, i) => i - half + 0.5);
    return { rounding: ascending(levels), scale: alignedStep[bits - 1]!, significant: bits };
  }
  return {
    rounding: minifloatRounding({ exponentBits, mantissaBits, bias: 1, reserved: 'none', subnormals: true }),
    scale: alignedScale[`${bits},${mantissaBits}`]!,
    significant: mantissaBits + 1,
  };
}

/** Elastic significant bits with the distribution difference aligner (METHODS B6). */
export const elasticFamily: FormatFamily = {
  name: 'esb',
  title: 'Elastic significant bits',
  description:
    'Floats of k significant bits whose scale follows from the spread of the values, as if they were Gaussian.',
  source: 'METHODS B6, ESB, Gong et al. 2022',
  arguments: [
    { name: 'bits', description: 'Of an element, with its sign.', min: 2, max: 9, required: true },
    {
      name: 'k',
      description: 'Significant bits, the hidden one among them; k = bits is linear.',
      min: 1,
      max: 9,
      required: true,
    },
  ],
  examples: ['esb(3, 1)', 'esb(4, 2)', 'esb(4, 4)', 'esb(5, 3)', 'esb(6, 3)', 'esb(8, 6)'],
  refuse: ({ bits, k }) => (Number(k) > Number(bits) ? `Of ${bits} bits, ${k} cannot be significant.` : undefined),
  make(name, args) {
    const [bits, k] = [Number(args['bits']), Number(args['k'])];
    const { rounding, scale, significant } = gridOf(bits, k);
    return gridFormat(
      {
        name,
        title: `ESB(${bits}, ${k})`,
        description: `${bits} bits, ${significant} of them significant, scaled by the standard deviation of the values.`,
        bits,
        multiplier: { bits: significant, kind: significant === bits ? 'multiply' : 'multiply and shift' },
        source: 'METHODS B6, ESB, Gong et al. 2022',
        fit: (values) => ({ scale: usableScale(scale * deviation(values)), zeroPoint: 0 }),
      },
      rounding,
    );
  },
};

/** Standard deviation. */
function deviation(values: Float32Array): number {
  const count = Math.max(values.length, 1);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - mean) ** 2;
  return Math.sqrt(squares / count);
}
