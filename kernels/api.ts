import type { BinaryFunction, RecurrentFunction, ReduceFunction, UnaryFunction } from './functions.ts';

/**
 * The contract between the kernels and whoever runs networks with them (`engine/executor`).
 *
 * Terms. An *address* is a byte offset into the kernels' memory. A *step* is one operator made ready: its arguments
 * lie in kernel memory, it can be run any number of times, by one thread or by several. Builders (`conv2d`, `binary`,
 * …) choose the algorithm and return a step; they read shapes, never tensor contents, so that all building can happen
 * once, before the first run. Packing functions copy weights once into the order a kernel wants.
 *
 * Layout. Activations with spatial dims are channels-last: `[batch, height, width, channels]`; 1-D ones have height 1.
 * Everything else is row-major. float32 unless a name says otherwise; int8 tensors are one byte an element.
 *
 * Alignment. Addresses of float32/int32 tensors are multiples of 4. `alloc` gives multiples of 64.
 *
 * Aliasing. Elementwise steps (unary, binary, affine, fakeQuantize) may write over an input that has the output's shape and lies as it
 * does, where no other input lies there. No other step may have an output that overlaps an input.
 */
export type Address = number;

/** `strict`: plain SIMD, same bytes on every machine. `relaxed`: fused multiply-add where the machine has it. */
export type KernelMode = 'strict' | 'relaxed';

export interface KernelFeatures {
  /** What is in use: `relaxed` was asked for and the machine passed the known-answer test. */
  readonly mode: KernelMode;
  /**
   * Activations that the machine multiplies exactly by int8 weights, four bytes in one instruction, as the loader found out;
   * absent: integer products are made of 16 bits. The results are the same.
   */
  readonly dot?: CodeType;
  /** Memory is a SharedArrayBuffer. */
  readonly shared: boolean;
  /** Threads that work on a step, the caller's included. */
  readonly threads: number;
}

export interface Kernels {
  readonly features: KernelFeatures;
  readonly memory: WebAssembly.Memory;
  /** Views into kernel memory. Valid until the next allocation, which may grow the memory: take them anew each time. */
  f32(address: Address, count: number): Float32Array;
  i32(address: Address, count: number): Int32Array;
  u8(address: Address, count: number): Uint8Array;
  s8(address: Address, count: number): Int8Array;
  /** A new owner of allocations, steps and packed weights; `dispose` gives everything back at once. */
  workspace(): Workspace;
  /**
   * Runs a step to its end, synchronously, on this thread and the pool's. Throws `KernelsCancelled` when the cancel
   * cell was set before the end (outputs are then undefined), `KernelThreadLost` when a thread of the pool died.
   */
  run(step: Step): void;
  /**
   * One int32, given when the kernels were loaded or their own: storing a non-zero number (`Atomics.store(cell, 0, 1)`) cancels the running step
   * at its next tile, and every later one until 0 is stored. Where it lies in shared memory, as it does with several threads, another thread may do so.
   */
  cancelCell(): Int32Array;
  /** Bytes allocated now and at most since the last `resetPeak`, over all workspaces. */
  readonly allocatedBytes: number;
  readonly peakBytes: number;
  /** Beyond which memory does not grow. */
  readonly limitBytes: number;
  /** The part of `allocatedBytes` that belongs to no workspace: scratch memory, grown to what the largest step needs. */
  readonly scratchBytes: number;
  resetPeak(): void;
  /** Ends the pool's threads. */
  dispose(): void;
}

/** An operator ready to run. `calls` is the kernels' own affair. */
export interface Step {
  readonly name: string;
  readonly calls: readonly Call[];
}

export interface Call {
  /** Index in the kernel table. */
  readonly kernel: number;
  /** Address of the argument block. */
  readonly descriptor: Address;
  /** The work is `[0, items)`; threads fetch it in tiles of `grain` items. */
  readonly items: number;
  readonly grain: number;
}

/** Fused activation: y = min(max(x, min), max). Absent bounds do nothing. */
export interface Clamp {
  readonly min?: number;
  readonly max?: number;
}

