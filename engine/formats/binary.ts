import { usableScale } from './affine.ts';
import type { NumberFormat } from './format.ts';
import { gridFormat } from './grid.ts';

/** Sum of |w| over the values above a magnitude, and their number. */
function absoluteSum(values: Float32Array, above: number): { sum: number; count: number } {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const magnitude = Math.abs(values[i]!);
    if (magnitude <= above) continue;
    sum += magnitude;
    count++;
  }
  return { sum, count };
}

/** ±1 times the mean magnitude, which is the least-squares scale (METHODS B5). */
export const binary: NumberFormat = gridFormat(
  {
    name: 'binary',
    title: 'Binary',
    description: 'A sign times the mean magnitude; zero counts as positive.',
    bits: 1,
    multiplier: { bits: 1, kind: 'sign' },
    source: 'METHODS B5; XNOR-Net, Rastegari et al. 2016',
    fit(values) {
      const { sum } = absoluteSum(values, 0);
      return { scale: usableScale(sum / Math.max(values.length, 1)), zeroPoint: 0 };
    },
  },
  { nearest: (x) => (x >= 0 ? 1 : 0), level: (code) => 2 * code - 1 },
);

/** Part of the mean magnitude below which a weight becomes zero. */
const thresholdFactor = 0.7;

/** −1, 0, 1: zero up to 0.7 of the mean magnitude, the mean of the others beyond. */
export const ternary: NumberFormat = gridFormat(
  {
    name: 'ternary',
    title: 'Ternary',
    description: 'Small weights are zero, the others ± the mean of their magnitudes.',
    bits: 2,
    low: -1,
    codes: 3,
    multiplier: { bits: 1, kind: 'sign' },
    source: 'Ternary Weight Networks, Li and Liu 2016',
    fit(values) {
      const all = absoluteSum(values, 0);
      const limit = (thresholdFactor * all.sum) / Math.max(values.length, 1);
      const large = absoluteSum(values, limit);
      const scale = usableScale(large.sum / Math.max(large.count, 1));
      return { scale, zeroPoint: 0, threshold: limit / scale };
    },
    coder: ({ scale, threshold = 0.5 }) => ({
      encode(x) {
        const steps = Math.fround(x / scale);
        return steps > threshold ? 1 : steps < -threshold ? -1 : 0;
      },
      decode: (code) => Math.fround(code * scale),
    }),
  },
  { nearest: (x) => (x > 0.5 ? 1 : x < -0.5 ? -1 : 0), level: (code) => code },
);
