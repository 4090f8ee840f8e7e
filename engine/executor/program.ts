import type { Graph } from '../graph/graph.ts';
import type { Progress } from '../progress.ts';
import type { Tensor } from '../tensor.ts';

/** A graph made ready to run for fixed input shapes. One run at a time. */
export interface Program {
  run(inputs: ReadonlyMap<string, Tensor>, options?: RunOptions): Promise<ReadonlyMap<string, Tensor>>;
  /** Highest number of bytes that the program's activations, packed weights and scratch take together. */
  readonly peakBytes: number;
  dispose(): void;
}

export interface RunOptions {
  /** Called for each value named in `CompileOptions.observed` while its buffer is alive; the view is valid only during the call. */
  observe?(value: string, view: ValueView): void;
  readonly progress?: Progress;
}

/** A value's elements in the executor's own order; observers that need channels ask `channelAxis`. */
export interface ValueView {
  readonly data: Float32Array | Int32Array | Uint8Array | Int8Array;
  /** Logical (ONNX) dims. */
  readonly dims: readonly number[];
  /** `plain` is row-major over `dims`; `channels-last` is row-major with axis 1 moved to the end. */
  readonly layout: 'plain' | 'channels-last';
}

export interface CompileOptions {
  /** Concrete dims for inputs with symbolic ones; a symbolic dimension not given here becomes 1. */
  readonly inputDims?: ReadonlyMap<string, readonly number[]>;
  readonly threads?: number;
  /** `strict`: plain SIMD and fixed reduction trees, the same bytes on every machine. `relaxed`: fastest. */
  readonly mode: 'strict' | 'relaxed';
  /** Values whose buffers `run` shows to `observe`. */
  readonly observed?: readonly string[];
  /** Run every operator by its reference evaluation: slow, the oracle of the kernels. */
  readonly reference?: boolean;
}

export type Compile = (graph: Graph, options: CompileOptions) => Promise<Program>;
