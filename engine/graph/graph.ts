import type { Finding } from '../findings.ts';
import type { onnx } from '../onnx/proto.ts';
import type { Tensor, ValueType } from '../tensor.ts';
import type { ContainerType } from '../value.ts';

/**
 * A model's graph between reading and writing. Invariants: `nodes` is in topological order; every value has one
 * producer (a node, a graph input or an initializer); every node has a unique non-empty `name` that survives
 * folding and fusion (an unnamed node gets a stable one, `Conv_12`).
 * Passes do not change a graph in place: they return a new one that may share nodes and tensors with the old.
 */
export interface Graph {
  readonly name: string;
  readonly nodes: readonly GraphNode[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  /** Element type and shape of every tensor as far as inference knows them, initializers included. */
  readonly types: ReadonlyMap<string, ValueType>;
  /** Types of the values that are no tensors (sequences, optionals); absent where there are none. */
  readonly containers?: ReadonlyMap<string, ContainerType>;
  /** Operator-set version per domain; the ONNX domain is ''. */
  readonly opsets: ReadonlyMap<string, number>;
  /** The message it was read from, for what nothing computes with: doc strings, annotations, unknown fields. */
  readonly origin?: onnx.GraphProto;
}

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** '' for ai.onnx, 'com.microsoft', … and 'qspec' for the engine's own integer and fake-quantise operators. */
  readonly domain: string;
  /** Value names; '' marks an absent optional input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** The message it was read from, for what nothing computes with; a rewritten node keeps its predecessor's. */
  readonly origin?: onnx.NodeProto;
}

/** int attributes are numbers when they are safe integers, bigints otherwise. */
export type Attribute =
  | { readonly kind: 'int'; readonly value: number | bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: Tensor }
  | { readonly kind: 'graph'; readonly value: Graph }
  | { readonly kind: 'ints'; readonly value: readonly (number | bigint)[] }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'tensors'; readonly value: readonly Tensor[] }
  | { readonly kind: 'graphs'; readonly value: readonly Graph[] }
  /** Kept for the round trip, never computed with (sparse tensors, type protos). */
  | { readonly kind: 'opaque'; readonly value: unknown };

/** A graph with what the file held around it; what export needs to write metadata and functions back. */
export interface Model {
  readonly graph: Graph;
  readonly irVersion: number;
  readonly producerName: string;
  readonly producerVersion: string;
  readonly metadata: ReadonlyMap<string, string>;
  /** What was noticed while reading: warnings and notes; what makes a model unusable is thrown. */
  readonly findings: readonly Finding[];
  /** The message it was read from: functions, training information, device configurations, unknown fields. */
  readonly origin?: onnx.ModelProto;
}
