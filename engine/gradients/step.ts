import type { Graph, GraphNode } from '../graph/graph.ts';
import type { MatrixProducts } from './matrix-products.ts';

/**
 * One node that is run forwards and then backwards. Activations of a batch of N samples lie with their channels first: [C, N, H, W]
 * of ONNX's [N, C, H, W], [F, N] of [N, F], so that a layer is one matrix product over all samples and places.
 */
export interface Step {
  /** ONNX dims of the output. */
  readonly dims: readonly number[];
  /** May keep what `backward` needs until then. */
  forward(inputs: readonly Float32Array[]): Promise<Float32Array> | Float32Array;
  /**
   * From the slope of the loss along the output to that along each input that is an activation, in order; one where they are all
   * the same. Called once after each forward run, or several times. Writes the slopes of a layer that learns.
   */
  backward(slope: Float32Array): Promise<Float32Array> | Float32Array | readonly Float32Array[];
  /** Slopes of the layer's own parameters alone, for where nothing before it learns. */
  backwardLast?(slope: Float32Array): Promise<void> | void;
  /** Weights and bias of a layer that has them. */
  readonly layer?: Layer;
}

/** Parameters that may change between two runs. */
export interface Layer {
  /** [outputs, inputs of each], row-major. */
  readonly rows: Float32Array;
  readonly outputs: number;
  readonly bias: Float32Array;
  /** Slopes of the loss after a backward run; worked out where `learns` is set. */
  readonly rowSlopes: Float32Array;
  readonly biasSlopes: Float32Array;
  learns: boolean;
}

export interface StepContext {
  readonly node: GraphNode;
  readonly graph: Graph;
  /** ONNX dims of the node's activations, by index of the input; undefined for constants. */
  readonly inputs: readonly (readonly number[] | undefined)[];
  readonly products: MatrixProducts;
}

/** What gradients are known of; a string says why they are not of this node. */
export type MakeStep = (context: StepContext) => Step | string;
