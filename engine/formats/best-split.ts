import { usableScale } from './affine.ts';
import { floatCarrier } from './carrier.ts';
import type { FormatFamily } from './family.ts';
import type { Parameters } from './format.ts';
import { type Rounding, scaled } from './grid.ts';
import { largestMagnitude, minifloatRounding } from './minifloat-rounding.ts';
import { SortedValues } from './sorted-values.ts';

interface Split {
  readonly exponentBits: number;
  readonly rounding: Rounding;
  /** Finite, ascending, zero once. */
  readonly levels: readonly number[];
}

/** The minifloats of so many bits, from the finest steps to the widest range; all codes are numbers, subnormals among them. */
function splitsOf(bits: number): readonly Split[] {
  return Array.from({ length: Math.min(5, bits - 2) }, (_, i) => {
    const exponentBits = i + 1;
    const mantissaBits = bits - 1 - exponentBits;
    const layout = { exponentBits, mantissaBits, bias: 2 ** i - 1, reserved: 'none', subnormals: true } as const;
    const rounding = minifloatRounding(layout);
    const positive = Array.from({ length: largestMagnitude(layout) }, (_, code) => rounding.level(code + 1));
    return { exponentBits, rounding, levels: [...positive.map((level) => -level).reverse(), 0, ...positive] };
  });
}

/** Scales that are tried: from the one that just holds the largest value down to a twelfth of it, then around the best. */
const coarse = Array.from({ length: 25 }, (_, i) => 0.9 ** i);
const fine = Array.from({ length: 21 }, (_, i) => 1.01 ** (i - 10));

function fitted(values: Float32Array, splits: readonly Split[]): Parameters {
  const sorted = new SortedValues(values);
  const reach = Math.max(Math.abs(sorted.quantile(0)), Math.abs(sorted.quantile(1)));
  let best = { error: Number.POSITIVE_INFINITY, scale: usableScale(0), split: splits[0]! };
  for (const split of splits) {
    const covering = reach / split.levels.at(-1)!;
    let own = { ...best, error: Number.POSITIVE_INFINITY };
    const tryAll = (around: number, factors: readonly number[]) => {
      for (const factor of factors) {
        const scale = usableScale(around * factor);
        const error = sorted.squaredError(split.levels, scale);
        if (error < own.error) own = { error, scale, split };
      }
    };
    tryAll(covering, coarse);
    tryAll(own.scale, fine);
    if (own.error < best.error) best = own;
  }
  return { scale: best.scale, zeroPoint: 0, basis: Float32Array.of(best.split.exponentBits) };
}

/** `best-split(6)`: of each tensor, or of whatever shares a scale, the split that its values are held best in. */
export const bestSplitFamily: FormatFamily = {
  name: 'best-split',
  title: 'Minifloat of the best split',
  description:
    'Minifloat whose bits are split into exponent and mantissa as the values ask for: fine steps or wide range.',
  source: 'METHODS A4',
  arguments: [{ name: 'bits', description: 'Of a code, with the sign.', min: 4, max: 8, required: true }],
  examples: ['best-split(4)', 'best-split(6)', 'best-split(8)'],
  make(name, { bits }) {
    const width = Number(bits);
    const splits = splitsOf(width);
    return {
      name,
      title: `${width}-bit float of the best split`,
      description: `Of ${splits.length} splits of ${width} bits the one of least squared error, with its best scale.`,
      kind: 'codebook',
      signed: true,
      bits: width,
      low: 0,
      high: 2 ** width - 1,
      ...floatCarrier,
      activations: false,
      multiplier: { bits: width - 1, kind: 'multiply and shift' },
      basisLength: 1,
      source: 'METHODS A4',
      covering: (min, max) => fitted(Float32Array.of(min, max), splits),
      fit: (values) => fitted(values, splits),
      coder({ scale, basis }) {
        const split = splits.find(({ exponentBits }) => exponentBits === basis![0])!;
        return scaled(split.rounding, { scale, zeroPoint: 0 });
      },
    };
  },
};
