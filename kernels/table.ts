/**
 * The one table of kernels. Every row is one function of the WASM modules: its name and its argument block. From here come
 * the argument classes that the AssemblyScript reads, the encoder that TypeScript writes with, the kernels' numbers,
 * and (keyed by the names) the tests and benchmarks: a row without its case does not compile.
 *
 * Every kernel has the signature `(arguments: address, begin: i32, end: i32, scratch: address)`: it does the items
 * `[begin, end)` of its work and may use the calling thread's scratch memory. Items never share an output byte, and
 * no result depends on how the items are divided.
 */
export type FieldType = 'address' | 'i32' | 'f32' | 'f64' | 'i32x8';
export type Fields = Readonly<Record<string, FieldType>>;

export interface KernelRow {
  readonly name: string;
  readonly fields: Fields;
}

/** Output window geometry shared by convolutions and pools; sizes in elements. */
const window = {
  inputHeight: 'i32',
  inputWidth: 'i32',
  outputHeight: 'i32',
  outputWidth: 'i32',
  kernelHeight: 'i32',
  kernelWidth: 'i32',
  strideHeight: 'i32',
  strideWidth: 'i32',
  dilationHeight: 'i32',
  dilationWidth: 'i32',
  padTop: 'i32',
  padLeft: 'i32',
} as const satisfies Fields;

/**
 * What the table of window addresses is built from: the first fields of every kernel that goes through `prepareTile`. Strides
 * and channel counts in elements of `1 << elementShift` bytes.
 */
const indirect = {
  input: 'address',
  weights: 'address',
  output: 'address',
  zeros: 'address',
  pixels: 'i32',
  ...window,
  inputStride: 'i32',
  outputStride: 'i32',
  groupInputs: 'i32',
  groupOutputs: 'i32',
  blockRows: 'i32',
  pixelBlocks: 'i32',
  blockPanels: 'i32',
  panelBlocks: 'i32',
  /** The runs of a kernel row are dense: no groups, no dilation along it, no gaps between pixels. */
  rowTaps: 'i32',
  /** No window reaches outside the input. */
  inside: 'i32',
  /** Windows (all inside, with dense rows) are copied together first: short runs cost more to look up than to copy. */
  gather: 'i32',
  /** 1×1, stride 1: pixel i of the output is pixel i of the input. */
  pointwise: 'i32',
  tileBytes: 'i32',
  elementShift: 'i32',
} as const satisfies Fields;

/** An activation of a recurrent cell: number in `recurrentFunctions` (kernels/functions.ts) and its parameters. */
const activation = <N extends string>(name: N) =>
  ({ [`${name}Fn`]: 'i32', [`${name}Alpha`]: 'f32', [`${name}Beta`]: 'f32' }) as {
    readonly [K in `${N}Fn`]: 'i32';
  } & { readonly [K in `${N}Alpha` | `${N}Beta`]: 'f32' };

/**
 * How accumulators become codes: number in `arithmetics` (kernels/functions.ts), constants per output channel (padded to 8), and
 * the code range. Multipliers are float32 (`ort`) or int32. Fixed-point arithmetic goes by shifts, one lane at a
 * time, or, where `factors` is not 0, by float64 factors 2^shift and int64 rounding terms (see assembly/requantize.ts).
 * `none`: outputs are int32; the code at the address `shifts` (int8 if `low`), unless that is 0, times `multipliers` is taken off.
 */
export const requantization = {
  arithmetic: 'i32',
  multipliers: 'address',
  shifts: 'address',
  factors: 'address',
  rounds: 'address',
  zero: 'i32',
  low: 'i32',
  high: 'i32',
  /** No rescaled accumulator reaches 2²¹: saturating to 16 and 8 bits clamps it (`ort`). */
  fits: 'i32',
} as const satisfies Fields;