/** `pads` are top, left, bottom, right, as in ONNX. For 1-D use height 1, kernel [1, k], pads [0, left, 0, right]. */
export interface ConvGeometry {
  readonly batch: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly kernel: readonly [height: number, width: number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly groups: number;
}

export interface PoolGeometry {
  readonly batch: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly channels: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Only top and left matter; the bottom and right follow from the output's size. For `countIncludePad` all four do. */
  readonly pads: readonly [number, number, number, number];
}

export interface PackedMatrix {
  readonly kind: 'matrix';
  readonly address: Address;
  readonly k: number;
  readonly n: number;
  readonly bytes: number;
}

/** Weights of one convolution packed for the algorithm chosen from its geometry. */
export interface PackedConv {
  readonly kind: 'conv';
  readonly geometry: ConvGeometry;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly algorithm: string;
  readonly address: Address;
  readonly bytes: number;
}

/**
 * Parameters: leakyRelu, elu, swish, thresholdedRelu: alpha. clip: alpha = min, beta = max. hardSigmoid: max(0, min(1,
 * alpha x + beta)). selu: alpha, beta = gamma. round: half to even. gelu: x (1 + erf(x/√2)) / 2; geluTanh its approximation.
 * swish: x sigmoid(alpha x). hardSwish: x max(0, min(1, x/6 + 1/2)).
 * prelu: a < 0 ? a b : a. Comparisons give 1 or 0. min, max: NaN wins.
 */
export type { BinaryFunction, RecurrentFunction, ReduceFunction, UnaryFunction } from './functions.ts';

/** An activation of a recurrent layer with its parameters; the caller knows their defaults. */
export interface RecurrentActivation {
  readonly fn: RecurrentFunction;
  readonly alpha?: number;
  readonly beta?: number;
}

/** What the cells of recurrent layers share. `clip`: bound of the sums before their activation. */
export interface RecurrentCell {
  readonly batch: number;
  readonly hidden: number;
  readonly clip?: number | undefined;
}

/** How an int32 accumulator becomes an 8-bit code; all per output channel or of length 1. See METHODS B3 and RUNTIMES. */
export type Requantization =
  /** code = saturate(roundHalfToEven(float(acc) · scale) + zero), in float32; scale = s_in · s_w / s_out. */
  | { readonly arithmetic: 'ort'; readonly scale: Float32Array }
  /**
   * scale = multiplier · 2^(shift − 31), multiplier in [2³⁰, 2³¹); shift may be negative, or 0 and 0. `tflite`: one rounding, half
   * up. `gemmlowp`: SaturatingRoundingDoublingHighMul, then RoundingDivideByPOT.
   */
  | { readonly arithmetic: 'tflite' | 'gemmlowp'; readonly multiplier: Int32Array; readonly shift: Int32Array }
  /** ((acc · multiplier >> (shift − 1)) + 1) >> 1 with shift ≥ 1 (METHODS A1, without pre-shift). */
  | { readonly arithmetic: 'settle'; readonly multiplier: Int32Array; readonly shift: Int32Array };

/** Convolutions and products may leave their accumulators as they are: int32 outputs. */
export interface NoRequantization {
  readonly arithmetic: 'none';
}

/** 8-bit activations: `u8` codes 0…255, `s8` codes −128…127. */
export type CodeType = 'u8' | 's8';

export interface CodeOutput {
  readonly type: CodeType;
  readonly zeroPoint: number;
  /** Codes are clamped to this range after the zero point was added (fused activation, narrow range). */
  readonly low: number;
  readonly high: number;
}

/** Weights of an integer convolution or matrix product, their zero point taken off: −255…255 in all. */
export interface QConvWeights {
  readonly geometry: ConvGeometry;
  /** [outputChannels, inputChannels / groups, kernelHeight, kernelWidth], row-major as in ONNX. */
  readonly weights: Int8Array | Int16Array;
  readonly bias?: Int32Array | undefined;
  readonly input: { readonly type: CodeType; readonly zeroPoint: number };
  /** Means nothing for int32 outputs. */
  readonly output: CodeOutput;
  readonly requantization: Requantization | NoRequantization;
}

export interface PackedQConv {
  readonly kind: 'qconv';
  readonly geometry: ConvGeometry;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly algorithm: string;
  readonly address: Address;
  readonly bytes: number;
}

export interface PackedQMatrix {
  readonly kind: 'qmatrix';
  readonly k: number;
  readonly n: number;
  readonly address: Address;
  readonly bytes: number;
}

/** Results of `observe` steps lie in kernel memory. */
export interface Workspace {
  readonly kernels: Kernels;
  /** Uninitialised memory. Throws `KernelMemoryExhausted`. */
  alloc(bytes: number): Address;
  free(address: Address): void;
  /** Gives back every allocation, packed weight and step of this workspace. */
  dispose(): void;
  /** Bytes this workspace holds. */
  readonly bytes: number;

