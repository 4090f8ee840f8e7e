import type { AffineParameters, CodeRange } from '../formats/affine.ts';
import type { NumberFormat } from '../formats/format.ts';
import type { Portion } from './portion.ts';

export type Scheme = 'affine' | 'symmetric';

/**
 * Watches the values of one tensor as samples stream by and chooses its parameters at the end. State has a fixed
 * size, whatever the number of samples, and does not depend on their order: observers fed parts of the data and
 * merged choose the same parameters as one that saw it all. (Of the order of an `ordered` kind: see there.)
 */
export interface Observer {
  /** Takes in elements of the tensor, in any order and any portions. */
  update(values: Float32Array | Portion): void;
  /** Adds what another observer of the same kind and arguments has seen. */
  merge(other: Observer): void;
  /**
   * The observer's choice for codes in `range` (the format's own unless it is narrowed).
   * @param limits what the tensor can hold, where that is known: a choice beyond what was seen goes no further
   */
  finish(format: NumberFormat, scheme: Scheme, range?: CodeRange, limits?: Limits): AffineParameters;
  readonly seen: Seen;
  /** Names what is kept of the values; observers of other kinds may keep the same. */
  readonly keeps: string;
  /** What is kept, as numbers; an observer that keeps the same goes on from there. */
  save(): Float64Array;
  restore(state: Float64Array): void;
}

/** Values between which a tensor's lie; infinite where nothing is known. */
export interface Limits {
  readonly min: number;
  readonly max: number;
}

/** What every observer knows of its tensor. */
export interface Seen {
  /** Elements taken in, non-finite ones left out. */
  readonly count: number;
  /** Smallest and largest finite value; 0 when there was none. */
  readonly min: number;
  readonly max: number;
  /** NaN and infinite elements. */
  readonly nonFinite: number;
}

export interface ObserverArgument {
  readonly name: string;
  readonly description: string;
  readonly initial: number;
  readonly min: number;
  readonly max: number;
}

/** A registry row: what a spec may write after `observe`. */
export interface ObserverKind {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** What it takes in time and memory, in one sentence. */
  readonly cost: string;
  /** Paper, or what it is by construction. */
  readonly source: string;
  readonly arguments: readonly ObserverArgument[];
  /** The choice depends on the order of the samples: each `update` is one, and `merge` takes in what came after. */
  readonly ordered?: true;
  create(args: Readonly<Record<string, number>>): Observer;
  /** A better choice than the stream's where all values are at hand: weights. Absent: they are streamed through `create`. */
  direct?(
    values: Float32Array,
    format: NumberFormat,
    scheme: Scheme,
    range: CodeRange,
    args: Readonly<Record<string, number>>,
  ): AffineParameters;
}
