import type { Choice } from '../plan.ts';

/**
 * What a network is quantised for, as data, one file each: how weights and activations are held where a spec says nothing
 * else, and where in the graph numbers are rounded to codes.
 */
export interface Backend {
  /** As written after `backend`. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Where quantisers and placement are stated. */
  readonly source: string;
  readonly weights: Quantizer;
  /** One scale for a tensor. */
  readonly activations: Quantizer;
  readonly placement: Placement;
  /** Passes that do not run for it, unless a spec names passes itself. */
  readonly withoutPasses?: readonly string[];
}

export type Quantizer = Pick<Choice, 'format' | 'scheme'> &
  Partial<Pick<Choice, 'granularity' | 'scale'>> & { readonly codes?: NonNullable<Choice['codes']> };

/** Operators that a backend treats alike. Those without an integer form (Softmax, normalisations) are float in every one. */
export const families = [
  /** Convolutions and products with stored weights. */
  'products',
  'sums',
  'multiplications',
  'pooling',
  'concatenation',
  /** What only moves values: Reshape, Transpose, Pad, Gather, … */
  'movement',
  /** Functions of one value: Sigmoid, HardSwish, … */
  'functions',
  /** Relu and Clip that do not fold into the layer before them. */
  'activations',
] as const;
export type Family = (typeof families)[number];

/** Where quantisers go. */
export interface Placement {
  /** Families that read their inputs in codes; the others compute in float. */
  readonly reads: readonly Family[];
  /**
   * `always`: what reads codes leaves codes, the model's outputs among them. `where-read`: a tensor is rounded where a layer
   * reads it in codes, and what nothing reads so, the model's outputs among them, is not.
   */
  readonly writes: 'always' | 'where-read';
  /**
   * Of `where-read`: rounded once for all that read the tensor, or for the layers alone that want codes, where others read
   * the same tensor in float.
   */
  readonly rounds?: 'tensor' | 'reader';
  /** A product that a sum alone reads is added before it is rounded: the sum reads the other branch in codes. */
  readonly addsAccumulators?: true;
}

/** Every family: the whole network. */
export const wholeNetwork: readonly Family[] = families;
