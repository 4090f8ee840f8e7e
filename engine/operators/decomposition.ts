import type { Attribute } from '../graph/graph.ts';
import type { DataType, Tensor } from '../tensor.ts';

/**
 * What an operator's `decompose` is given: it adds the nodes that compute together what the whole node does. The last
 * ones name the whole node's outputs. Parts are nodes of the ONNX domain that mean the same in every operator set the
 * model may be written in (Clip does not: `addClip`), or of the domains `qspec` and `com.microsoft`.
 */
export interface Parts {
  /** Version of the ONNX operator set of the model. */
  readonly opset: number;
  /** Element type and shape of one of the whole node's inputs and outputs; all are known when `decompose` is called. */
  type(value: string): { readonly dtype: DataType; readonly dims: readonly number[] };
  /** The value's elements where they are known before anything runs. */
  constant(value: string): Tensor | undefined;
  /** Adds a constant and gives its name. */
  tensor(tensor: Tensor): string;
  /** Adds a node of one output and gives the output's name. */
  add(op: string, inputs: readonly string[], attributes?: Readonly<Record<string, Attribute>>, to?: Placing): string;
}

export interface Placing {
  readonly domain?: string;
  /** The part computes this output of the whole node. */
  readonly output?: string;
}

/** Why a variant of a node has no decomposition. */
export type NotDecomposed = string | undefined;
