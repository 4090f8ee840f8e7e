import type { ValueView } from '../executor/program.ts';
import type { GraphNode } from '../graph/graph.ts';
import { intAttribute } from '../operators/shared/attributes.ts';
import { resolvePads, windowOf, windowPositions } from '../operators/shared/windows.ts';
import type { IntegerForm } from './integer-form.ts';

/**
 * The vectors that a compute node multiplies its weights with: patches of a convolution, rows of a product. Element k
 * of a vector meets element k of an output channel's weights, in the order of the weight tensor.
 */
export interface VectorShape {
  readonly length: number;
  /** Groups of a convolution, each with vectors of its own. */
  readonly groups: number;
}

export function vectorShape(node: GraphNode, weightDims: readonly number[], weightAxis: number): VectorShape {
  const length = weightDims.reduce((product, dim) => product * dim, 1) / weightDims[weightAxis]!;
  return { length, groups: node.op === 'Conv' ? intAttribute(node, 'group', 1) : 1 };
}

/** Called once a group for each position; the vector is overwritten by the next call. `position` counts within the sample's output. */
export type Visit = (position: number, group: number, vector: Float64Array) => void;

/** What is looked at of one sample: at most `most` positions, evenly spread and moved on from sample to sample. */
export interface Sampling {
  readonly sample: number;
  readonly most: number;
}

/** Visits the vectors in a value of one sample. @returns the number of positions visited */
export type VisitVectors = (
  view: Pick<ValueView, 'data' | 'dims' | 'layout'>,
  sampling: Sampling,
  visit: Visit,
) => number;

/** Where the vectors that a weight is multiplied with come from. */
export interface VectorSource extends VectorShape {
  /** Whether the layer adds a bias, which can take up a mean error. */
  readonly takesBias: boolean;
  /** Values that they lie in. */
  readonly values: ReadonlyMap<string, VisitVectors>;
  /** Part of the mean second moment by which every moment is raised, of so many vectors. */
  readonly ridge?: (rows: number) => number;
}

/** Vectors of the input of a compute node. */
export function inputVectors(
  node: GraphNode,
  weightDims: readonly number[],
  { weightAxis, bias }: Pick<IntegerForm, 'weightAxis' | 'bias'>,
): VectorSource {
  const shape = vectorShape(node, weightDims, weightAxis!);
  const visit: VisitVectors = (...given) => visitVectors(node, weightDims, shape, ...given);
  return { ...shape, takesBias: bias !== undefined, values: new Map([[node.inputs[0]!, visit]]) };
}

/** Vectors that are the rows of a value. @param name of the node that reads them */
export function rowsOf(name: string, { length }: VectorShape): VisitVectors {
  return ({ data, dims }, { sample, most }, visit) => {
    if (dims.at(-1) !== length) throw new Error(`The input of ${name} has rows of ${dims.at(-1)}, not ${length}.`);
    const rows = data.length / length;
    const vector = new Float64Array(length);
    const step = Math.max(1, Math.floor(rows / most));
    let visited = 0;
    for (let row = sample % step; row < rows; row += step) {
      for (let k = 0; k < length; k++) vector[k] = data[row * length + k]!;
      visit(row, 0, vector);
      visited++;
    }
    return visited;
  };
}

/** Visits vectors of one sample's input. @returns the number of positions visited */
export function visitVectors(
  node: GraphNode,
  weightDims: readonly number[],
  shape: VectorShape,
  view: Pick<ValueView, 'data' | 'dims' | 'layout'>,
  sampling: Sampling,
  visit: Visit,
): number {
  return node.op === 'Conv'
    ? visitPatches(node, weightDims, shape, view, sampling, visit)
    : rowsOf(node.name, shape)(view, sampling, visit);
}

function visitPatches(
  node: GraphNode,
  weightDims: readonly number[],
  { length, groups }: VectorShape,
  { data, dims, layout }: Pick<ValueView, 'data' | 'dims' | 'layout'>,
  sampling: Sampling,
  visit: Visit,
): number {
  const sizes = dims.slice(2);
  const channels = dims[1]!;
  const window = windowOf(node, sizes.length, weightDims.slice(2));
  const { begin } = resolvePads(window, sizes);
  const out = sizes.map((size, axis) => windowPositions(window, axis, size));
  const [height, width] = sizes.length === 1 ? [1, sizes[0]!] : [sizes[0]!, sizes[1]!];
  const two = (values: readonly number[], missing: number) => (values.length === 1 ? [missing, values[0]!] : values);
  const kernel = two(window.kernel, 1);
  const strides = two(window.strides, 1);
  const dilations = two(window.dilations, 1);
  const pads = two(begin, 0);
  const [outHeight, outWidth] = two(out, 1) as [number, number];
  const pixels = height * width;
  const [channelStep, pixelStep] = layout === 'plain' ? [pixels, 1] : [1, channels];
  const perGroup = channels / groups;
  const vector = new Float64Array(length);
  const positions = spreadPositions(outHeight * outWidth, sampling);
  for (const position of positions) {
    const y = Math.floor(position / outWidth) * strides[0]! - pads[0]!;
    const x = (position % outWidth) * strides[1]! - pads[1]!;
    for (let group = 0; group < groups; group++) {
      let k = 0;
      for (let c = group * perGroup; c < (group + 1) * perGroup; c++) {
        for (let i = 0; i < kernel[0]!; i++) {
          const row = y + i * dilations[0]!;
          for (let j = 0; j < kernel[1]!; j++) {
            const column = x + j * dilations[1]!;
            const inside = row >= 0 && row < height && column >= 0 && column < width;
            vector[k++] = inside ? data[c * channelStep + (row * width + column) * pixelStep]! : 0;
          }
        }
      }
      visit(position, group, vector);
    }
  }
  return positions.length;
}

/** Positions of an output that are looked at: evenly spread, moved on from sample to sample so that every one is seen. */
export function spreadPositions(total: number, { sample, most }: Sampling): readonly number[] {
  const wanted = Math.min(total, most);
  return Array.from({ length: wanted }, (_, p) => (Math.floor((p * total) / wanted) + sample * 7) % total);
}
