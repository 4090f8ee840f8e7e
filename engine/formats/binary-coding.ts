import { basisFormat, settled, signs, sumOf } from './basis-sums.ts';
import type { FormatFamily } from './family.ts';
import type { Coder } from './format.ts';
import { SortedValues } from './sorted-values.ts';

/** Greedy fit: αᵢ = mean|r|, r −= αᵢ·sgn(r). */
function greedy(values: Float32Array, width: number): Float64Array {
  const rest = Float64Array.from(values);
  return Float64Array.from({ length: width }, () => {
    let sum = 0;
    for (let i = 0; i < rest.length; i++) sum += Math.abs(rest[i]!);
    const alpha = sum / Math.max(rest.length, 1);
    for (let i = 0; i < rest.length; i++) rest[i]! -= rest[i]! >= 0 ? alpha : -alpha;
    return alpha;
  });
}

/** Codes by the signs of what is left, largest first: not always the nearest sum. */
function greedyCoder(basis: Float32Array): Coder {
  const values = Float32Array.from({ length: 2 ** basis.length }, (_, code) => sumOf(basis, code, signs));
  return {
    encode(x) {
      let rest = Number.isNaN(x) ? 0 : x;
      let code = 0;
      for (let i = 0; i < basis.length; i++) {
        if (rest >= 0) code |= 1 << i;
        rest -= rest >= 0 ? basis[i]! : -basis[i]!;
      }
      return code;
    },
    decode: (code) => values[code]!,
  };
}

/** Binary coding as in nuQmm and LUT-GEMM (METHODS B12): greedy, then alternating refinement. */
export const binaryCodingFamily: FormatFamily = {
  name: 'bcq',
  title: 'Binary coding',
  description: 'A sum of sign matrices with scales of their own: products are sums looked up in tables.',
  source: 'METHODS B12, nuQmm and LUT-GEMM, Park et al. 2022',
  arguments: [
    { name: 'bits', description: 'Sign matrices, and bits of a code.', min: 1, max: 6, required: true },
    {
      name: 'rounds',
      description: 'Rounds of alternating refinement after the greedy fit.',
      initial: 15,
      min: 0,
      max: 1000,
    },
  ],
  examples: ['bcq(1)', 'bcq(2)', 'bcq(3)', 'bcq(4)', 'bcq(3, rounds = 0)'],
  make(name, { bits, rounds = 15 }) {
    const width = Number(bits);
    return basisFormat(
      {
        name,
        title: `Binary coding with ${width} matri${width === 1 ? 'x' : 'ces'}`,
        description: `${width} sign${width === 1 ? '' : 's'} with scales: greedy${rounds === 0 ? '' : `, then ${rounds} rounds of refinement`}.`,
        bits: width,
        source: 'METHODS B12, nuQmm and LUT-GEMM, Park et al. 2022',
      },
      signs,
      (values) => {
        const start = greedy(values, width);
        return rounds === 0 ? start : settled(start, new SortedValues(values), signs, Number(rounds));
      },
      ...(rounds === 0 ? [greedyCoder] : []),
    );
  },
};
