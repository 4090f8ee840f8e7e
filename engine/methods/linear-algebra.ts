import { poll } from '../progress.ts';

/** Dense matrices, row-major in float64, as methods need them. */

/** Symmetric matrix times vector. */
export function product(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  const out = new Float64Array(n);
  // Four rows at a time, added in the order of one by one: half the time, which goes into reading and writing the sums.
  const whole = n - (n % 4);
  for (let k = 0; k < whole; k += 4) {
    const [f0, f1, f2, f3] = [vector[k]!, vector[k + 1]!, vector[k + 2]!, vector[k + 3]!];
    const [r0, r1, r2, r3] = [k * n, (k + 1) * n, (k + 2) * n, (k + 3) * n];
    for (let j = 0; j < n; j++)
      out[j] = out[j]! + matrix[r0 + j]! * f0 + matrix[r1 + j]! * f1 + matrix[r2 + j]! * f2 + matrix[r3 + j]! * f3;
  }
  for (let k = whole; k < n; k++) {
    const factor = vector[k]!;
    for (let j = 0; j < n; j++) out[j]! += matrix[k * n + j]! * factor;
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
  const lower = matrix.slice();
  choleskyInPlace(lower, n, least);
  return lower;
}

/** Likewise, written over the matrix; what stands above the diagonal is left. */
export function choleskyInPlace(lower: Float64Array, n: number, least: number): void {
  for (let i = 0; i < n; i++) {
    poll();
    const row = i * n;
    // Four sums side by side, each in the order of one alone: a sum by itself waits for every addition.
    const whole = i - (i % 4);
    for (let j = 0; j < whole; j += 4) {
      const [r0, r1, r2, r3] = [j * n, (j + 1) * n, (j + 2) * n, (j + 3) * n];
      let [s0, s1, s2, s3] = [lower[row + j]!, lower[row + j + 1]!, lower[row + j + 2]!, lower[row + j + 3]!];
      for (let k = 0; k < j; k++) {
        const own = lower[row + k]!;
        s0 -= own * lower[r0 + k]!;
        s1 -= own * lower[r1 + k]!;
        s2 -= own * lower[r2 + k]!;
        s3 -= own * lower[r3 + k]!;
      }
      const l0 = s0 / lower[r0 + j]!;
      const l1 = (s1 - l0 * lower[r1 + j]!) / lower[r1 + j + 1]!;
      const l2 = (s2 - l0 * lower[r2 + j]! - l1 * lower[r2 + j + 1]!) / lower[r2 + j + 2]!;
      const l3 = (s3 - l0 * lower[r3 + j]! - l1 * lower[r3 + j + 1]! - l2 * lower[r3 + j + 2]!) / lower[r3 + j + 3]!;
      lower[row + j] = l0;
      lower[row + j + 1] = l1;
      lower[row + j + 2] = l2;
      lower[row + j + 3] = l3;
    }
    for (let j = whole; j <= i; j++) {
      let sum = lower[row + j]!;
      for (let k = 0; k < j; k++) sum -= lower[row + k]! * lower[j * n + k]!;
      lower[row + j] = i === j ? Math.sqrt(Math.max(sum, least)) : sum / lower[j * n + j]!;
    }
  }
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

export interface Eigen {
  /** From the largest to the smallest. */
  readonly values: Float64Array;
  /** n × n; row k is the vector of value k, of length 1. */
  readonly vectors: Float64Array;
}

/**
 * Eigenvalues and -vectors of a symmetric matrix: Householder's reduction to three diagonals, then QL steps with implicit shifts
 * (Golub and Van Loan, Matrix Computations, 4th ed., section 8.3). O(n³), the same bytes on every machine.
 */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  const { diagonal, beside, basis } = tridiagonal(matrix, n);
  diagonalise(diagonal, beside, basis, n);
  const order = Array.from(diagonal.keys()).sort((a, b) => diagonal[b]! - diagonal[a]! || a - b);
  const vectors = new Float64Array(n * n);
  for (const [to, from] of order.entries()) vectors.set(basis.subarray(from * n, (from + 1) * n), to * n);
  return { values: Float64Array.from(order, (k) => diagonal[k]!), vectors };
}

/** Qᵀ·matrix·Q with three diagonals; row k of `basis` is column k of Q. `beside[k]` stands between k and k + 1. */
function tridiagonal(matrix: Float64Array, n: number) {
  const a = matrix.slice();
  const beside = new Float64Array(n);
  const reflections: { readonly from: number; readonly vector: Float64Array; readonly factor: number }[] = [];
  for (let k = 0; k + 1 < n; k++) {
    poll();
    const from = k + 1;
    const vector = new Float64Array(n - from);
    for (let i = from; i < n; i++) vector[i - from] = a[i * n + k]!;
    const first = vector[0]!;
    const tail = dot(vector, vector) - first * first;
    if (!(tail > 0)) {
      beside[k] = first;
      continue;
    }
    const length = first > 0 ? -Math.sqrt(first * first + tail) : Math.sqrt(first * first + tail);
    beside[k] = length;
    vector[0] = first - length;
    const factor = 2 / dot(vector, vector);
    reflections.push({ from, vector, factor });
    // Both sides at once: a −= v·wᵀ + w·vᵀ.
    const w = new Float64Array(n - from);
    for (let i = from; i < n; i++) w[i - from] = factor * dot(a.subarray(i * n + from, (i + 1) * n), vector);
    const half = (factor / 2) * dot(w, vector);
    for (let i = 0; i < w.length; i++) w[i]! -= half * vector[i]!;
    for (let i = from; i < n; i++) {
      const [vi, wi] = [vector[i - from]!, w[i - from]!];
      const row = i * n + from;
      for (let j = 0; j < w.length; j++) a[row + j]! -= vi * w[j]! + wi * vector[j]!;
    }
  }
  const basis = new Float64Array(n * n);
  for (let i = 0; i < n; i++) basis[i * n + i] = 1;
  for (const { from, vector, factor } of reflections.reverse()) {
    poll();
    for (let i = from; i < n; i++) {
      const row = basis.subarray(i * n + from, (i + 1) * n);
      const along = factor * dot(vector, row);
      for (let j = 0; j < row.length; j++) row[j]! -= along * vector[j]!;
    }
  }
  return { diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i]!), beside, basis };
}