  // ---- float32 matrix product and convolution -----------------------------------------------------------------

  /** Packs B [k, n] (`transposed`: given as [n, k]) with its bias [n]; columns in panels of 8. */
  packMatrix(args: {
    readonly k: number;
    readonly n: number;
    readonly values: Float32Array;
    readonly transposed?: boolean;
    readonly bias?: Float32Array | undefined;
    /** Factor on the values (Gemm's alpha). */
    readonly scale?: number;
  }): PackedMatrix;
  /** Room for a B that is only known while running; `packMatrixStep` fills it. */
  reserveMatrix(k: number, n: number): PackedMatrix;
  packMatrixStep(args: {
    readonly matrix: PackedMatrix;
    readonly source: Address;
    /** Elements between rows of the source as it lies ([k, n], or [n, k] when transposed). */
    readonly sourceStride?: number;
    readonly transposed?: boolean;
    /** Factor on the values. */
    readonly scale?: number;
  }): Step;
  /** output[m, n] = clamp(a[m, k] · b[k, n] + bias[n] + residual[m, n]). Strides in elements, defaulting to k and n. */
  gemm(args: {
    readonly m: number;
    readonly a: Address;
    readonly aStride?: number;
    readonly b: PackedMatrix;
    readonly output: Address;
    readonly outputStride?: number;
    readonly residual?: Address | undefined;
    readonly residualStride?: number;
    readonly clamp?: Clamp;
  }): Step;

  /** `weights` as in ONNX: [outputChannels, inputChannels / groups, kernelHeight, kernelWidth]. */
  packConv(args: {
    readonly geometry: ConvGeometry;
    readonly weights: Float32Array;
    readonly bias?: Float32Array | undefined;
    /**
     * 3×3 convolutions by Winograd's algorithm where it pays (default: in relaxed mode). In strict mode that gives the same bytes on
     * every machine, too, but not those of the direct sum.
     */
    readonly winograd?: boolean;
  }): PackedConv;
  conv2d(args: {
    readonly conv: PackedConv;
    readonly input: Address;
    readonly output: Address;
    /** A tensor of the output's shape, added before the clamp; may be the output itself. */
    readonly residual?: Address | undefined;
    readonly clamp?: Clamp;
    /**
     * Elements between two pixels of the output (default: outputChannels). A concat along channels is had by letting
     * each producer write its slice of the joint buffer. The same for input and residual.
     */
    readonly outputStride?: number;
    readonly inputStride?: number;
    readonly residualStride?: number;
  }): Step;

  // ---- float32 pooling -------------------------------------------------------------------------------------------

  maxPool(args: { readonly geometry: PoolGeometry; readonly input: Address; readonly output: Address }): Step;
  averagePool(args: {
    readonly geometry: PoolGeometry;
    readonly countIncludePad: boolean;
    readonly input: Address;
    readonly output: Address;
  }): Step;
  /** [batch, pixels, channels] -> [batch, channels]. */
  globalPool(args: {
    readonly kind: 'average' | 'max';
    readonly batch: number;
    readonly pixels: number;
    readonly channels: number;
    readonly input: Address;
    readonly output: Address;
  }): Step;

