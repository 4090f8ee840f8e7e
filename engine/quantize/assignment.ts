import type { Blocks } from '../formats/blocks.ts';
import type { Graph } from '../graph/graph.ts';
import type { Arithmetic } from '../plan.ts';
import type { TensorData } from '../tensor.ts';

/**
 * The one truth about a compressed model, together with the rewritten graph: which value or weight is held in which
 * codes. Readings (`readings/`) turn the pair into a simulation, an integer graph, an exported model, a cost.
 */
export interface Assignment {
  readonly arithmetic: Arithmetic;
  /**
   * Keyed by `edgeKey(node, role)`. Outputs: the codes in which a node leaves its output. Inputs: present only where a
   * consumer reads in other codes than the producer wrote (a requantisation edge). Weights and biases: by their node; `weight`,
   * `recurrent` for the second weight of a recurrent layer, `bias`.
   */
  readonly entries: ReadonlyMap<string, QuantizedTensor>;
  /** Codes in which each graph input enters, by value name. */
  readonly inputs: ReadonlyMap<string, QuantizedTensor>;
}

export interface QuantizedTensor {
  /** Name in the format registry. */
  readonly format: string;
  /** Axis of per-channel parameters. */
  readonly axis?: number;
  /** Elements that share parameters where it is neither all of them nor those of an axis. */
  readonly blocks?: Blocks;
  /** One per channel or block, or a single one. float32-representable, positive. */
  readonly scale: Float32Array;
  readonly zeroPoint: Int32Array;
  /** Bits of a stored scale where they are not the format's own. */
  readonly scaleBits?: number;
  /** Smallest and largest code in use (narrow range, fused clamp). */
  readonly range: readonly [low: number, high: number];
  /** What the levels of a codebook are made of: the same number of elements for each scale. */
  readonly basis?: Float32Array;
  /** Bounds of a fused activation, themselves levels, in a format whose codes are not in the order of their values. */
  readonly clamp?: { readonly min: number; readonly max: number };
  /** Tensors that must share scale and zero point carry the same group. */
  readonly group?: string;
  /**
   * Codes of weights and biases, in the tensor's own layout; absent for activations. Of weights in external data they are
   * worked out when they are touched: ask `hasCodes` whether there are any, and keep none longer than needed.
   */
  readonly codes?: TensorData;
}

/** Whether the entry has codes, without having them worked out. */
export function hasCodes(
  entry: QuantizedTensor | undefined,
): entry is QuantizedTensor & { readonly codes: TensorData } {
  return entry !== undefined && 'codes' in entry;
}

/** A compressed model: the rewritten graph and its Assignment. */
export interface QuantizedModel {
  readonly graph: Graph;
  readonly assignment: Assignment;
}

export function edgeKey(node: string, role: string): string {
  return `${node}\u0000${role}`;
}
