import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dot, product, symmetricEigen } from '../../../engine/methods/linear-algebra.ts';
import { randomNumbers } from '../passes/graphs.ts';

/** A symmetric matrix of the given rank, with some rows that are zero, and its size. */
const matrices = fc
  .record({ n: fc.integer({ min: 1, max: 24 }), rank: fc.integer({ min: 0, max: 24 }), seed: fc.nat(10_000) })
  .map(({ n, rank, seed }) => {
    const rows = Float64Array.from(randomNumbers(n * rank, seed));
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        for (let k = 0; k < rank; k++) {
          const sign = k % 3 === 0 ? -1 : 1;
          if (i % 5 !== 3 && j % 5 !== 3) matrix[i * n + j]! += sign * rows[i * rank + k]! * rows[j * rank + k]!;
        }
      }
    }
    return { n, matrix };
  });

describe('the product of a symmetric matrix and a vector', () => {
  it('adds up in the order of the rows, to the last bit', () => {
    fc.assert(
      fc.property(matrices, fc.nat(10_000), ({ n, matrix }, seed) => {
        const vector = Float64Array.from(randomNumbers(n, seed), (x, i) => (i % 4 === 1 ? 0 : x));
        expect([...product(matrix, vector)]).toEqual(
          Array.from({ length: n }, (_, i) => dot(matrix.subarray(i * n, (i + 1) * n), vector)),
        );
      }),
    );
  });
});

describe('eigenvectors of a symmetric matrix', () => {
  it('are orthonormal, are only stretched by the matrix, and come from the largest value to the smallest', () => {
    fc.assert(
      fc.property(matrices, ({ n, matrix }) => {
        const { values, vectors } = symmetricEigen(matrix, n);
        const norm = Math.max(1e-9, ...matrix.map(Math.abs)) * n;
        const row = (k: number) => vectors.subarray(k * n, (k + 1) * n);
        for (let k = 0; k < n; k++) {
          if (k > 0) expect(values[k]!).toBeLessThanOrEqual(values[k - 1]!);
          for (let i = 0; i < n; i++) {
            expect(dot(row(k), row(i))).toBeCloseTo(i === k ? 1 : 0, 10);
            const stretched = dot(matrix.subarray(i * n, (i + 1) * n), row(k));
            expect(Math.abs(stretched - values[k]! * row(k)[i]!)).toBeLessThan(1e-11 * norm);
          }
        }
      }),
    );
  });
});
