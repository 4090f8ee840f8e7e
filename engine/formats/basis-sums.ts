import { poll } from '../progress.ts';
import { floatCarrier } from './carrier.ts';
import type { Coder, NumberFormat, Parameters } from './format.ts';
import { nearestPlace } from './grid.ts';
import type { SortedValues } from './sorted-values.ts';

/**
 * Sums of a few numbers with small integers as coefficients, w ≈ Σ cᵢ·vᵢ: what LQ-Nets (METHODS B8) learns, and what binary
 * coding (B12) and dual tensors (A2) fit. Digit i of a code, the lowest first, is the place of cᵢ among the coefficients.
 */

/** What a digit can stand for, ascending. */
export type Coefficients = readonly number[];

export const signs: Coefficients = [-1, 1];
export const bits: Coefficients = [0, 1];

/** Coefficient of `vᵢ`. */
export function coefficient(code: number, i: number, of: Coefficients): number {
  return of[Math.floor(code / of.length ** i) % of.length]!;
}

export function sumOf(basis: ArrayLike<number>, code: number, of: Coefficients): number {
  let sum = 0;
  for (let i = 0; i < basis.length; i++) sum += coefficient(code, i, of) * basis[i]!;
  return sum;
}

/** Codes in the ascending order of their sums, and the sums. */
export function sortedSums(basis: ArrayLike<number>, of: Coefficients): { codes: number[]; sums: number[] } {
  return inOrder(Array.from({ length: of.length ** basis.length }, (_, code) => sumOf(basis, code, of)));
}

function inOrder(sums: ArrayLike<number>): { codes: number[]; sums: number[] } {
  const codes = Array.from(sums, (_, code) => code);
  codes.sort((a, b) => sums[a]! - sums[b]! || a - b);
  return { codes, sums: codes.map((code) => sums[code]!) };
}

/** Added to the diagonal of the normal equations, with as much of the old basis: columns may be equal. */
const ridge = 1e-4;

/**
 * One round: every value to the nearest sum, then the basis of least squares for these codes, (BBᵀ + δI)v = Bx + δv₀ (METHODS
 * B8). Neither half raises the error by more than the ridge does.
 */
export function refined(basis: Float64Array, values: SortedValues, of: Coefficients): Float64Array {
  const size = basis.length;
  const { codes, sums } = sortedSums(basis, of);
  const part = values.partition(sums);
  const matrix = new Float64Array(size * size);
  const right = Float64Array.from(basis, (old) => ridge * old);
  for (const [place, code] of codes.entries()) {
    for (let i = 0; i < size; i++) {
      const own = coefficient(code, i, of);
      right[i]! += own * part.sums[place]!;
      for (let j = 0; j < size; j++) matrix[i * size + j]! += own * coefficient(code, j, of) * part.counts[place]!;
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
export function settled(start: Float64Array, values: SortedValues, of: Coefficients, most: number): Float64Array {
  let basis = start;
  for (let round = 0; round < most; round++) {
    poll();
    const next = refined(basis, values, of);
    if (next.every((value, i) => value === basis[i])) break;
    basis = next;
  }
  return basis;
}

/** Every value to the nearest sum: of two numbers as a runtime computes it, products and sum in float32. */
export function nearestCoder(basis: ArrayLike<number>, of: Coefficients): Coder {
  const product = (code: number, i: number) => Math.fround(coefficient(code, i, of) * basis[i]!);
  const values = Float32Array.from({ length: of.length ** basis.length }, (_, code) =>
    Array.from(basis, (_, i) => product(code, i)).reduce((a, b) => a + b),
  );
  const { codes, sums } = inOrder(values);
  const nearest = nearestPlace(sums);
  return { encode: (x) => codes[nearest(Number.isNaN(x) ? 0 : x)]!, decode: (code) => values[code]! };
}

/** The parts that formats of a basis have in common; of signs and bits the basis has as many numbers as a code bits. */
export function basisFormat(
  own: Pick<NumberFormat, 'name' | 'title' | 'description' | 'source' | 'bits'> & Partial<NumberFormat>,
  of: Coefficients,
  basisOf: (values: Float32Array) => Float64Array,
  coder: (basis: Float32Array) => Coder = (basis) => nearestCoder(basis, of),
): NumberFormat {
  const { basisLength = own.bits } = own;
  const [radix, most] = [of.length, of.at(-1)!];
  const parameters = (basis: ArrayLike<number>): Parameters => ({
    scale: 1,
    zeroPoint: 0,
    basis: Float32Array.from(basis),
  });
  return {
    kind: 'codebook',
    signed: of[0]! < 0,
    low: 0,
    high: radix ** basisLength - 1,
    ...floatCarrier,
    activations: false,
    multiplier: { bits: own.bits, kind: 'look-up' },
    basisLength,
    scaleBits: 0,
    // Steps that grow by the number of coefficients: a uniform grid over the range.
    covering(min, max) {
      const reach = of[0]! < 0 ? Math.max(-min, max) : max;
      const step = (reach * (radix - 1)) / (most * (radix ** basisLength - 1));
      return parameters(Float64Array.from({ length: basisLength }, (_, i) => step * radix ** i));
    },
    fit: (values) => parameters(basisOf(values)),
    coder: ({ basis }) => coder(basis!),
    ...own,
  };
}
