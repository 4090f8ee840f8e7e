import type { CodeRange } from '../formats/affine.ts';
import type { Blocks } from '../formats/blocks.ts';
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
  /** Other elements that share parameters; given to methods of any format alone. */
  readonly blocks?: Blocks;
  readonly format: NumberFormat;
  readonly scheme: Scheme;
  readonly range: CodeRange;
  /** Kind of scale, by registry name; absent: float32. */
  readonly scale?: string;
  readonly observer: { readonly name: string; readonly arguments: Readonly<Record<string, number>> };
  /** What calibration saw of the node's input; there where the method asks for it. */
  readonly moments?: Moments;
  /** Scale of a channel must not be below this (the bias would not fit its integer). */
  leastScale(channel: number): number;
}

/**
 * First and second moments of the vectors that a node multiplies its weights with: one set per group of a convolution.
 * Element k of a vector meets element k of an output channel's weights, taken in the order of the weight tensor.
 */
export interface Moments {
  readonly length: number;
  readonly groups: number;
  /** Mean vector of a group. */
  mean(group: number): Float64Array;
  /** Covariance matrix of a group, row-major. */
  covariance(group: number): Float64Array;
}

export interface WeightCodes {
  /** One element, or one per channel or block. */
  readonly scale: Float32Array;
  readonly zeroPoint: Int32Array;
  readonly codes: TensorData;
  /** Of codebooks: `basisLength` numbers for each scale. */
  readonly basis?: Float32Array;
  /** To be added to each output channel's bias: takes the mean error of the rounded weights away. */
  readonly biasShift?: Float64Array;
}

/** A registry row: what a spec may write after `using`. */
export interface WeightMethod {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** What it takes in time and memory, in one sentence. */
  readonly cost: string;
  /** Paper, or section of METHODS. */
  readonly source: string;
  readonly arguments: readonly ObserverArgument[];
  /** What calibration has to collect for it. */
  readonly needs?: 'moments';
  /** Takes every format and granularity. Others take integers per tensor or channel, and what they do not take is rounded to nearest. */
  readonly anyFormat?: true;
  quantize(problem: WeightProblem, args: Readonly<Record<string, number>>): WeightCodes;
}
