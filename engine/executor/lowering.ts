import type { Address, Clamp, Step, Workspace } from '../../kernels/api.ts';
import type { GraphNode } from '../graph/graph.ts';
import type { DataType, Tensor } from '../tensor.ts';
import type { Order } from './order.ts';

/** A value whose shape is known before anything runs. */
export interface StaticType {
  readonly dtype: DataType;
  readonly dims: readonly number[];
}

/** A piece of memory that the executor places; several operands may lie in one storage. */
export interface Storage {
  readonly id: number;
  readonly bytes: number;
  /** First and last step that touches it. */
  first: number;
  last: number;
  /** Constants lie outside the arena and never die. */
  readonly constant: boolean;
  /** Values that live in it, itself or as reinterpretations: an in-place write must outlive them all. */
  readonly values: Set<string>;
  /** Several producers write parts of it (a concat); never overwritten. */
  shared: boolean;
  /** Known after planning. */
  address: Address;
}

/** A value in memory, in one of its physical forms. */
export interface Operand {
  readonly storage: Storage;
  /** Bytes from the storage's start. */
  readonly offset: number;
  readonly dtype: DataType;
  /** Logical (ONNX) dims. */
  readonly dims: readonly number[];
  /** Logical axes, slowest in memory first. */
  readonly order: Order;
  /** Elements between neighbours along each logical axis; larger than dense where the value is a slice of a larger buffer. */
  readonly strides: readonly number[];
}

/** What the fusion put behind a node: its output is that of the last absorbed node. */
export interface Epilogue {
  /** Factor on a matrix product, before anything else. */
  readonly scale?: number;
  /** A value of the output's shape that is added before the clamp. */
  readonly residual?: string;
  readonly clamp: Clamp;
  /** Per output channel, added to the node's own bias (a constant Add behind a Conv). */
  readonly bias?: Float32Array;
}

export interface EmittedStep {
  /** What the report calls it: `conv2d`, `gemm`, … */
  readonly kernel: string;
  readonly reads: readonly Operand[];
  readonly writes: readonly Operand[];
  /** Called once all addresses are known. */
  build(workspace: Workspace, at: (operand: Operand) => Address): Step;
}

export interface InputOptions {
  /** The kernel takes a stride between pixels (see `pitchOf`); otherwise a slice of a larger buffer is first copied together. */
  readonly pitched?: boolean;
}

export interface OutputOptions {
  /** The kernel takes a stride between pixels, so it may be given a slice of a concat's buffer. */
  readonly pitched?: boolean;
  /** Operands that the kernel may write over, if nobody reads them later. */
  readonly overwrite?: readonly Operand[];
}

/**
 * What an operator's `lower` is given: it asks for the physical form of its inputs, allocates its outputs and emits
 * kernel steps; the executor owns placement and lifetime of every buffer. A lowering decides whether it can do the
 * node before it emits anything.
 */
export interface Lowering {
  readonly opset: number;
  /** Whether convolutions may take Winograd's algorithm. */
  readonly winograd: boolean;
  readonly epilogue: Epilogue;
  type(value: string): StaticType;
  constant(value: string): Tensor | undefined;
  /** Type of an output, which may be that of a node fused behind. */
  outputType(index: number): StaticType;
  /** The physical order in which a value lies now. */
  order(value: string): Order;
  /** The value in memory, in the order asked for (default: as it lies); converts once where it lies otherwise. */
  input(value: string, order?: Order, options?: InputOptions): Operand;
  /** Room for the node's output; `pitched` producers may be given a slice of a concat's buffer. */
  output(index: number, order: Order, options?: OutputOptions): Operand;
  /** Room for an output of a type that kernels do not take (int64); the host fetches it behind the step that is emitted next. */
  outputOnHost(index: number, elementBytes: number): { readonly target: Operand; fetch(): void };
  /** The output is an operand's memory read otherwise (Reshape, Transpose, Identity, Slice); dense unless strides are given. */
  alias(
    index: number,
    of: Operand,
    order: Order,
    view?: { readonly offset: number; readonly strides: readonly number[] },
  ): void;
  /** Makes the output of a concat and says which parts are already in place and where the others go. */
  concat(order: Order, axis: number): readonly ConcatPart[];
  scratch(bytes: number): Operand;
  /** Constant data of the kernels' own (a batch norm's scale): written once. */
  data(values: Float32Array | Int32Array | Uint8Array | Int8Array): Operand;
  /** Packs weights once, at compile time; the packed form is given back to `build`. */
  pack<T extends { readonly address: Address; readonly bytes: number }>(make: (workspace: Workspace) => T): Packed<T>;
  emit(step: EmittedStep): void;
}

/** Packed weights; `get` while building. Staged weights lie at another address than where they were packed. */
export interface Packed<T> {
  readonly value: T;
  /** Where staged weights lie while their step runs. */
  readonly staged: Operand | undefined;
  get(): T;
}

export interface ConcatPart {
  readonly value: string;
  /** Where the part belongs, or undefined when its producer has written it there. */
  readonly target: Operand | undefined;
}

/** Why an operator's variant has no kernel; the node then runs by its reference evaluation and the report says so. */
export type Declined = string | undefined;

export type Lower = (node: GraphNode, lowering: Lowering) => Declined;
