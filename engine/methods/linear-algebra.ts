import { poll } from '../progress.ts';

/** Dense matrices, row-major in float64, as methods need them. */

/** Symmetric matrix times vector. */
export function product(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  const out = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    const factor = vector[k]!;
    if (factor === 0) continue;
    const row = k * n;
    for (let j = 0; j < n; j++) out[j]! += matrix[row + j]! * factor;
  }
  return out;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Lower triangle L with L·Lᵀ = matrix. A pivot that is not positive becomes `least`. */
export function cholesky(matrix: Float64Array, n: number, least: number): Float64Array {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    poll();
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * n + k]! * lower[j * n + k]!;
      lower[i * n + j] = i === j ? Math.sqrt(Math.max(sum, least)) : sum / lower[j * n + j]!;
    }
  }
  return lower;
}

/** x with L·Lᵀ·x = right, for L of `cholesky`. */
export function solve(lower: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  const x = right.slice();
  for (let i = 0; i < n; i++) {
    let sum = x[i]!;
    for (let k = 0; k < i; k++) sum -= lower[i * n + k]! * x[k]!;
    x[i] = sum / lower[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i]!;
    for (let k = i + 1; k < n; k++) sum -= lower[k * n + i]! * x[k]!;
    x[i] = sum / lower[i * n + i]!;
  }
  return x;
}
