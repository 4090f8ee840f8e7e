import type { CodeRange, codeArray } from '../formats/affine.ts';
import type { Blocks } from '../formats/blocks.ts';
import type { NumberFormat } from '../formats/format.ts';
import type { ObserverArgument, Scheme } from '../observers/observer.ts';
import type { Rescaling } from '../rescaling/rescaling.ts';

/** A weight to be put into codes. */
export interface WeightProblem {
  /** Row-major over `dims`. */
  readonly values: Float32Array;
  readonly dims: readonly number[];
  /** Axis of the output channels for per-channel parameters; absent: one set for the whole tensor. */
  readonly axis?: number;
  /** Axis of the output channels, whatever shares parameters. */
  readonly outputAxis: number;
  /** Other elements that share parameters; given to methods of any format or granularity alone. */
  readonly blocks?: Blocks;
  readonly format: NumberFormat;
  readonly scheme: Scheme;
  readonly range: CodeRange;
  /** Kind of scale, by registry name; absent: float32. */
  readonly scale?: string;
  readonly observer: { readonly name: string; readonly arguments: Readonly<Record<string, number>> };
  /** What calibration saw of the node's input; there where the method asks for it. */
  readonly moments?: Moments;
  /** Mean of each element of the input vectors of a group, as far as normalisations before the layer tell; for methods without data. */
  readonly means?: InputMeans;
  /** The layer's inputs behind the compressed layers before it and its float outputs; there where the method asks for it. */
  readonly samples?: LayerSamples;
  /** Scale of a channel must not be below this (the bias would not fit its integer). */
  leastScale(channel: number): number;
}

/** What is known of the mean of the vectors that a node multiplies its weights with. */
export interface InputMeans {
  readonly groups: number;
  /** Mean vector of a group. */
  mean(group: number): Float64Array;
}

/**
 * First and second moments of the vectors that a node multiplies its weights with: one set per group of a convolution.
 * Element k of a vector meets element k of an output channel's weights, taken in the order of the weight tensor. Where the layer
 * has no bias to take up a mean error, they are moments about zero.
 */
export interface Moments extends InputMeans {
  readonly length: number;
  /** Mean products of differences from the mean, or from zero, row-major. */
  covariance(group: number): Float64Array;
}

/**
 * A layer's input vectors as the compressed layers before it leave them, beside its float outputs at the same places.
 * Rows of all groups stand for the same places.
 */
export interface LayerSamples {
  readonly rows: number;
  /** Whether the layer adds a bias, which can take up a mean error. */
  readonly takesBias: boolean;
  /** Elements of a vector, in the order of an output channel's weights. */
  readonly length: number;
  readonly groups: number;
  /** rows × length, row-major. */
  inputs(group: number): Float32Array;
  /** What the float model's layer answers, bias included, before its activation: one element a row. */
  targets(channel: number): Float32Array;
  /** Bounds of the activation behind the layer: differences beyond do not matter. */
  readonly clamp?: { readonly min: number; readonly max: number };
  /**
   * What the model's outputs feel of differences in the layer's: mean products of the slopes along its output channels, outputs × outputs,
   * row-major. There where the method asks for it and gradients reach the layer.
   */
  readonly outputCurvature?: Float64Array;
}

export interface WeightCodes {
  /** One element, or one per channel or block. */
  readonly scale: Float32Array;
  readonly zeroPoint: Int32Array;
  readonly codes: ReturnType<typeof codeArray>;
  /** Of codebooks: `basisLength` numbers for each scale. */
  readonly basis?: Float32Array;
  /** To be added to each output channel's bias: takes the mean error of the rounded weights away. */
  readonly biasShift?: Float64Array;
  /** The whole bias of each output channel, in place of the given one. */
  readonly bias?: Float64Array;
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
  /**
   * What has to be collected for it. `moments`: of the float model, in one pass with the ranges. `samples`: layer by layer,
   * each behind the compressed layers before it. Without, codes of integers are those nearest at the parameters.
   */
  readonly needs?: 'moments' | 'samples';
  /** Factors by which the input channels of the layers are scaled before anything else is measured. */
  readonly rescaling?: Rescaling;
  /** Layers are equalised and high biases absorbed before anything else, and `means` given, all without data. */
  readonly dataFree?: true;
  /** Needs a scale for each channel although it takes every format. */
  readonly perChannel?: true;
  /** Layers of a block go on to learn together (`engine/quantize/learn-stretch.ts`), by the arguments `steps`, `depth` and `seed`. */
  readonly together?: true;
  /** Narrow weights are given the curvature of the model's outputs, worked out by the argument `seed` (`engine/quantize/output-curvature.ts`). */
  readonly needsCurvature?: true;
  /** Takes every format and granularity. Others take integers per tensor or channel, and what they do not take is rounded to nearest. */
  readonly anyFormat?: true;
  /** Takes integers of every granularity, with scales of every kind; others have scales of float32. */
  readonly anyGranularity?: true;
  /** Takes sums of tensors beside integers. */
  readonly sums?: true;
  quantize(problem: WeightProblem, args: Readonly<Record<string, number>>): WeightCodes;
}

/** Whether a method asks anything of calibration data. */
export function seesData({ needs, rescaling }: WeightMethod): boolean {
  return needs !== undefined || rescaling !== undefined;
}

/** Of methods that need curvature, read by `engine/quantize/reconstruct.ts`. */
export const curvatureSeedArgument: ObserverArgument = {
  name: 'seed',
  description: 'Of the signs by which curvature is estimated.',
  initial: 0,
  min: 0,
  max: 2 ** 32 - 1,
};

/** Read by `engine/quantize/equalize.ts` before anything else is measured. */
export const equalizeArgument: ObserverArgument = {
  name: 'equalize',
  description:
    'How far the channels in front of a depthwise convolution are first brought to a common range: 0 not at all, 1 fully.',
  initial: 0.5,
  min: 0,
  max: 1,
};

/** Read by `engine/rescaling/sites.ts`: of methods that choose codes in their own way. */
export const smoothArgument: ObserverArgument = {
  name: 'smooth',
  description:
    'Exponent with which outliers of the inputs are first moved into the weights, as `smooth-quant` does; 0: they stay.',
  initial: 0,
  min: 0,
  max: 1,
};

/** Read by `engine/rescaling/rescale.ts`. */
export const insertArgument: ObserverArgument = {
  name: 'insert',
  description:
    'What becomes of factors that nothing before the layer can take over: 1 inserts a multiplication, 0 leaves the layer as it is.',
  initial: 0,
  min: 0,
  max: 1,
};
