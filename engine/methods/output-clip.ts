import { axisBlocks, forEachBlockRun } from '../formats/blocks.ts';
import type { Parameters } from '../formats/format.ts';
import { withScales } from '../formats/scales.ts';
import { poll } from '../progress.ts';
import { endsOf } from './channels.ts';
import type { WeightProblem } from './method.ts';
import { atLeast } from './round-to-nearest.ts';
import { secondMoments } from './second-moments.ts';

/** Parts of the range that are tried, from the whole to half of it (the grid of AWQ's authors). */
const parts = Array.from({ length: 11 }, (_, i) => 1 - i / 20);

/**
 * Ranges cut where the layer's answers change least: of each set of weights that share parameters the part of its range with the
 * least Δᵀ·E[x·xᵀ]·Δ, the other weights of a channel aside. Formats that choose their parameters themselves keep them.
 */
export function outputClipped(problem: WeightProblem, parameters: readonly Parameters[]): readonly Parameters[] {
  const { format, moments, values, range } = problem;
  if (moments === undefined || format.fit !== undefined) return parameters;
  const products = Array.from({ length: moments.groups }, (_, group) => secondMoments(moments, group));
  const rows = rowsOf(problem, moments.groups, parameters.length);
  const cut = parameters.map((whole, set) => {
    const least = problem.leastScale(set);
    let best: { readonly cut: Parameters; readonly error: number } | undefined;
    for (const part of parts) {
      poll();
      const cut = { ...whole, scale: atLeast(Math.max(whole.scale * part, least)) };
      const { encode, decode } = format.coder(cut, range);
      let error = 0;
      for (const { group, at, input } of rows[set]!) {
        const changes = Float64Array.from(at, (place) => decode(encode(values[place]!)) - values[place]!);
        error += quadraticForm(changes, input, products[group]!, moments.length);
      }
      if (best === undefined || error < best.error) best = { cut, error };
    }
    return best!.cut;
  });
  return format.scaleBits === undefined ? withScales(cut, problem.scale, range) : cut;
}

/** Weights of one output channel in one set. */
interface Row {
  readonly group: number;
  /** Where they lie in the tensor. */
  readonly at: readonly number[];
  /** Which element of the input vector each meets. */
  readonly input: readonly number[];
}

function rowsOf(
  { dims, axis, blocks, outputAxis }: WeightProblem,
  groups: number,
  sets: number,
): readonly (readonly Row[])[] {
  const ends = endsOf(dims, outputAxis);
  const perGroup = dims[outputAxis]! / groups;
  const found = Array.from({ length: sets }, () => new Map<number, { at: number[]; input: number[] }>());
  forEachBlockRun(blocks ?? axisBlocks(dims, axis), (set, from, to) => {
    for (let at = from; at < to; at++) {
      const output = ends.output(at);
      const row = found[set]!.get(output) ?? { at: [], input: [] };
      found[set]!.set(output, row);
      row.at.push(at);
      row.input.push(ends.input(at));
    }
  });
  return found.map((rows) => Array.from(rows, ([output, row]) => ({ group: Math.floor(output / perGroup), ...row })));
}

/** changesᵀ·M·changes over the rows and columns `places` of a symmetric n × n matrix. */
function quadraticForm(changes: Float64Array, places: readonly number[], matrix: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < changes.length; i++) {
    if (changes[i] === 0) continue;
    const row = places[i]! * n;
    let cross = 0;
    for (let j = 0; j < i; j++) cross += changes[j]! * matrix[row + places[j]!]!;
    sum += changes[i]! * (2 * cross + changes[i]! * matrix[row + places[i]!]!);
  }
  return sum;
}
