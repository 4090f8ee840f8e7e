import { FindingError } from '../findings.ts';
import type { Attribute, GraphNode } from '../graph/graph.ts';
import type { DataType, Tensor, ValueType } from '../tensor.ts';
import type { Operator } from './operator.ts';
import { isStatic } from './shared/types.ts';

/**
 * What an operator's `decompose` is given: it adds the nodes that compute together what the whole node does. The last
 * ones name the whole node's outputs. Parts are nodes of the ONNX domain that mean the same in every operator set the
 * model may be written in (Clip does not: `addClip`), or of the domains `qspec` and `com.microsoft`.
 */
export interface Parts {
  /** Version of the ONNX operator set of the model. */
  readonly opset: number;
  /**
   * Element type and shape of one of the whole node's inputs and outputs. Whoever asks for one that is only known while
   * running has no decomposition; the executor knows all of them beforehand.
   */
  type(value: string): { readonly dtype: DataType; readonly dims: readonly number[] };
  /** Number of dimensions, of which not all need be known. */
  rank(value: string): number;
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

/** What is known of the graph around a node that is written out. */
export interface Surroundings {
  readonly opset: number;
  type(value: string): ValueType | undefined;
  constant(value: string): Tensor | undefined;
  /** Whether a value of this name exists. */
  isTaken(name: string): boolean;
}

export interface WrittenOut {
  /** The parts in order; all have the whole node's name. */
  readonly nodes: readonly GraphNode[];
  readonly tensors: ReadonlyMap<string, Tensor>;
}

const malformed = 'the node is malformed';

class UnknownShape extends Error {}

/** The node's parts, or why it stays whole. */
export function writeOut(node: GraphNode, operator: Operator, around: Surroundings): WrittenOut | string {
  const nodes: GraphNode[] = [];
  const tensors = new Map<string, Tensor>();
  const fresh = () => {
    let name = `${node.name}/${nodes.length + tensors.size}`;
    while (around.isTaken(name)) name += '′';
    return name;
  };
  const parts: Parts = {
    opset: around.opset,
    type(value) {
      const type = around.type(value);
      if (!type || !isStatic(type.dims)) throw new UnknownShape();
      return { dtype: type.dtype, dims: type.dims };
    },
    rank(value) {
      const dims = around.type(value)?.dims;
      if (!dims) throw new UnknownShape();
      return dims.length;
    },
    constant: around.constant,
    tensor(tensor) {
      const name = fresh();
      tensors.set(name, tensor);
      return name;
    },
    add(op, inputs, attributes = {}, { domain = '', output = fresh() } = {}) {
      nodes.push({ name: node.name, op, domain, inputs, outputs: [output], attributes });
      return output;
    },
  };
  try {
    const reason = operator.decompose!(node, parts);
    if (reason !== undefined) return reason;
    // An input that the node lacks is no name.
    return nodes.every(({ inputs }) => inputs.every((name) => name !== undefined)) ? { nodes, tensors } : malformed;
  } catch (error) {
    if (error instanceof UnknownShape) return 'a shape is only known while running';
    // Running the whole node will say what is wrong with it.
    if (error instanceof FindingError || error instanceof TypeError || error instanceof RangeError) return malformed;
    throw error;
  }
}
