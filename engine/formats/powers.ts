import { exponentOf } from '../numbers.ts';
import type { FormatFamily } from './family.ts';
import type { NumberFormat, Parameters } from './format.ts';
import { gridFormat, powerOfTwo, type Rounding, signMagnitude } from './grid.ts';

const bits = { name: 'bits', description: 'Of an element, with its sign.', required: true } as const;

/** 0 and the powers of two from 2^−(n−2) to 1, n being 2^(bits − 1) codes. */
function powers(width: number): number[] {
  const count = 2 ** (width - 1) - 1;
  return [0, ...Array.from({ length: count }, (_, i) => 2 ** (i + 1 - count))];
}

/** Powers of two with a free scale, the nearest by value. */
export const powerOfTwoFamily: FormatFamily = {
  name: 'pot',
  title: 'Power of two',
  description: 'Zero and powers of two times a free scale: a product is a shift.',
  source: 'METHODS 0.2',
  arguments: [{ ...bits, min: 2, max: 6 }],
  examples: ['pot(3)', 'pot(4)', 'pot(5)'],
  make: (name, { bits: width }) =>
    gridFormat(
      {
        name,
        title: `${width}-bit powers of two`,
        description: `Zero and ± ${2 ** (Number(width) - 1) - 1} neighbouring powers of two, the nearest by value.`,
        bits: Number(width),
        multiplier: { bits: 0, kind: 'shift' },
        source: 'METHODS 0.2',
      },
      signMagnitude(powers(Number(width)), Number(width)),
    ),
};

/**
 * The logarithmic quantiser of METHODS A5: sgn(w)·2^R(log₂|w|) within 2^(bits − 1) − 1 exponents below the largest; only zero
 * becomes zero. The largest exponent is that of the largest magnitude, so the scale is a power of two.
 */
export const logarithmicFamily: FormatFamily = {
  name: 'log',
  title: 'Logarithmic',
  description: 'Powers of two, rounded in the exponent; only zero becomes zero.',
  source: 'METHODS A5, after Nayak et al. 2019',
  arguments: [{ ...bits, min: 2, max: 6 }],
  examples: ['log(3)', 'log(4)'],
  make(name, { bits: width }): NumberFormat {
    const magnitudes = powers(Number(width));
    const grid = signMagnitude(magnitudes, Number(width));
    const last = magnitudes.length - 1;
    const rounding: Rounding = {
      ...grid,
      nearest(x) {
        if (x === 0) return 0;
        const place = last + Math.min(Math.max(roundedLogarithm(Math.abs(x)), 1 - last), 0);
        return x < 0 ? 2 ** (Number(width) - 1) + place : place;
      },
    };
    return gridFormat(
      {
        name,
        title: `${width}-bit logarithmic`,
        description: `Zero and ± ${last} powers of two below the largest magnitude, rounded in the exponent.`,
        bits: Number(width),
        multiplier: { bits: 0, kind: 'shift' },
        source: 'METHODS A5, after Nayak et al. 2019',
        fit(values): Parameters {
          let reach = 0;
          for (let i = 0; i < values.length; i++) reach = Math.max(reach, Math.abs(values[i]!));
          return { scale: reach > 0 ? powerOfTwo(roundedLogarithm(reach)) : 1, zeroPoint: 0 };
        },
      },
      rounding,
    );
  },
};

/** R(log₂ x) without a logarithm: √2 is no float32, so there are no ties. */
function roundedLogarithm(x: number): number {
  if (x === Number.POSITIVE_INFINITY) return 128;
  const exponent = exponentOf(x);
  return x / 2 ** exponent > Math.SQRT2 ? exponent + 1 : exponent;
}

/**
 * Additive powers of two: a magnitude is a sum of terms, each zero or one of three powers; the exponents are dealt to the terms
 * in turn, so that all sums differ. An odd number of magnitude bits has one term of a single power.
 */
function additivePowers(magnitudeBits: number): number[] {
  const terms = Math.floor(magnitudeBits / 2);
  const single = magnitudeBits % 2;
  const choices = Array.from({ length: terms }, (_, term) => [
    0,
    2 ** -(term + 1),
    2 ** -(term + 1 + terms),
    // The single power stands between the second and the third of the others.
    2 ** -(term + 1 + 2 * terms + single),
  ]);
  if (single) choices.push([0, 2 ** -(2 * terms + 1)]);
  const sums = choices.reduce((so, choice) => so.flatMap((sum) => choice.map((power) => sum + power)), [0]);
  return [...new Set(sums)].sort((a, b) => a - b);
}

export const additivePowersFamily: FormatFamily = {
  name: 'apot',
  title: 'Additive powers of two',
  description:
    'Sums of a few powers of two: finer than powers near the ends of the range, and still shifts and additions.',
  source: 'METHODS B7, after Li, Dong and Wang 2020',
  arguments: [{ ...bits, min: 3, max: 7 }],
  examples: ['apot(3)', 'apot(4)', 'apot(5)'],
  make: (name, { bits: width }) =>
    gridFormat(
      {
        name,
        title: `${width}-bit additive powers of two`,
        description: `Sign and ${Number(width) - 1} bits that choose one power of two, or none, for each of ${Math.ceil((Number(width) - 1) / 2)} terms.`,
        bits: Number(width),
        multiplier: { bits: Math.ceil((Number(width) - 1) / 2), kind: 'shift and add' },
        source: 'METHODS B7, after Li, Dong and Wang 2020',
      },
      signMagnitude(additivePowers(Number(width) - 1), Number(width)),
    ),
};
