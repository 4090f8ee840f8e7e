import type { Lowering } from '../executor/lowering.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import type { Dimension, Tensor, ValueType } from '../tensor.ts';
import type { AnyType, ContainerType, Value } from '../value.ts';
import type { NotDecomposed, Parts } from './decomposition.ts';

/**
 * All that the engine knows of one operator, in one file: shape rule, reference evaluation, kernel, cost, role in
 * quantisation. `registry.ts` lists them; conformance tests, documentation, completion and benchmarks come from there.
 */
export interface Operator {
  readonly op: string;
  /** '' (ai.onnx), 'com.microsoft', one of QONNX’s or 'qspec'. */
  readonly domain: string;
  /** Oldest and newest operator-set version whose meaning this file implements. */
  readonly opsets: readonly [from: number, to: number];
  /** Output types from input types (and constant inputs, for Reshape and its like). Throws a FindingError on a malformed node. */
  infer(node: GraphNode, context: InferContext): readonly (AnyType | undefined)[];
  /**
   * Elements of the first output as far as they are known without running, where it is an integer vector or scalar made
   * of shapes (Shape, Gather, Concat, …); this is how symbolic dimensions pass through shape arithmetic.
   */
  inferElements?(node: GraphNode, context: InferContext): readonly Dimension[] | undefined;
  /**
   * The meaning of the operator, in scalar double or integer arithmetic as the specification states it; outputs
   * rounded to their type. Kernels are tested against it. Absent: the engine can describe but not run the operator.
   */
  evaluate?(node: GraphNode, inputs: readonly (Tensor | undefined)[], context: EvaluateContext): readonly Tensor[];
  /**
   * The same where sequences or optionals go in or out. An operator that has both is evaluated by `evaluate` whenever all
   * its inputs are tensors.
   */
  evaluateValues?(node: GraphNode, inputs: readonly (Value | undefined)[], context: EvaluateContext): readonly Value[];
  /**
   * How the executor runs it with kernels; returns why this variant of the node has none. Absent or declined: the
   * executor falls back to `evaluate`, and its report says so.
   */
  lower?(node: GraphNode, lowering: Lowering): string | undefined;
  /**
   * The node as nodes of simpler operators, which the executor lowers and fuses in its place: how a composition gets its
   * kernels. Returns why this variant of the node has none.
   */
  decompose?(node: GraphNode, parts: Parts): NotDecomposed;
  /** A runtime's optimiser makes it of standard operators; a pass writes it out again, so that these are quantised. */
  readonly isFusion?: true;
  /** Its kernel gives indices (int64), which the executor keeps on the host: see `Lowering.outputOnHost`. */
  readonly givesIndices?: boolean;
  /** Multiply-accumulates and other arithmetic of one execution; absent: counted as one operation per output element. */
  cost?(node: GraphNode, context: InferContext): OperatorCost;
  /** Its part in quantisation; absent: stays float. */
  readonly quantization?: QuantizationRole;
}

/** Whether the engine can run the operator, and not only describe it. */
export function isEvaluable(operator: Operator | undefined): operator is Operator {
  return operator?.evaluate !== undefined || operator?.evaluateValues !== undefined;
}

export interface InferContext {
  /** Operator-set version of the node's domain. */
  readonly opset: number;
  /** Type of a tensor; undefined for what is no tensor and for what is not known. */
  type(value: string): ValueType | undefined;
  /** Type of a sequence or optional; undefined for tensors and for what is not known. */
  container(value: string): ContainerType | undefined;
  /** The value's tensor if it is known before anything runs. */
  constant(value: string): Tensor | undefined;
  /** Elements of an integer vector or scalar as far as they are known: those of the Shape of `['N', 3]` are `['N', 3]`. */
  dimensions(value: string): readonly Dimension[] | undefined;
  /** Infers a subgraph's outputs (If, Loop, Scan) for the given input types, as far as they are known. */
  inferSubgraph(graph: Graph, inputs?: readonly (AnyType | undefined)[]): readonly (AnyType | undefined)[];
}

export interface EvaluateContext {
  readonly opset: number;
  /** Runs a subgraph (If, Loop, Scan) with values of the enclosing scope visible by name. */
  evaluateSubgraph(graph: Graph, inputs: readonly Value[]): readonly Value[];
  /** Seed for random operators. */
  readonly seed: number;
  /** Largest number of elements of a value, and of turns of a loop; the caller's own limit where absent. */
  readonly elementLimit?: number;
}

export interface OperatorCost {
  readonly macs: number;
  /** Additions, comparisons, … that are not part of a multiply-accumulate. */
  readonly operations: number;
}

export type QuantizationRole =
  /** Convolution and matrix product: integer multiply-accumulate, its own output scale. */
  | { readonly kind: 'compute'; readonly weight: number; readonly bias?: number; weightAxis(node: GraphNode): number }
  /** Computes in float; these weights, each [stacks, rows, inputs] with an output channel a row, may be held in codes: LSTM, … */
  | { readonly kind: 'weight-only'; readonly weight: number; readonly recurrent: number }
  /** Output shares scale and zero point with the inputs: pooling, reshape, concat, transpose, … */
  | { readonly kind: 'same-scale' }
  /** Integer elementwise with its own output scale: Add, Mul, average pooling, … */
  | { readonly kind: 'elementwise' }
  /** Folds into the producer's output clamp where its output is quantised: Relu, Clip. */
  | { readonly kind: 'activation' };
