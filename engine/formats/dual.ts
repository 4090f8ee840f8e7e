import { poll } from '../progress.ts';
import { smallestScale } from './affine.ts';
import { basisFormat, type Coefficients, coefficient, settled, sortedSums } from './basis-sums.ts';
import type { FormatFamily } from './family.ts';
import { integerFormats } from './integers.ts';
import { roundHalfEven } from './rounding.ts';
import { SortedValues } from './sorted-values.ts';

/** Turns of codes and scales in `byTurns`: what they gain is nearly all in the first. */
const mostTurns = 15;
/** Scales tried for one tensor alone. */
const tries = 100;
/** Where the search for both begins: the first scale as so many parts of the one that covers everything, over the second one. */
const parts = 8;
/** The best so many starts are settled, in so many rounds at most. */
const [promising, mostRounds] = [3, 40];

/** ±(2^(b−1) − 1) and what lies between: the integer without the code that has no opposite. */
function coefficientsOf(half: number): Coefficients {
  return Array.from({ length: 2 * half + 1 }, (_, i) => i - half);
}

/**
 * The scales of T ≈ α₁q₁ + α₂q₂ by turns (METHODS A2): T in codes of least error, then what is left of it; from there on the 2 × 2
 * normal equations for the scales, the codes of T − α₂q₂ and those of T − α₁q₁.
 * @param half largest code of both, the smallest is its opposite
 * @returns also the squared error after each turn, which never rises
 */
export function byTurns(
  values: Float32Array,
  half: number,
): { readonly scales: Float64Array; readonly errors: readonly number[] } {
  const scales = new Float64Array(2);
  const codes = [new Float64Array(values.length), new Float64Array(values.length)] as const;
  /** What the other tensor leaves. */
  const left = (own: 0 | 1, k: number) => values[k]! - scales[1 - own]! * codes[1 - own]![k]!;
  const round = (own: 0 | 1) => {
    const step = scales[own]!;
    for (let k = 0; k < values.length && step !== 0; k++)
      codes[own][k] = Math.max(-half, Math.min(half, roundHalfEven(left(own, k) / step)));
  };
  const squaredError = () => {
    let sum = 0;
    for (let k = 0; k < values.length; k++) sum += (left(0, k) - scales[0]! * codes[0][k]!) ** 2;
    return sum;
  };
  for (const own of [0, 1] as const) {
    scales[own] = leastErrorScale(
      values.map((_, k) => left(own, k)),
      half,
    );
    round(own);
  }
  const errors = [squaredError()];
  for (let turn = 0; turn < mostTurns; turn++) {
    poll();
    if (!solve(values, codes, scales)) break;
    round(0);
    round(1);
    errors.push(squaredError());
  }
  return { scales, errors };
}

/** The scale of least error of one tensor; 0 for one of zeros. */
function leastErrorScale(values: Float32Array, half: number): number {
  const reach = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const sorted = new SortedValues(values);
  const levels = [...coefficientsOf(half)];
  let best = { scale: 0, error: Number.POSITIVE_INFINITY };
  for (let i = 1; i <= tries && reach > 0; i++) {
    const scale = (reach * i) / tries / half;
    const error = sorted.squaredError(levels, scale);
    if (error < best.error) best = { scale, error };
  }
  return best.scale;
}

/** The scales of least squares for the codes; false where these do not determine both. */
function solve(values: Float32Array, [a, b]: readonly [Float64Array, Float64Array], scales: Float64Array): boolean {
  let [aa, ab, bb, av, bv] = [0, 0, 0, 0, 0];
  for (let k = 0; k < values.length; k++) {
    aa += a[k]! * a[k]!;
    ab += a[k]! * b[k]!;
    bb += b[k]! * b[k]!;
    av += a[k]! * values[k]!;
    bv += b[k]! * values[k]!;
  }
  const determinant = aa * bb - ab * ab;
  if (!(determinant > 0)) return false;
  scales.set([(av * bb - bv * ab) / determinant, (bv * aa - av * ab) / determinant]);
  return true;
}

/**
 * Scales at which the nearest sums are close to the values: those of `byTurns` and a grid of others, the best of them settled by
 * turns of the nearest of all sums and the normal equations. The larger first; a Gaussian in two 4-bit tensors has 40 dB so,
 * and 31 dB where each tensor is rounded by itself.
 */
function scalesOf(values: Float32Array, half: number): Float64Array {
  const coefficients = coefficientsOf(half);
  const reach = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const sorted = new SortedValues(values);
  const errorOf = (basis: Float64Array) => sorted.squaredError(sortedSums(basis, coefficients).sums, 1);
  // Ratios from sums that overlap much, for heavy tails, to those of a uniform grid.
  const starts = [2, half + 0.5, 2 * half + 1].flatMap((ratio) =>
    Array.from({ length: parts }, (_, i) => {
      const first = (reach * (i + 1)) / parts / (half + half / ratio);
      return Float64Array.of(first, first / ratio);
    }),
  );
  const ranked = [byTurns(values, half).scales, ...starts]
    .map((basis) => ({ basis, error: errorOf(basis) }))
    .sort((a, b) => a.error - b.error);
  const best = ranked
    .slice(0, promising)
    .map(({ basis }) => settled(basis, sorted, coefficients, mostRounds))
    .map((basis) => ({ basis, error: errorOf(basis) }))
    .reduce((a, b) => (b.error < a.error ? b : a), ranked[0]!).basis;
  // Codes are as many on either side: a scale's sign is theirs.
  return best.map((scale) => Math.max(Math.abs(scale), smallestScale)).sort((a, b) => b - a);
}

/** OMSE's dual tensors (METHODS A2): two narrow integers in place of a wide one, for the layers that need it. */
export const dualFamily: FormatFamily = {
  name: 'dual',
  title: 'Dual tensors (OMSE)',
  description:
    'A sum of two tensors of one integer format, each with a scale of its own: two narrow products a weight.',
  source: 'METHODS A2, Choukroun et al. 2019',
  arguments: [
    {
      name: 'format',
      description: 'Integer format of both tensors, `int2` to `int5`; its smallest code is left out.',
      pattern: /^int[2-5]$/,
    },
  ],
  examples: ['dual(int2)', 'dual(int3)', 'dual(int4)'],
  make(name, { format }) {
    const own = integerFormats.find((integer) => integer.name === format)!;
    const coefficients = coefficientsOf(own.high);
    return basisFormat(
      {
        name,
        title: `Two tensors of ${own.name}`,
        description: `The sum of two tensors of ${own.name}, codes −${own.high} … ${own.high}, with a scale each.`,
        source: 'METHODS A2, Choukroun et al. 2019',
        bits: 2 * own.bits,
        storageBits: 2 * own.storageBits,
        minOpset: own.minOpset,
        basisLength: 2,
        multiplier: { ...own.multiplier, products: 2 },
        sum: {
          format: own,
          count: 2,
          range: [-own.high, own.high],
          codeOf: (code, i) => coefficient(code, i, coefficients),
        },
      },
      coefficients,
      (values) => scalesOf(values, own.high),
    );
  },
};