  // ---- float32 elementwise ---------------------------------------------------------------------------------------

  unary(args: {
    readonly fn: UnaryFunction;
    readonly input: Address;
    readonly output: Address;
    readonly count: number;
    readonly alpha?: number;
    readonly beta?: number;
  }): Step;
  /**
   * Broadcasting binary. `dims`: the output's; strides in elements per output dim, 0 where an operand is broadcast.
   * Rank at most 8. The fast cases (equal shapes, scalar, last-axis vector) are found from the strides.
   */
  binary(args: {
    readonly fn: BinaryFunction;
    readonly a: Address;
    readonly b: Address;
    readonly output: Address;
    readonly dims: readonly number[];
    readonly aStrides: readonly number[];
    readonly bStrides: readonly number[];
    readonly clamp?: Clamp;
  }): Step;
  /** y[r, c] = clamp(x[r, c] · scale[c] + shift[c]): batch normalisation, channels last. `scale`, `shift`: addresses. */
  affine(args: {
    readonly input: Address;
    readonly output: Address;
    readonly rows: number;
    readonly channels: number;
    readonly scale: Address;
    readonly shift: Address;
    readonly clamp?: Clamp;
  }): Step;
  /**
   * y[r, c] = clamp(⌊x[r, c] · scale[c] + shift[c]⌋), product and sum in float64: requantisation of integers that are held
   * in float32. `scale`, `shift`: addresses of float64, as many as channels, rounded up to a multiple of 4.
   */
  floorAffine(args: {
    readonly input: Address;
    readonly output: Address;
    readonly rows: number;
    readonly channels: number;
    readonly scale: Address;
    readonly shift: Address;
    readonly clamp?: Clamp;
  }): Step;
  /** Over the middle axis of [outer, axis, inner]. */
  softmax(args: {
    readonly log: boolean;
    readonly input: Address;
    readonly output: Address;
    readonly outer: number;
    readonly axis: number;
    readonly inner: number;
  }): Step;
  /**
   * int64 index of the largest (or `smallest`) element over the middle axis of [outer, axis, inner], the first of several or
   * the `last`.
   */
  arg(args: {
    readonly input: Address;
    readonly output: Address;
    readonly outer: number;
    readonly axis: number;
    readonly inner: number;
    readonly smallest: boolean;
    readonly last: boolean;
  }): Step;
  /** Over the given axes of `dims` (row-major). The output is row-major over the axes that remain. */
  reduce(args: {
    readonly fn: ReduceFunction;
    readonly input: Address;
    readonly output: Address;
    readonly dims: readonly number[];
    readonly axes: readonly number[];
  }): Step;
  /** y = (x − mean) / √(variance + epsilon) · scale + shift over the last axis of [rows, width]. */
  layerNorm(args: {
    readonly input: Address;
    readonly output: Address;
    readonly rows: number;
    readonly width: number;
    readonly scale: Address;
    readonly shift?: Address | undefined;
    readonly epsilon: number;
  }): Step;

  // ---- recurrent layers: one step for all batch entries; the products of weights and states are `gemm`'s ----------

  /**
   * `gates` [batch, 4 · hidden]: sums of input, output, forget and cell gate. `previous`: old cell state (absent: zeros), may be `cell`,
   * where the new one goes; `output`: new hidden state. `peepholes` [3 · hidden]. `coupled`: forget = 1 − input.
   * Activations of gates, candidate and cell.
   */
  lstmCell(
    args: RecurrentCell & {
      readonly gates: Address;
      readonly previous?: Address | undefined;
      readonly cell: Address;
      readonly output: Address;
      readonly peepholes?: Address | undefined;
      readonly coupled: boolean;
      readonly activations: readonly [RecurrentActivation, RecurrentActivation, RecurrentActivation];
    },
  ): Step;
  /** GRU, reset gate behind the product: `inputs` and `recurrent` [batch, 3 · hidden] for update, reset and hidden. */
  gruCell(
    args: RecurrentCell & {
      readonly inputs: Address;
      readonly recurrent: Address;
      readonly previous: Address;
      readonly output: Address;
      readonly activations: readonly [RecurrentActivation, RecurrentActivation];
    },
  ): Step;
  /** GRU, reset gate before the product: sums [batch, 2 · hidden] to `update` and `kept` = reset · previous, [batch, hidden] each. */
  gruGates(
    args: RecurrentCell & {
      readonly gates: Address;
      readonly previous: Address;
      readonly update: Address;
      readonly kept: Address;
      readonly activation: RecurrentActivation;
    },
  ): Step;
  /** output = f(sums), [batch, hidden]; with `gru` (1 − update) · f(sums) + update · previous. */
  rnnCell(
    args: RecurrentCell & {
      readonly sums: Address;
      readonly gru?: { readonly update: Address; readonly previous: Address } | undefined;
      readonly output: Address;
      readonly activation: RecurrentActivation;
    },
  ): Step;

