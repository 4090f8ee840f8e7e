import type { CodeRange } from '../formats/affine.ts';
import type { NumberFormat } from '../formats/format.ts';
import type { ObserverArgument, Scheme } from '../observers/observer.ts';
import type { TensorData } from '../tensor.ts';

/** A weight to be put into codes. */
export interface WeightProblem {
  /** Row-major over `dims`. */
  readonly values: Float32Array;
  readonly dims: readonly number[];
  /** Axis of the output channels for per-channel parameters; absent: one set for the whole tensor. */
  readonly axis?: number;
  readonly format: NumberFormat;
  readonly scheme: Scheme;
  readonly range: CodeRange;
  readonly observer: { readonly name: string; readonly arguments: Readonly<Record<string, number>> };
  /** Scale of a channel must not be below this (the bias would not fit its integer). */
  leastScale(channel: number): number;
}

export interface WeightCodes {
  /** One element, or one per channel. */
  readonly scale: Float32Array;
  readonly zeroPoint: Int32Array;
  readonly codes: TensorData;
}

/** A registry row: what a spec may write after `using`. */
export interface WeightMethod {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Paper, or section of METHODS. */
  readonly source: string;
  readonly arguments: readonly ObserverArgument[];
  quantize(problem: WeightProblem, args: Readonly<Record<string, number>>): WeightCodes;
}
