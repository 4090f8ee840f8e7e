import type { Finding } from '../findings.ts';
import type { Tensor } from '../tensor.ts';

/** A labelled or unlabelled set of samples, read lazily: one sample is in memory at a time. */
export interface Dataset {
  readonly name: string;
  /** Number of samples after skip, take and split. */
  readonly length: number;
  /** Model input → tensor with a leading batch dimension of 1. */
  sample(index: number): Promise<ReadonlyMap<string, Tensor>>;
  /** Class of each sample, if labels are given. */
  readonly labels?: Int32Array;
  /** What a person calls the sample: a file name or `x[17]`. */
  nameOf(index: number): string;
  /** Hash of everything that determines the samples (bytes, options, indices); in provenance and cache keys. */
  readonly hash: string;
  /** Warnings found while opening (single-class calibration, duplicates, …). */
  readonly findings: readonly Finding[];
}