  // ---- data movement (4-byte and 1-byte elements) ----------------------------------------------------------------

  /** output[i_perm[0], …] = input[i_0, …]; `dims` are the input's; output dim d is input dim perm[d]. Rank at most 8. */
  permute(args: {
    readonly input: Address;
    readonly output: Address;
    readonly dims: readonly number[];
    readonly perm: readonly number[];
    readonly elementBytes: 1 | 4;
  }): Step;
  /** [batch, channels, pixels] -> [batch, pixels, channels] and back: what enters and leaves channels-last. */
  toChannelsLast(args: LayoutArgs): Step;
  toChannelsFirst(args: LayoutArgs): Step;
  /**
   * Copies a block of `dims` between strided places; strides in elements and may be negative or 0 (input only).
   * Concat, slice, expand and the inner part of pad are made of it. Rank at most 8.
   */
  copy(args: {
    readonly input: Address;
    readonly output: Address;
    readonly dims: readonly number[];
    readonly inputStrides: readonly number[];
    readonly outputStrides: readonly number[];
    readonly elementBytes: 1 | 4;
  }): Step;
  /** Sets `count` elements to one value (float32 for 4 bytes, an integer code for 1 byte). */
  fill(args: {
    readonly output: Address;
    readonly count: number;
    readonly value: number;
    readonly elementBytes: 1 | 4;
  }): Step;
  /** Rows of `rowBytes` bytes at the int32 indices (already checked, non-negative) of `indices`. */
  gather(args: {
    readonly input: Address;
    readonly indices: Address;
    readonly output: Address;
    readonly count: number;
    readonly rowBytes: number;
    readonly outer?: number;
    /** Rows per outer block of the input. */
    readonly rows?: number;
  }): Step;

  /** Channels-last. Sampling positions are given per output row and column, so that every ONNX coordinate rule fits. */
  resize(args: {
    readonly kind: 'nearest' | 'linear';
    readonly batch: number;
    readonly inputHeight: number;
    readonly inputWidth: number;
    readonly channels: number;
    readonly outputHeight: number;
    readonly outputWidth: number;
    readonly input: Address;
    readonly output: Address;
    /**
     * nearest: source index per output row / column (as float64 integers); linear: source position, clamped by the
     * kernel to [0, size − 1].
     */
    readonly rows: Float64Array;
    readonly columns: Float64Array;
  }): Step;

  // ---- observation -----------------------------------------------------------------------------------------------

  /** At `output` float32[2] = {min, max} of the finite values, {+Inf, −Inf} where there are none; int32 number of the others. */
  minMax(args: { readonly input: Address; readonly count: number; readonly output: Address }): Step;
  /** Per channel of [rows, channels]: float32[channels] minima, then float32[channels] maxima. */
  minMaxChannels(args: {
    readonly input: Address;
    readonly rows: number;
    readonly channels: number;
    readonly output: Address;
  }): Step;
  /**
   * Adds to uint32[parts][2·half + 4] at `counts` (not cleared), each part from its share of the values: x falls in bin half + floor(x / width),
   * clamped to the first and last; exact zeros in any of the last four. `width`: a power of two in [2^−126, 2^126]. NaN falls in bin `half`.
   */
  histogram(args: {
    readonly input: Address;
    readonly count: number;
    readonly counts: Address;
    readonly half: number;
    readonly width: number;
    readonly parts: number;
  }): Step;
  /** float64[2] at `output` = {Σ|x|, Σx²}. */
  sums(args: { readonly input: Address; readonly count: number; readonly output: Address }): Step;
  /** float64[2] at `output` = {Σ(a − b)², Σa²}: signal-to-noise ratios. */
  squaredError(args: {
    readonly a: Address;
    readonly b: Address;
    readonly count: number;
    readonly output: Address;
  }): Step;

