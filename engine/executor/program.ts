import type { KernelMode, Kernels, KernelThread } from '../../kernels/api.ts';
import type { Graph } from '../graph/graph.ts';
import type { Progress } from '../progress.ts';
import type { Tensor } from '../tensor.ts';
import type { Value } from '../value.ts';

/** A graph made ready to run for fixed input shapes. One run at a time. */
export interface Program {
  /** Throws `run/not-a-tensor` where an output is a sequence or optional: `runValues` gives those. */
  run(inputs: ReadonlyMap<string, Tensor>, options?: RunOptions): Promise<ReadonlyMap<string, Tensor>>;
  /** The same for values of every kind. */
  runValues(inputs: ReadonlyMap<string, Value>, options?: RunOptions): Promise<ReadonlyMap<string, Value>>;
  /**
   * Bytes of kernel memory that the program's activations, packed weights, steps and the kernels' scratch take together.
   * Nothing is allocated while it runs. (Scratch is shared by all programs on the same kernels.)
   */
  readonly peakBytes: number;
  /** Of these, the activations'. */
  readonly arenaBytes: number;
  /** The most activations that are alive in one step: no plan of memory takes less. */
  readonly arenaBound: number;
  /** How each node of the graph runs, in execution order: nothing falls back to slow code silently. */
  report(): readonly NodeReport[];
  dispose(): void;
}

export interface NodeReport {
  readonly node: string;
  readonly op: string;
  /**
   * `control`: its bodies are part of the program, and their nodes of this report; `free`: only another reading of its input's memory; `fused`: inside the kernel of node `into`; `constant`: computed
   * while compiling; `host`: a handful of numbers (shapes, conditions) by its reference evaluation, where they lie.
   */
  readonly how: 'kernel' | 'fused' | 'free' | 'constant' | 'control' | 'host' | 'reference';
  readonly into?: string;
  /** Kernels that compute it. */
  readonly kernels: readonly string[];
  /** Kernels that brought its inputs into the order that it wants. */
  readonly conversions: readonly string[];
  /** It computes on 8-bit codes: integer products and sums, or tables. */
  readonly integer?: true;
  /** Why it runs by its reference evaluation. */
  readonly reason?: string;
}

export interface RunOptions {
  /** Called for each value named in `CompileOptions.observed` while its buffer is alive; the view is valid only during the call. */
  observe?(value: string, view: ValueView): void;
  readonly progress?: Progress;
  /** Called after each kernel or reference evaluation with the time it took: profiles. */
  onStep?(step: StepTiming): void;
}

export interface StepTiming {
  /** Nodes computed; empty for a change of axis order. */
  readonly nodes: readonly string[];
  readonly kernel: string;
  readonly milliseconds: number;
}

/** A value's elements in the executor's own order; observers that need channels ask `layout`. */
export interface ValueView {
  readonly data: Float32Array | Int32Array | Uint8Array | Int8Array;
  /** Logical (ONNX) dims. */
  readonly dims: readonly number[];
  /** `plain` is row-major over `dims`; `channels-last` is row-major with axis 1 moved to the end. */
  readonly layout: 'plain' | 'channels-last';
  /** Where the elements lie in the kernels' memory, for observation by kernels; absent for values on the host. */
  readonly memory?: { readonly kernels: Kernels; readonly address: number };
}

export interface CompileOptions {
  /** Concrete dims for inputs with symbolic ones; a symbolic dimension not given here becomes 1. */
  readonly inputDims?: ReadonlyMap<string, readonly number[]>;
  readonly threads?: number;
  /** `strict`: plain SIMD and fixed reduction trees, the same bytes on every machine. `relaxed`: fastest. */
  readonly mode: KernelMode;
  /** 3×3 convolutions by Winograd's algorithm where it pays, in `strict` mode too; its rounding is not that of the direct sum. */
  readonly winograd?: boolean;
  /** Values whose buffers `run` shows to `observe`. */
  readonly observed?: readonly string[];
  /** Run every operator by its reference evaluation: slow, the oracle of the kernels. */
  readonly reference?: boolean;
  /**
   * Run a model with QuantizeLinear and DequantizeLinear in integers, as ONNX Runtime's optimiser does (default); false: every
   * node as it is written. Observing a value between the two nodes of a pair has the same effect as false.
   */
  readonly integers?: boolean;
  /** Kernels to run on, shared by several programs (then `mode` and `threads` are theirs); absent: the program loads its own. */
  readonly kernels?: Kernels;
  /** Starts threads for the program's own kernels (`Host.startThread`). */
  readonly startThread?: (data: unknown) => KernelThread;
  /** Stops compiling, and every run, a step in the middle included; kernels that are given are stopped by their own cell. */
  readonly progress?: Progress | undefined;
  /** `Host.memoryLeft`: what does not fit is said before it is allocated. */
  readonly memoryLeft?: (() => number | undefined) | undefined;
  /** Bytes of packed weights that may stay in kernel memory; more are staged step by step. */
  readonly residentWeights?: number;
}

export type Compile = (graph: Graph, options: CompileOptions) => Promise<Program>;
