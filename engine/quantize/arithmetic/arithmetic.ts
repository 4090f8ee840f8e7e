import type { Arithmetic } from '../../plan.ts';

/** Of runtimes that add up in int32: biases take half of it at most. */
export const int32Accumulator = { bits: 32, products: 2 ** 30 - 1 } as const;

/** Constants by which one channel's accumulator is rescaled; which of them are used is the arithmetic's affair. */
export interface Rescale {
  /** A float32 factor (`ort`) or the significand of a fixed-point one. */
  readonly multiplier: number;
  readonly shift: number;
  /** Right shift before the product (`settle` only). */
  readonly preShift: number;
}

/**
 * How an integer accumulator becomes a code of another scale: the one place where the arithmetics of runtimes differ.
 * Zero point and clamp are the same for all and are applied by the caller.
 */
export interface ArithmeticKind {
  readonly name: Arithmetic;
  readonly title: string;
  readonly description: string;
  /** Bits of the accumulator, and the largest sum of products that leaves room in it for a bias (`biasLimit`). */
  readonly accumulator: { readonly bits: number; readonly products: number };
  /** Constants for the real factor `a·b / c`, where a, b and c are float32 scales. */
  rescale(a: number, b: number, c: number): Rescale;
  /** Nearest code (before the zero point) to int32 `accumulator` × factor, rounded the arithmetic's way, not clamped. */
  apply(accumulator: number, by: Rescale): number;
  /**
   * Sum of two codes (zero points taken off) in the output's scale: what Add computes.
   * `a` and `b` lie within ±2¹⁶.
   */
  add(scales: AddScales): (a: number, b: number) => number;
  /**
   * The same sum as kernels compute it: `a(code) + b(code)`, both int32, rescaled by `apply`. Absent where the sum is
   * taken in float32.
   */
  addTerms?(scales: AddScales): AddTerms;
}

export interface AddTerms {
  readonly a: (code: number) => number;
  readonly b: (code: number) => number;
  readonly rescale: Rescale;
}

export interface AddScales {
  readonly a: number;
  readonly b: number;
  readonly output: number;
}