/** Turns the three diagonals into one, by rotations that rows of `basis` follow. */
function diagonalise(diagonal: Float64Array, beside: Float64Array, basis: Float64Array, n: number): void {
  const isSmall = (k: number) => {
    const around = Math.abs(diagonal[k]!) + Math.abs(diagonal[k + 1]!);
    return Math.abs(beside[k]!) + around === around;
  };
  for (let top = 0; top < n; top++) {
    for (;;) {
      poll();
      let bottom = top;
      while (bottom + 1 < n && !isSmall(bottom)) bottom++;
      if (bottom === top) break;
      step(diagonal, beside, basis, n, top, bottom);
    }
  }
}

/** One QL step on the rows from `top` to `bottom`, with Wilkinson's shift. */
function step(
  diagonal: Float64Array,
  beside: Float64Array,
  basis: Float64Array,
  n: number,
  top: number,
  bottom: number,
): void {
  const gap = (diagonal[top + 1]! - diagonal[top]!) / (2 * beside[top]!);
  const root = Math.sqrt(gap * gap + 1);
  let chased = diagonal[bottom]! - diagonal[top]! + beside[top]! / (gap + (gap < 0 ? -root : root));
  let [sine, cosine, shift] = [1, 1, 0];
  for (let k = bottom - 1; k >= top; k--) {
    const off = sine * beside[k]!;
    const rest = cosine * beside[k]!;
    const length = Math.sqrt(off * off + chased * chased);
    beside[k + 1] = length;
    if (length === 0) {
      diagonal[k + 1]! -= shift;
      beside[bottom] = 0;
      return;
    }
    sine = off / length;
    cosine = chased / length;
    const moved = diagonal[k + 1]! - shift;
    const turned = (diagonal[k]! - moved) * sine + 2 * cosine * rest;
    shift = sine * turned;
    diagonal[k + 1] = moved + shift;
    chased = cosine * turned - rest;
    for (let j = 0; j < n; j++) {
      const lower = basis[(k + 1) * n + j]!;
      const upper = basis[k * n + j]!;
      basis[(k + 1) * n + j] = sine * upper + cosine * lower;
      basis[k * n + j] = cosine * upper - sine * lower;
    }
  }
  diagonal[top]! -= shift;
  beside[top] = chased;
  beside[bottom] = 0;
}
