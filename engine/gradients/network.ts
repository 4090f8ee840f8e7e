import type { Graph, GraphNode } from '../graph/graph.ts';
import { elementCount } from '../tensor.ts';
import { concatStep } from './concat.ts';
import { addStep, clampStep, fakeQuantizeStep, reshapeStep } from './elementwise.ts';
import { convStep, matrixStep } from './linear.ts';
import type { MatrixProducts } from './matrix-products.ts';
import { averagePoolStep, globalAverageStep, maxPoolStep } from './pooling.ts';
import type { Layer, MakeStep, Step } from './step.ts';

/** Operators whose gradients are known; one line each. */
const makers: Readonly<Record<string, MakeStep>> = {
  Conv: convStep,
  Gemm: matrixStep,
  MatMul: matrixStep,
  Relu: clampStep,
  Clip: clampStep,
  Add: addStep,
  GlobalAveragePool: globalAverageStep,
  AveragePool: averagePoolStep,
  MaxPool: maxPoolStep,
  Concat: concatStep,
  Flatten: reshapeStep,
  Reshape: reshapeStep,
  Squeeze: reshapeStep,
  Identity: reshapeStep,
  FakeQuantize: fakeQuantizeStep,
};

/** Whether there is a gradient of the operator at all; of a node `Network.of` says. */
export function hasGradient(op: string): boolean {
  return op in makers;
}

/** A node that no gradient goes through, with the reason as the end of the sentence “…: it pads”. */
export interface NoGradient {
  readonly node: GraphNode;
  readonly reason: string;
}

/** Part of a graph between one value and another, run forwards and backwards on batches of samples. */
export class Network {
  readonly #steps: readonly {
    readonly step: Step;
    readonly node: GraphNode;
    readonly activations: readonly number[];
  }[];
  readonly #input: string;
  readonly #output: string;
  /** Layers with weights, by node. */
  readonly layers: ReadonlyMap<string, Layer>;

  private constructor(graph: Graph, steps: ReadonlyMap<GraphNode, Step>) {
    this.#input = graph.inputs[0]!;
    this.#output = graph.outputs[0]!;
    this.#steps = Array.from(steps, ([node, step]) => ({ node, step, activations: activationsOf(node, graph) }));
    this.layers = new Map(
      Array.from(steps).flatMap(([node, { layer }]) => (layer === undefined ? [] : [[node.name, layer] as const])),
    );
  }

  /**
   * @param graph with one input and one output
   * @param dims of a batch of inputs, the samples on the first axis
   */
  static of(graph: Graph, dims: readonly number[], products: MatrixProducts): Network | NoGradient {
    const known = new Map<string, readonly number[]>([[graph.inputs[0]!, dims]]);
    const steps = new Map<GraphNode, Step>();
    for (const node of graph.nodes) {
      const make = makers[node.op];
      const inputs = node.inputs.map((value) => known.get(value));
      const step = make === undefined ? `there is no gradient of ${node.op}` : make({ node, graph, inputs, products });
      if (typeof step === 'string') return { node, reason: step };
      known.set(node.outputs[0]!, step.dims);
      steps.set(node, step);
    }
    return new Network(graph, steps);
  }

  /** @returns the output, and what each layer gave */
  async forward(input: Float32Array): Promise<ReadonlyMap<string, Float32Array>> {
    const values = new Map([[this.#input, input]]);
    for (const { step, node, activations } of this.#steps)
      values.set(node.outputs[0]!, await step.forward(activations.map((index) => values.get(node.inputs[index]!)!)));
    return values;
  }

  /** Multiplications of a run forwards. */
  get products(): number {
    return this.#steps.reduce((sum, { step: { layer, dims } }) => {
      return layer === undefined ? sum : sum + (elementCount(dims) * layer.rows.length) / layer.outputs;
    }, 0);
  }

  get output(): string {
    return this.#output;
  }

  /**
   * Puts the slopes of the loss into the layers that learn. To be called after a forward run.
   * @param look is shown the slope along the output of every node that is passed; it may keep no array
   */
  async backward(
    slope: Float32Array,
    look?: (node: GraphNode, slope: Float32Array) => Promise<void> | void,
  ): Promise<void> {
    const slopes = new Map([[this.#output, slope]]);
    const carries = this.#learned();
    for (const { step, node, activations } of this.#steps.toReversed()) {
      const own = slopes.get(node.outputs[0]!);
      if (own === undefined) continue;
      slopes.delete(node.outputs[0]!);
      await look?.(node, own);
      if (!activations.some((index) => carries.has(node.inputs[index]!))) {
        if (step.backwardLast) await step.backwardLast(own);
        else if (step.layer?.learns) await step.backward(own);
        continue;
      }
      const more = await step.backward(own);
      for (const [at, index] of activations.entries()) {
        const value = node.inputs[index]!;
        if (!carries.has(value)) continue;
        const through = more instanceof Float32Array ? more : more[at]!;
        const before = slopes.get(value);
        slopes.set(value, before ? before.map((sum, i) => sum + through[i]!) : through);
      }
    }
  }

  /** Values that depend on a layer that learns. */
  #learned(): ReadonlySet<string> {
    const values = new Set<string>();
    for (const { step, node, activations } of this.#steps)
      if (step.layer?.learns || activations.some((index) => values.has(node.inputs[index]!)))
        values.add(node.outputs[0]!);
    return values;
  }
}

/** Indexes of a node's inputs that are no constants. */
function activationsOf(node: GraphNode, graph: Graph): number[] {
  return node.inputs.flatMap((value, index) => (value !== '' && !graph.initializers.has(value) ? [index] : []));
}
