import { poll } from '../progress.ts';
import { floatCarrier } from './carrier.ts';
import type { Coder, NumberFormat, Parameters } from './format.ts';
import { nearestPlace } from './grid.ts';
import type { SortedValues } from './sorted-values.ts';

/**
 * Sums of a few numbers with binary coefficients, w ≈ Σ bᵢ·vᵢ: what LQ-Nets (METHODS B8) learns and binary coding (B12)
 * fits. Bit i of a code is the coefficient of vᵢ.
 */

/** What a bit stands for: −1 and 1, or 0 and 1. */
export type Coefficients = 'signs' | 'bits';

function coefficient(code: number, i: number, kind: Coefficients): number {
  const bit = (code >>> i) & 1;
  return kind === 'signs' ? 2 * bit - 1 : bit;
}

export function sumOf(basis: ArrayLike<number>, code: number, kind: Coefficients): number {
  let sum = 0;
  for (let i = 0; i < basis.length; i++) sum += coefficient(code, i, kind) * basis[i]!;
  return sum;
}

/** Codes in the ascending order of their sums, and the sums. */
export function sortedSums(basis: ArrayLike<number>, kind: Coefficients): { codes: number[]; sums: number[] } {
  const codes = Array.from({ length: 2 ** basis.length }, (_, code) => code);
  const sums = codes.map((code) => sumOf(basis, code, kind));
  codes.sort((a, b) => sums[a]! - sums[b]! || a - b);
  return { codes, sums: codes.map((code) => sums[code]!) };
}

/** Added to the diagonal of the normal equations, with as much of the old basis: columns may be equal. */
const ridge = 1e-4;

/**
 * One round: every value to the nearest sum, then the basis of least squares for these codes, (BBᵀ + δI)v = Bx + δv₀ (METHODS
 * B8). Neither half raises the error by more than the ridge does.
 */
export function refined(basis: Float64Array, values: SortedValues, kind: Coefficients): Float64Array {
  const size = basis.length;
  const { codes, sums } = sortedSums(basis, kind);
  const part = values.partition(sums);
  const matrix = new Float64Array(size * size);
  const right = Float64Array.from(basis, (old) => ridge * old);
  for (const [place, code] of codes.entries()) {
    for (let i = 0; i < size; i++) {
      const own = coefficient(code, i, kind);
      right[i]! += own * part.sums[place]!;
      for (let j = 0; j < size; j++) matrix[i * size + j]! += own * coefficient(code, j, kind) * part.counts[place]!;
    }
  }
  for (let i = 0; i < size; i++) matrix[i * size + i]! += ridge;
  return solve(matrix, right);
}

/** Gaussian elimination without pivoting: the matrix is symmetric and positive definite. Overwrites both. */
function solve(matrix: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  for (let k = 0; k < n; k++) {
    for (let i = k + 1; i < n; i++) {
      const factor = matrix[i * n + k]! / matrix[k * n + k]!;
      for (let j = k; j < n; j++) matrix[i * n + j]! -= factor * matrix[k * n + j]!;
      right[i]! -= factor * right[k]!;
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    for (let j = k + 1; j < n; j++) right[k]! -= matrix[k * n + j]! * right[j]!;
    right[k]! /= matrix[k * n + k]!;
  }
  return right;
}

/** Rounds until the basis stands still, `most` at most. */
export function settled(start: Float64Array, values: SortedValues, kind: Coefficients, most: number): Float64Array {
  let basis = start;
  for (let round = 0; round < most; round++) {
    poll();
    const next = refined(basis, values, kind);
    if (next.every((value, i) => value === basis[i])) break;
    basis = next;
  }
  return basis;
}

/** Every value to the nearest sum. */
export function nearestCoder(basis: ArrayLike<number>, kind: Coefficients): Coder {
  const { codes, sums } = sortedSums(basis, kind);
  const nearest = nearestPlace(sums);
  const values = Float32Array.from({ length: codes.length }, (_, code) => sumOf(basis, code, kind));
  return { encode: (x) => codes[nearest(Number.isNaN(x) ? 0 : x)]!, decode: (code) => values[code]! };
}

/** The parts that formats of a binary basis have in common. */
export function basisFormat(
  own: Pick<NumberFormat, 'name' | 'title' | 'description' | 'source'> & { readonly bits: number },
  kind: Coefficients,
  basisOf: (values: Float32Array) => Float64Array,
  coder: (basis: Float32Array) => Coder = (basis) => nearestCoder(basis, kind),
): NumberFormat {
  const parameters = (basis: ArrayLike<number>): Parameters => ({
    scale: 1,
    zeroPoint: 0,
    basis: Float32Array.from(basis),
  });
  return {
    ...own,
    kind: 'codebook',
    signed: kind === 'signs',
    low: 0,
    high: 2 ** own.bits - 1,
    ...floatCarrier,
    activations: false,
    multiplier: { bits: own.bits, kind: 'look-up' },
    basisLength: own.bits,
    scaleBits: 0,
    // Doubling steps: a uniform grid over the range.
    covering(min, max) {
      const reach = kind === 'signs' ? Math.max(-min, max) : max;
      return parameters(Float64Array.from({ length: own.bits }, (_, i) => (reach * 2 ** i) / (2 ** own.bits - 1)));
    },
    fit: (values) => parameters(basisOf(values)),
    coder: ({ basis }) => coder(basis!),
  };
}