export const kernelTable = [
  {
    // Rows of A are `aStride` elements apart. Items: blocks of `blockRows` rows × `blockPanels` panels.
    name: 'gemmF32',
    fields: {
      a: 'address',
      b: 'address',
      output: 'address',
      residual: 'address',
      m: 'i32',
      n: 'i32',
      k: 'i32',
      aStride: 'i32',
      outputStride: 'i32',
      residualStride: 'i32',
      blockRows: 'i32',
      blockPanels: 'i32',
      panelBlocks: 'i32',
      min: 'f32',
      max: 'f32',
    },
  },
  {
    // Few rows: four panels at a time. Items: groups of four panels.
    name: 'gemvF32',
    fields: {
      a: 'address',
      b: 'address',
      output: 'address',
      residual: 'address',
      m: 'i32',
      n: 'i32',
      k: 'i32',
      aStride: 'i32',
      outputStride: 'i32',
      residualStride: 'i32',
      min: 'f32',
      max: 'f32',
    },
  },
  {
    // Row-major [k, n] or (transposed) [n, k], times `scale`, into panels of 8 columns without bias. Items: panels.
    name: 'packF32',
    fields: {
      source: 'address',
      output: 'address',
      k: 'i32',
      n: 'i32',
      stride: 'i32',
      transposed: 'i32',
      scale: 'f32',
    },
  },
  {
    // Indirect GEMM over windows. Items: (group × pixel block) × panel block.
    name: 'convF32',
    fields: { ...indirect, residual: 'address', residualStride: 'i32', min: 'f32', max: 'f32' },
  },
  {
    // F(4×4, 3×3), stride 1. Items: blocks of `blockTiles` tiles of 4×4 outputs.
    name: 'winogradF32',
    fields: {
      input: 'address',
      weights: 'address',
      output: 'address',
      residual: 'address',
      zeros: 'address',
      inputHeight: 'i32',
      inputWidth: 'i32',
      outputHeight: 'i32',
      outputWidth: 'i32',
      padTop: 'i32',
      padLeft: 'i32',
      inputStride: 'i32',
      outputStride: 'i32',
      residualStride: 'i32',
      channels: 'i32',
      outputs: 'i32',
      panels: 'i32',
      tiles: 'i32',
      tilesHigh: 'i32',
      tilesWide: 'i32',
      blockTiles: 'i32',
      rowsAt: 'i32',
      inputsAt: 'i32',
      productsAt: 'i32',
      inputPlane: 'i32',
      productPlane: 'i32',
      min: 'f32',
      max: 'f32',
    },
  },
  {
    // Weights and biases packed as [1 + taps][channels rounded up to 4], biases first. Items: output rows.
    name: 'depthwiseF32',
    fields: {
      input: 'address',
      weights: 'address',
      output: 'address',
      residual: 'address',
      channels: 'i32',
      ...window,
      inputStride: 'i32',
      outputStride: 'i32',
      residualStride: 'i32',
      min: 'f32',
      max: 'f32',
    },
  },
  {
    // Items: output rows.
    name: 'maxPoolF32',
    fields: { input: 'address', output: 'address', channels: 'i32', ...window },
  },
  {
    // The divisor counts the window's part inside the input, or (`countPad`) inside input and padding. Items: output rows.
    name: 'averagePoolF32',
    fields: {
      input: 'address',
      output: 'address',
      channels: 'i32',
      ...window,
      padBottom: 'i32',
      padRight: 'i32',
      countPad: 'i32',
    },
  },
  {
    // `fn`: number in kernels/functions.ts. Items: runs of 1024 elements.
    name: 'unaryF32',
    fields: { input: 'address', output: 'address', count: 'i32', fn: 'i32', alpha: 'f32', beta: 'f32' },
  },
  {
    // dims[7] is a run; strides in bytes; the output is dense. Items: (outer index) × (chunks of `chunk` elements of a run).
    name: 'binaryF32',
    fields: {
      a: 'address',
      b: 'address',
      output: 'address',
      fn: 'i32',
      dims: 'i32x8',
      aStrides: 'i32x8',
      bStrides: 'i32x8',
      chunk: 'i32',
      chunks: 'i32',
      min: 'f32',
      max: 'f32',
    },
  },
  {
    // Items: rows.
    name: 'affineF32',
    fields: {
      input: 'address',
      output: 'address',
      channels: 'i32',
      scale: 'address',
      shift: 'address',
      min: 'f32',
      max: 'f32',
    },
  },
  {
    // `scale` and `shift` are float64, as many as channels, rounded up to 4. Items: rows.
    name: 'floorAffineF32',
    fields: {
      input: 'address',
      output: 'address',
      channels: 'i32',
      scale: 'address',
      shift: 'address',
      min: 'f32',
      max: 'f32',
    },
  },
  {
    // Over the middle axis of [outer, axis, inner]. Items: outer × quads of inner.
    name: 'softmaxF32',
    fields: { input: 'address', output: 'address', axis: 'i32', inner: 'i32', log: 'i32' },
  },
  {
    // Over the middle axis of [outer, axis, inner]; sums in float64. Items: outer × quads of inner.
    name: 'reduceF32',
    fields: { input: 'address', output: 'address', axis: 'i32', inner: 'i32', fn: 'i32' },
  },
  {
    // Index (int64) of the extreme along the middle axis of [outer, axis, inner]; of equal ones the first or (`last`) the last.
    // Items: inner = 1: quads of outer, else outer × quads of inner.
    name: 'argF32',
    fields: {
      input: 'address',
      output: 'address',
      outer: 'i32',
      axis: 'i32',
      inner: 'i32',
      smallest: 'i32',
      last: 'i32',
    },
  },
  {
    // Items: rows.
    name: 'layerNormF32',
    fields: {
      input: 'address',
      output: 'address',
      width: 'i32',
      scale: 'address',
      shift: 'address',
      epsilon: 'f32',
    },
  },
  {
    // One step of an LSTM, gates in the order input, output, forget, cell: `gates` [batch, 4 · hidden] are the sums, `previous` and
    // `cell` the old and the new cell state (may be the same; 0: zeros), `output` the new hidden state. `peepholes`
    // [3 · hidden] or 0. `coupled`: forget = 1 − input. Items: batch × quads of hidden units.
    name: 'lstmCellF32',
    fields: {
      gates: 'address',
      previous: 'address',
      cell: 'address',
      output: 'address',
      peepholes: 'address',
      hidden: 'i32',
      coupled: 'i32',
      clip: 'f32',
      ...activation('gate'),
      ...activation('cell'),
      ...activation('output'),
    },
  },
  {
    // One step of a GRU whose reset gate is applied behind the product, gates in the order update, reset, hidden: `inputs` and
    // `recurrent` [batch, 3 · hidden] are the two products, `previous` and `output` the hidden states.
    // Items: batch × quads of hidden units.
    name: 'gruCellF32',
    fields: {
      inputs: 'address',
      recurrent: 'address',
      previous: 'address',
      output: 'address',
      hidden: 'i32',
      clip: 'f32',
      ...activation('gate'),
      ...activation('cell'),
    },
  },
  {
    // The gates of a GRU whose reset gate is applied before the product: of the sums [batch, 2 · hidden] `update` becomes
    // the activated update gate and `kept` reset · previous. Items: batch × quads of hidden units.
    name: 'gruGatesF32',
    fields: {
      gates: 'address',
      previous: 'address',
      update: 'address',
      kept: 'address',
      hidden: 'i32',
      clip: 'f32',
      ...activation('gate'),
    },
  },
  {
    // Hidden state from sums [batch, hidden]: f(sums), or with `update` the mean of it and the previous state, weighted by the
    // update gate. Items: batch × quads of hidden units.
    name: 'rnnCellF32',
    fields: {
      sums: 'address',
      update: 'address',
      previous: 'address',
      output: 'address',
      hidden: 'i32',
      clip: 'f32',
      ...activation('cell'),
    },
  },
  {
    // dims[7] is a run of elements; strides in bytes. Items: outer indices.
    name: 'copyStrided',
    fields: {
      input: 'address',
      output: 'address',
      dims: 'i32x8',
      inputStrides: 'i32x8',
      outputStrides: 'i32x8',
      elementBytes: 'i32',
    },
  },
  {
    // out[outer][r][c] = in[outer][c][r]: r is dense in the input, c in the output. dims[0…6] are the outer ones;
    // strides in bytes. Items: outer × blocks of 32 r.
    name: 'transpose',
    fields: {
      input: 'address',
      output: 'address',
      dims: 'i32x8',
      inputStrides: 'i32x8',
      outputStrides: 'i32x8',
      rows: 'i32',
      columns: 'i32',
      rowStride: 'i32',
      columnStride: 'i32',
      elementBytes: 'i32',
    },
  },
  {
    // `pattern`: the element's bits, repeated to 4 bytes. Items: runs of 4096 bytes.
    name: 'fill',
    fields: { output: 'address', bytes: 'i32', pattern: 'i32' },
  },
  {
    // Items: outer × count.
    name: 'gatherRows',
    fields: {
      input: 'address',
      indices: 'address',
      output: 'address',
      count: 'i32',
      rowBytes: 'i32',
      outerBytes: 'i32',
    },
  },
  {
    // Channels last; `rows`, `columns`: int32 source index of each output row and column. Items: output rows.
    name: 'resizeNearest',
    fields: {
      input: 'address',
      output: 'address',
      inputHeight: 'i32',
      inputWidth: 'i32',
      pixelBytes: 'i32',
      outputHeight: 'i32',
      outputWidth: 'i32',
      rows: 'address',
      columns: 'address',
    },
  },
  {
    // `rows`, `columns`: per output row and column {lower index: i32, upper index: i32, weight of the upper: f32}.
    name: 'resizeLinearF32',
    fields: {
      input: 'address',
      output: 'address',
      inputHeight: 'i32',
      inputWidth: 'i32',
      channels: 'i32',
      outputHeight: 'i32',
      outputWidth: 'i32',
      rows: 'address',
      columns: 'address',
    },
  },
  {
    // Lines of pixels with their padding (zeros) around them into the shared scratch, for a convolution whose windows then never
    // reach outside. Items: padded lines.
    name: 'padLines',
    fields: {
      input: 'address',
      height: 'i32',
      width: 'i32',
      padTop: 'i32',
      padLeft: 'i32',
      padBottom: 'i32',
      padRight: 'i32',
      pixelBytes: 'i32',
      inputPixelBytes: 'i32',
    },
  },
  {
    // As padLines, 8-bit codes becoming int16 with the zero point taken off, channels of each group padded from `channels`
    // to `padded`. At most `pixels` pixels in all. Items: padded lines.
    name: 'widenCodes',
    fields: {
      input: 'address',
      pixels: 'i32',
      height: 'i32',
      width: 'i32',
      padTop: 'i32',
      padLeft: 'i32',
      padBottom: 'i32',
      padRight: 'i32',
      groups: 'i32',
      channels: 'i32',
      padded: 'i32',
      inputStride: 'i32',
      zero: 'i32',
      /** Where the zero point is a code in memory, else 0. */
      zeroAt: 'address',
      signed: 'i32',
    },
  },
  {
    // Indirect GEMM of int16 pairs into int32. Panels: 8 int32 biases, then one row of 8 × 2 int16 a pair of elements of
    // each run (a kernel row, or the channels of one tap); a run of odd length ends with a weight of 0.
    // Items: (group × pixel block) × panel block.
    name: 'convCodes',
    fields: { ...indirect, panelBytes: 'i32', ...requantization },
  },
  {
    // As padLines, of codes: `zero` around them, every code xor `flip` (128 turns int8 into uint8 and back). At most `pixels`
    // pixels in all. Items: padded lines.
    name: 'padCodes',
    fields: {
      input: 'address',
      pixels: 'i32',
      height: 'i32',
      width: 'i32',
      padTop: 'i32',
      padLeft: 'i32',
      padBottom: 'i32',
      padRight: 'i32',
      pixelBytes: 'i32',
      inputStride: 'i32',
      zero: 'i32',
      /** Where the zero point is a code in memory, else 0. */
      zeroAt: 'address',
      flip: 'i32',
    },
  },
  {
    // GEMM of bytes into int32, four products a lane; only where `KernelFeatures.dot` says that it is exact. All windows lie inside
    // the input; `offsets`: int32 bytes from a window's corner to each of its `taps` runs of `lanes` lanes. Panels:
    // 8 int32 biases, which contain the zero point's part, then one row of 8 × 4 int8 for each four elements of a run, and that
    // once more for each further pass of the panel: weights that int8 does not hold are sums. `single`: no panel has more passes
    // than one. Input 0: the lines that padCodes left. Items: (group × pixel block) × panel block.
    name: 'dotCodes',
    fields: {
      input: 'address',
      weights: 'address',
      output: 'address',
      offsets: 'address',
      taps: 'i32',
      lanes: 'i32',
      pixels: 'i32',
      outputHeight: 'i32',
      outputWidth: 'i32',
      /** Bytes between the windows of neighbouring outputs: of images, lines, pixels. */
      imageStep: 'i32',
      lineStep: 'i32',
      pixelStep: 'i32',
      groupInputs: 'i32',
      groupOutputs: 'i32',
      outputStride: 'i32',
      blockRows: 'i32',
      pixelBlocks: 'i32',
      blockPanels: 'i32',
      panelBlocks: 'i32',
      panelBytes: 'i32',
      passes: 'address',
      single: 'i32',
      ...requantization,
    },
  },
  {
    // Four taps of a column a lane. Weights: for each 8 channels 8 int32 biases, which contain the zero point's part, and for each
    // column and four of its taps 8 × 4 int8, in passes as dotCodes has them. `zeros`: 8 codes of the zero point; codes enter xor
    // `flip`. Items: output rows.
    name: 'depthwiseDotCodes',
    fields: {
      input: 'address',
      weights: 'address',
      output: 'address',
      zeros: 'address',
      channels: 'i32',
      ...window,
      inputStride: 'i32',
      outputStride: 'i32',
      flip: 'i32',
      groupBytes: 'i32',
      passes: 'address',
      ...requantization,
    },
  },
  {
    // Weights: int32 biases [padded], then [tap pairs][padded][2] int16, then `padded` bytes of the zero point.
    // `padded`: channels rounded up to 8. The biases contain the zero point's part: codes enter as they are. Items: output rows.
    name: 'depthwiseCodes',
    fields: {
      input: 'address',
      weights: 'address',
      output: 'address',
      channels: 'i32',
      ...window,
      inputStride: 'i32',
      outputStride: 'i32',
      signed: 'i32',
      ...requantization,
    },
  },
  {
    // Items: output rows.
    name: 'maxPoolCodes',
    fields: { input: 'address', output: 'address', channels: 'i32', ...window, signed: 'i32' },
  },
  {
    // Multipliers and shifts are indexed by the number of pixels a window counts. Items: output rows.
    name: 'averagePoolCodes',
    fields: {
      input: 'address',
      output: 'address',
      channels: 'i32',
      ...window,
      padBottom: 'i32',
      padRight: 'i32',
      countPad: 'i32',
      inputZero: 'i32',
      signed: 'i32',
      ...requantization,
    },
  },
  {
    // Strided as binaryF32. Addition in float (`ort`) uses the scales, in fixed point the 256-entry int32 tables;
    // multiplication uses the multiplier alone.
    name: 'binaryCodes',
    fields: {
      a: 'address',
      b: 'address',
      output: 'address',
      multiply: 'i32',
      dims: 'i32x8',
      aStrides: 'i32x8',
      bStrides: 'i32x8',
      chunk: 'i32',
      chunks: 'i32',
      aSigned: 'i32',
      bSigned: 'i32',
      aZero: 'i32',
      bZero: 'i32',
      aScale: 'f32',
      bScale: 'f32',
      outputScale: 'f32',
      aTable: 'address',
      bTable: 'address',
      ...requantization,
    },
  },
  {
    // 256 bytes at `table`. Items: runs of 4096 codes.
    name: 'lookupCodes',
    fields: { input: 'address', output: 'address', count: 'i32', table: 'address' },
  },
  {
    // `channels` 0: one scale and zero point (a float32 integer), else one each per element of the last axis.
    // Items: runs of 1024 elements.
    name: 'quantizeF32',
    fields: {
      input: 'address',
      output: 'address',
      count: 'i32',
      channels: 'i32',
      scale: 'address',
      zero: 'address',
      low: 'f32',
      high: 'f32',
    },
  },
  {
    // {min, max} at `range` to the scale (float32) and zero point (a float32 and a code) of uint8 codes that hold them and 0.
    // Items: 1.
    name: 'rangeCodes',
    fields: { range: 'address', scale: 'address', zero: 'address', code: 'address' },
  },
  {
    name: 'fakeQuantizeF32',
    fields: {
      input: 'address',
      output: 'address',
      count: 'i32',
      channels: 'i32',
      scale: 'address',
      zero: 'address',
      low: 'f32',
      high: 'f32',
    },
  },
  {
    name: 'dequantizeF32',
    fields: {
      input: 'address',
      output: 'address',
      count: 'i32',
      channels: 'i32',
      scale: 'address',
      zero: 'address',
      signed: 'i32',
    },
  },
  {
    // float32 {min, max} of the finite values of each item, int32 number of the others. Items: runs of 65536 elements.
    name: 'minMaxF32',
    fields: { input: 'address', output: 'address', count: 'i32' },
  },
  {
    // The like of several items to one. Items: 1.
    name: 'combineMinMaxF32',
    fields: { input: 'address', output: 'address', count: 'i32' },
  },
  {
    // Minima, then maxima, of the finite values of each channel. Items: quads of channels.
    name: 'minMaxChannelsF32',
    fields: { input: 'address', output: 'address', rows: 'i32', channels: 'i32' },
  },
  {
    // counts[part][half + clamp(floor(x · factor))] += 1, exact zeros in the part's last four. Items: parts.
    name: 'histogramF32',
    fields: {
      factor: 'f32',
      input: 'address',
      counts: 'address',
      count: 'i32',
      half: 'i32',
      parts: 'i32',
    },
  },
  {
    // float64 {Σ|x|, Σx²}, or with `b` {Σ(a − b)², Σa²}, of each item; four running sums. Items: runs of 65536 elements.
    name: 'sumsF32',
    fields: { a: 'address', b: 'address', output: 'address', count: 'i32' },
  },
  {
    // float64 pairs added in order. Items: 1.
    name: 'combineSumsF64',
    fields: { input: 'address', output: 'address', count: 'i32' },
  },
] as const satisfies readonly KernelRow[];

export type KernelName = (typeof kernelTable)[number]['name'];

type RowOf<N extends KernelName> = Extract<(typeof kernelTable)[number], { readonly name: N }>;

/** Arguments of one kernel, by field name. */
export type ArgumentsOf<N extends KernelName> = {
  readonly [F in keyof RowOf<N>['fields']]: RowOf<N>['fields'][F] extends 'i32x8' ? readonly number[] : number;
};

export const kernelNumber: ReadonlyMap<KernelName, number> = new Map(
  kernelTable.map((row, index) => [row.name, index]),
);
