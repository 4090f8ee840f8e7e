import { basisFormat, signs as plusMinus, settled, bits as zeroOne } from './basis-sums.ts';
import type { FormatFamily } from './family.ts';
import { SortedValues } from './sorted-values.ts';

/** Rounds of the alternation (QEM); it settles after some tens. */
const mostRounds = 200;

/** Median magnitude of N(0, 1): what LQ-Nets begins from. */
const medianMagnitude = 0.6745;

/**
 * LQ-Nets' learned basis (METHODS B8): alternates nearest codes and least squares. The start is that of the authors' code with
 * the spread of the values in place of the one that an initialisation would give.
 */
export const learnedBasisFamily: FormatFamily = {
  name: 'lq',
  title: 'Learned basis (LQ-Nets)',
  description:
    'Sums ±v₁ ± v₂ … of a basis learned by alternating codes and least squares: products by XNOR and popcount.',
  source: 'METHODS B8, LQ-Nets, Zhang et al. 2018',
  arguments: [
    { name: 'bits', description: 'Numbers in the basis, and bits of a code.', min: 1, max: 6, required: true },
    {
      name: 'signs',
      description: '1: coefficients −1 and 1. 0: coefficients 0 and 1, for values that are not negative.',
      initial: 1,
      min: 0,
      max: 1,
    },
  ],
  examples: ['lq(1)', 'lq(2)', 'lq(3)', 'lq(2, signs = 0)'],
  make(name, { bits, signs }) {
    const width = Number(bits);
    const coefficients = signs === 0 ? zeroOne : plusMinus;
    return basisFormat(
      {
        name,
        title: `Learned basis of ${width}`,
        description: `Sums of ${width} learned number${width === 1 ? '' : 's'} with coefficients ${signs === 0 ? '0 and 1' : '−1 and 1'}.`,
        bits: width,
        source: 'METHODS B8, LQ-Nets, Zhang et al. 2018',
      },
      coefficients,
      (values) => {
        let squares = 0;
        for (let i = 0; i < values.length; i++) squares += values[i]! * values[i]!;
        const spread = Math.sqrt(squares / Math.max(values.length, 1)) * medianMagnitude;
        const unit = signs === 0 ? (2 * spread) / (2 ** width - 1) : spread / 2 ** (width - 1);
        const start = Float64Array.from({ length: width }, (_, i) => unit * 2 ** i);
        return settled(start, new SortedValues(values), coefficients, mostRounds);
      },
    );
  },
};
