import type { ValueView } from '../executor/program.ts';
import type { GraphNode } from '../graph/graph.ts';
import type { Moments } from '../methods/method.ts';
import { intAttribute } from '../operators/shared/attributes.ts';
import { resolvePads, windowOf, windowPositions } from '../operators/shared/windows.ts';

/** Positions of a convolution's output looked at per sample: neighbours say the same. */
const positionsPerSample = 64;

/**
 * Streams the vectors that a compute node multiplies its weights with (patches of a convolution, rows of a product)
 * into their mean and second moments. The state's size does not depend on the number of samples.
 */
export class InputMoments implements Moments {
  readonly length: number;
  readonly groups: number;
  readonly #node: GraphNode;
  readonly #weightDims: readonly number[];
  readonly #sums: Float64Array;
  readonly #products: Float64Array;
  #count = 0;
  #samples = 0;

  /** Number of float64 elements the state of a node takes. */
  static elements(node: GraphNode, weightDims: readonly number[], weightAxis: number): number {
    const { length, groups } = shapeOf(node, weightDims, weightAxis);
    return groups * length * length;
  }

  constructor(node: GraphNode, weightDims: readonly number[], weightAxis: number) {
    const { length, groups } = shapeOf(node, weightDims, weightAxis);
    this.length = length;
    this.groups = groups;
    this.#node = node;
    this.#weightDims = weightDims;
    this.#sums = new Float64Array(groups * length);
    this.#products = new Float64Array(groups * length * length);
  }

  /** Takes in the node's input of one sample. */
  update(view: ValueView): void {
    if (this.#node.op === 'Conv') this.#patches(view);
    else this.#rows(view);
    this.#samples++;
  }

  mean(group: number): Float64Array {
    const { length } = this;
    return this.#sums.slice(group * length, (group + 1) * length).map((sum) => sum / Math.max(1, this.#count));
  }

  covariance(group: number): Float64Array {
    const n = this.length;
    const mean = this.mean(group);
    const own = this.#products.subarray(group * n * n, (group + 1) * n * n);
    const out = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        const value = own[i * n + j]! / Math.max(1, this.#count) - mean[i]! * mean[j]!;
        out[i * n + j] = value;
        out[j * n + i] = value;
      }
    }
    return out;
  }

  #rows({ data, dims }: ValueView): void {
    const n = this.length;
    const rows = data.length / n;
    const vector = new Float64Array(n);
    const step = Math.max(1, Math.floor(rows / positionsPerSample));
    for (let row = this.#samples % step; row < rows; row += step) {
      for (let k = 0; k < n; k++) vector[k] = data[row * n + k]!;
      this.#add(0, vector);
      this.#count++;
    }
    if (dims.at(-1) !== n) throw new Error(`The input of ${this.#node.name} has rows of ${dims.at(-1)}, not ${n}.`);
  }

  #patches({ data, dims, layout }: ValueView): void {
    const sizes = dims.slice(2);
    const channels = dims[1]!;
    const window = windowOf(this.#node, sizes.length, this.#weightDims.slice(2));
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
    const perGroup = channels / this.groups;
    const vector = new Float64Array(this.length);
    const total = outHeight * outWidth;
    const wanted = Math.min(total, positionsPerSample);
    for (let p = 0; p < wanted; p++) {
      // Evenly spread, moved on from sample to sample so that every position is seen.
      const position = (Math.floor((p * total) / wanted) + this.#samples * 7) % total;
      const y = Math.floor(position / outWidth) * strides[0]! - pads[0]!;
      const x = (position % outWidth) * strides[1]! - pads[1]!;
      for (let group = 0; group < this.groups; group++) {
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
        this.#add(group, vector);
      }
      this.#count++;
    }
  }

  #add(group: number, vector: Float64Array): void {
    const n = this.length;
    const sums = this.#sums;
    const products = this.#products;
    const base = group * n * n;
    for (let i = 0; i < n; i++) {
      const own = vector[i]!;
      if (own === 0) continue;
      sums[group * n + i]! += own;
      const row = base + i * n;
      // The lower triangle says all.
      for (let j = 0; j <= i; j++) products[row + j]! += own * vector[j]!;
    }
  }
}

function shapeOf(node: GraphNode, dims: readonly number[], weightAxis: number): { length: number; groups: number } {
  const length = dims.reduce((product, dim) => product * dim, 1) / dims[weightAxis]!;
  return { length, groups: node.op === 'Conv' ? intAttribute(node, 'group', 1) : 1 };
}
