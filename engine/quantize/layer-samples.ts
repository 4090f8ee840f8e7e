import type { GraphNode } from '../graph/graph.ts';
import type { LayerSamples } from '../methods/method.ts';
import type { Tensor } from '../tensor.ts';
import type { Clamp } from './activations.ts';
import { type VectorShape, vectorShape, visitVectors } from './input-vectors.ts';

/** Elements of input vectors kept for a layer: 96 MiB. */
const mostElements = 24 * 2 ** 20;
/** Vectors kept for a layer: so many, or so many times the length of one. More say little new. */
const enoughRows = 8192;
const enoughPerElement = 16;

/**
 * What a layer is given by the compressed layers before it, vector by vector, beside what it answers in the float model
 * at the same positions. Positions are spread evenly over each sample; their number is bounded by memory.
 */
export class CollectedSamples implements LayerSamples {
  readonly length: number;
  readonly groups: number;
  readonly takesBias: boolean;
  readonly clamp?: Clamp;
  outputCurvature?: Float64Array;
  readonly #node: GraphNode;
  readonly #weightDims: readonly number[];
  readonly #inputs: Float32Array[];
  readonly #targets: Float32Array[];
  readonly #perSample: number;
  #rows = 0;
  #samples = 0;

  /** @param positions of the layer's output, channels aside; @param samples that will be given */
  constructor(
    node: GraphNode,
    weight: { readonly dims: readonly number[]; readonly axis: number; readonly takesBias: boolean },
    positions: number,
    samples: number,
    clamp?: Clamp,
  ) {
    const shape: VectorShape = vectorShape(node, weight.dims, weight.axis);
    this.length = shape.length;
    this.groups = shape.groups;
    this.takesBias = weight.takesBias;
    if (clamp !== undefined) this.clamp = clamp;
    this.#node = node;
    this.#weightDims = weight.dims;
    const affordable = Math.floor(mostElements / (shape.length * shape.groups * samples));
    const enough = Math.ceil(Math.max(enoughRows, enoughPerElement * shape.length) / samples);
    this.#perSample = Math.max(1, Math.min(positions, enough, affordable));
    // Rows are taken at a whole step, which may give up to twice as many.
    const capacity = samples * Math.min(positions, 2 * this.#perSample);
    this.#inputs = Array.from({ length: shape.groups }, () => new Float32Array(capacity * shape.length));
    this.#targets = Array.from({ length: weight.dims[weight.axis]! }, () => new Float32Array(capacity));
  }

  get rows(): number {
    return this.#rows;
  }

  /**
   * Takes in one sample: the layer's input as the compressed model has it, its output in the float model; both row-major.
   * @param reader another layer with the same weight, whose sample it is
   */
  add(input: Tensor, target: Tensor, reader = this.#node): void {
    const { length } = this;
    const start = this.#rows;
    const places: number[] = [];
    const sampling = { sample: this.#samples++, most: this.#perSample };
    const view = { data: input.data as Float32Array, dims: input.dims, layout: 'plain' } as const;
    this.#rows += visitVectors(reader, this.#weightDims, this, view, sampling, (position, group, vector) => {
      if (group === 0) places.push(position);
      this.#inputs[group]!.set(vector, (start + places.length - 1) * length);
    });
    const values = target.data as Float32Array;
    const channels = this.#targets.length;
    const positions = values.length / channels;
    const isConv = this.#node.op === 'Conv';
    for (const [i, place] of places.entries()) {
      for (let channel = 0; channel < channels; channel++)
        this.#targets[channel]![start + i] = values[isConv ? channel * positions + place : place * channels + channel]!;
    }
  }

  inputs(group: number): Float32Array {
    return this.#inputs[group]!.subarray(0, this.#rows * this.length);
  }

  targets(channel: number): Float32Array {
    return this.#targets[channel]!.subarray(0, this.#rows);
  }
}
