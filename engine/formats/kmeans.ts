import { poll } from '../progress.ts';
import { floatCarrier } from './carrier.ts';
import type { FormatFamily } from './family.ts';
import { nearestPlace } from './grid.ts';
import { SortedValues } from './sorted-values.ts';

/** Rounds of Lloyd's algorithm; on one axis it settles long before. */
const mostRounds = 300;

/** Centroids of least squared error, by Lloyd's algorithm from equal shares of the values; ascending. */
function centroids(values: Float32Array, count: number): Float32Array {
  const sorted = new SortedValues(values);
  let levels = Float64Array.from({ length: count }, (_, i) => sorted.quantile((i + 0.5) / count));
  for (let round = 0; round < mostRounds; round++) {
    poll();
    const { counts, sums } = sorted.partition(levels);
    // A level that nothing is near to stays where it is.
    const next = levels.map((level, i) => (counts[i] === 0 ? level : sums[i]! / counts[i]!));
    if (next.every((level, i) => level === levels[i])) break;
    levels = next;
  }
  return Float32Array.from(levels);
}

export const kMeansFamily: FormatFamily = {
  name: 'kmeans',
  title: 'K-means codebook',
  description: 'Levels wherever the weights gather: a table for each set of parameters, codes are places in it.',
  source: 'Lloyd 1982; Deep Compression, Han et al. 2016',
  arguments: [{ name: 'bits', description: 'Of a code: the table has 2^bits levels.', min: 1, max: 8, required: true }],
  examples: ['kmeans(2)', 'kmeans(3)', 'kmeans(4)'],
  make(name, { bits }) {
    const width = Number(bits);
    const count = 2 ** width;
    return {
      name,
      title: `${width}-bit codebook`,
      description: `A table of ${count} levels of least squared error.`,
      kind: 'codebook',
      signed: true,
      bits: width,
      low: 0,
      high: count - 1,
      ...floatCarrier,
      activations: false,
      multiplier: { bits: 0, kind: 'look-up' },
      basisLength: count,
      scaleBits: 0,
      source: 'Lloyd 1982; Deep Compression, Han et al. 2016',
      covering: (min, max) => ({
        scale: 1,
        zeroPoint: 0,
        basis: Float32Array.from({ length: count }, (_, i) => min + ((max - min) * (i + 0.5)) / count),
      }),
      fit: (values) => ({ scale: 1, zeroPoint: 0, basis: centroids(values, count) }),
      coder({ basis }) {
        const nearest = nearestPlace(basis!);
        return { encode: (x) => nearest(Number.isNaN(x) ? 0 : x), decode: (code) => basis![code]! };
      },
    };
  },
};
