import { channelLayout, codeArray } from '../formats/affine.ts';
import { axisBlocks, forEachBlockRun } from '../formats/blocks.ts';
import type { Coder, Parameters } from '../formats/format.ts';
import type { WeightProblem } from './method.ts';
import { weightParameters } from './round-to-nearest.ts';

/** How the weights of a layer become codes, in any format and granularity. */
export interface LayerCoding {
  /** Parameters of each channel or block, chosen for the weights as they are. */
  readonly sets: readonly Parameters[];
  /** One for each set of parameters. */
  readonly coders: readonly Coder[];
  /** Number of the set that each weight shares, by its place. */
  readonly setOf: Uint32Array;
  /** Codes yet to be filled in. */
  readonly codes: ReturnType<typeof codeArray>;
}

export function layerCoding(problem: WeightProblem): LayerCoding {
  const { values, dims, axis, blocks, format, range } = problem;
  const sets = weightParameters(problem);
  const setOf = new Uint32Array(values.length);
  forEachBlockRun(blocks ?? axisBlocks(dims, axis), (block, from, to) => setOf.fill(block, from, to));
  return { sets, coders: sets.map((set) => format.coder(set, range)), setOf, codes: codeArray(format, values.length) };
}

/** Place of the weight that element `input` of an input vector meets in the first output channel, and how far the channels are apart. */
export function channelPlaces({ dims, outputAxis }: WeightProblem) {
  const { channels, inner } = channelLayout(dims, outputAxis);
  return { placeOf: (input: number) => Math.floor(input / inner) * channels * inner + (input % inner), stride: inner };
}