  // ---- quantisation ----------------------------------------------------------------------------------------------

  /**
   * code = clamp(roundHalfToEven(x / scale) + zeroPoint, low, high), in float32. Per tensor, or per channel of the last
   * axis when `channels` is given and `scale`, `zeroPoint` have that length. NaN becomes `low`.
   */
  quantize(args: QuantizeArgs): Step;
  /** y = (code − zeroPoint) · scale. */
  dequantize(args: Omit<QuantizeArgs, 'low' | 'high'>): Step;
  /** quantize, then dequantize, both float32; may work in place. */
  fakeQuantize(args: Omit<QuantizeArgs, 'type'>): Step;
  /** Codes to codes of another scale and zero point: ort: round(float(code − zero) · (s_in/s_out)) + zero'. */
  requantize(args: {
    readonly input: Address;
    readonly inputCodes: { readonly type: CodeType; readonly zeroPoint: number };
    readonly output: Address;
    readonly outputCodes: CodeOutput;
    readonly requantization: Requantization;
    readonly count: number;
  }): Step;

  packQConv(args: QConvWeights): PackedQConv;
  qconv2d(args: {
    readonly conv: PackedQConv;
    readonly input: Address;
    readonly output: Address;
    readonly inputStride?: number;
    readonly outputStride?: number;
    /** The input's zero point is the code there, known only while running (int32 outputs; packed with a zero point of 0). */
    readonly zeroPoint?: Address | undefined;
  }): Step;
  /** B [k, n] (`transposed`: [n, k]); parameters as for a 1×1 convolution with n output channels. */
  packQMatrix(
    args: Pick<QConvWeights, 'weights' | 'bias' | 'input' | 'output' | 'requantization'> & {
      readonly k: number;
      readonly n: number;
      readonly transposed?: boolean;
    },
  ): PackedQMatrix;
  qgemm(args: {
    readonly m: number;
    readonly a: Address;
    readonly b: PackedQMatrix;
    readonly output: Address;
    /** As for `qconv2d`. */
    readonly zeroPoint?: Address | undefined;
  }): Step;
  /**
   * uint8 codes whose scale and zero point come of the values' own range, which is made to hold 0 (DynamicQuantizeLinear). float32
   * at `scale`, a code at `zeroPoint`.
   */
  dynamicQuantize(args: {
    readonly input: Address;
    readonly count: number;
    readonly output: Address;
    readonly scale: Address;
    readonly zeroPoint: Address;
  }): Step;
  /**
   * Broadcasting as `binary`. With za = a − zero, zb alike: mul rescales za · zb. add, `ort`: round((za · s_a + zb · s_b) / s_out) with
   * every operation in float32; else aTable[a] + bTable[b] (by the codes' bytes) is rescaled.
   */
  qbinary(args: {
    readonly fn: 'add' | 'mul';
    readonly a: Address;
    readonly b: Address;
    readonly output: Address;
    readonly dims: readonly number[];
    readonly aStrides: readonly number[];
    readonly bStrides: readonly number[];
    readonly aCodes: CodeScale;
    readonly bCodes: CodeScale;
    readonly outputCodes: CodeOutput & { readonly scale: number };
    /** One constant for all; not used by an addition in `ort`. */
    readonly requantization: Requantization;
    readonly aTable?: Int32Array;
    readonly bTable?: Int32Array;
  }): Step;
  qmaxPool(args: {
    readonly geometry: PoolGeometry;
    readonly type: CodeType;
    readonly input: Address;
    readonly output: Address;
  }): Step;
  /** Sum of the codes less the zero point, rescaled by the constants at the number of pixels the window counts (index 0 unused). */
  qaveragePool(args: {
    readonly geometry: PoolGeometry;
    readonly countIncludePad: boolean;
    readonly input: Address;
    readonly inputCodes: Omit<CodeScale, 'scale'>;
    readonly output: Address;
    readonly outputCodes: CodeOutput;
    /** Constants for 0…kernel height · kernel width pixels. */
    readonly requantization: Requantization;
  }): Step;
  /** 256-entry table applied to every code (uint8[256] at `table`, indexed by the code's byte): any unary function of codes. */
  lookup(args: {
    readonly input: Address;
    readonly output: Address;
    readonly count: number;
    readonly table: Uint8Array;
  }): Step;
}

export interface CodeScale {
  readonly type: CodeType;
  readonly zeroPoint: number;
  readonly scale: number;
}

export interface LayoutArgs {
  readonly input: Address;
  readonly output: Address;
  readonly batch: number;
  readonly channels: number;
  readonly pixels: number;
  readonly elementBytes: 1 | 4;
}

export interface QuantizeArgs {
  readonly input: Address;
  readonly output: Address;
  readonly count: number;
  readonly channels?: number;
  readonly scale: Float32Array;
  readonly zeroPoint: Int32Array;
  readonly type: CodeType;
  readonly low: number;
  readonly high: number;
}

/** A thread of the pool, as its owner started it (`Host.startThread` returns one). */
export interface KernelThread {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  terminate(): void;
}

export interface LoadOptions {
  readonly mode: KernelMode;
  /** Threads that shall work, the caller's included; default 1. More than 1 needs `startThread`. */
  readonly threads?: number;
  /**
   * Starts a thread that calls `runKernelThread(data)` (`kernels/worker.ts`), which returns when the pool is disposed.
   * `data` passes through structured clone. Absent: one thread and unshared memory.
   */
  readonly startThread?: ((data: unknown) => KernelThread) | undefined;
  /**
   * The other threads are started after so many milliseconds of work that they could have shared; 0: at once. Default 100, so that
   * short jobs start none. Results do not depend on it.
   */
  readonly startAfterMilliseconds?: number;
  /**
   * Instead of what the loader finds out (`KernelFeatures.dot`), for tests: 'none' makes all integer products of 16 bits; the strict
   * module takes 'u8', slowly.
   */
  readonly dot?: CodeType | 'none' | undefined;
  /**
   * The cell that cancels; shared by all kernels of a job, over a SharedArrayBuffer where a thread that hears of the cancel
   * is to store into it while this one computes. Absent: one of their own.
   */
  readonly cancelCell?: Int32Array | undefined;
  /** Memory never grows beyond; default 2 GiB, at most 4 GiB. */
  readonly maximumBytes?: number;
  /** How long a pool thread may be silent in the middle of its work before it counts as lost; default 20 s. */
  readonly patienceMilliseconds?: number;
}

/** `loadKernels` in `kernels/loader.ts`. */
export type LoadKernels = (options: LoadOptions) => Promise<Kernels>;

export class KernelsCancelled extends Error {
  constructor() {
    super('The kernels were cancelled.');
    this.name = 'KernelsCancelled';
  }
}

export class KernelThreadLost extends Error {
  constructor(thread: number) {
    super(`Kernel thread ${thread} ended or stopped answering in the middle of its work; its result is lost.`);
    this.name = 'KernelThreadLost';
  }
}

export class KernelMemoryExhausted extends Error {
  /** Bytes that were asked for, bytes already in use, and the limit. */
  readonly requested: number;
  readonly inUse: number;
  readonly limit: number;
  constructor(requested: number, inUse: number, limit: number) {
    super(`The kernels' memory is exhausted: ${requested} bytes asked for, ${inUse} of ${limit} in use.`);
    this.name = 'KernelMemoryExhausted';
    this.requested = requested;
    this.inUse = inUse;
    this.limit = limit;
  }
}
