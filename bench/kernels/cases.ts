import type { CodeOutput, PoolGeometry, Requantization, Step, Workspace } from '../../kernels/api.ts';
import type { KernelName } from '../../kernels/table.ts';
import { type Layer, layers } from './layers.ts';

/** One thing to time: `work` in operations (a multiply-add is two) or elements, as `unit` says. */
export interface BenchCase {
  readonly name: string;
  readonly unit: 'operations' | 'elements';
  readonly work: number;
  /** Bytes that are read and written at least: each input and output once. */
  readonly bytes: number;
  /** The operations are float32 multiply-adds: the machine's peak holds for them. */
  readonly float?: boolean;
  build(ws: Workspace): Step;
}

const codes: CodeOutput = { type: 'u8', zeroPoint: 3, low: 0, high: 255 };
const scaled = { type: 'u8', zeroPoint: 3, scale: 0.05 } as const;
const constants: Readonly<Record<'ort' | 'tflite', Requantization>> = {
  ort: { arithmetic: 'ort', scale: Float32Array.of(0.001) },
  tflite: { arithmetic: 'tflite', multiplier: Int32Array.of(1_500_000_000), shift: Int32Array.of(-9) },
};

/** A buffer with numbers between −2 and 2. */
function buffer(ws: Workspace, count: number): number {
  const address = ws.alloc(4 * count);
  const values = ws.kernels.f32(address, count);
  for (let i = 0; i < count; i++) values[i] = Math.sin(i) * 2;
  return address;
}

function volumes({ geometry: g }: Layer): {
  readonly input: number;
  readonly weights: number;
  readonly output: number;
} {
  const [height, width] = [g.inputHeight, g.inputWidth].map((size, d) => Math.floor((size - 1) / g.strides[d]!) + 1);
  return {
    input: g.batch * g.inputHeight * g.inputWidth * g.inputChannels,
    weights: (g.outputChannels * g.inputChannels * g.kernel[0] * g.kernel[1]) / g.groups,
    output: g.batch * height! * width! * g.outputChannels,
  };
}

function convCase(layer: Layer, direct = false): BenchCase {
  const { input, weights, output } = volumes(layer);
  const work = (2 * output * weights) / layer.geometry.outputChannels;
  return {
    name: direct ? `${layer.name}, direct` : layer.name,
    unit: 'operations',
    work,
    bytes: 4 * (input + weights + output),
    float: true,
    build: (ws) => {
      const conv = ws.packConv({
        geometry: layer.geometry,
        weights: Float32Array.from({ length: weights }, (_, i) => Math.cos(i)),
        bias: new Float32Array(layer.geometry.outputChannels),
        ...(direct && { winograd: false }),
      });
      return ws.conv2d({ conv, input: buffer(ws, input), output: ws.alloc(4 * output), clamp: { min: 0 } });
    },
  };
}

function qconvCase(layer: Layer, arithmetic: 'ort' | 'tflite'): BenchCase {
  const { input, weights, output } = volumes(layer);
  return {
    name: `${layer.name}, ${arithmetic}`,
    unit: 'operations',
    work: (2 * output * weights) / layer.geometry.outputChannels,
    bytes: input + weights + output,
    build: (ws) => {
      const conv = ws.packQConv({
        geometry: layer.geometry,
        weights: Int8Array.from({ length: weights }, (_, i) => (i * 37) % 127),
        input: { type: 'u8', zeroPoint: 7 },
        output: codes,
        requantization: constants[arithmetic],
      });
      return ws.qconv2d({ conv, input: buffer(ws, Math.ceil(input / 4)), output: ws.alloc(output) });
    },
  };
}

const depthwise = ({ geometry: g }: Layer): boolean => g.groups > 1 && g.groups === g.inputChannels;
const pointwise = ({ geometry }: Layer): boolean => geometry.kernel[0] === 1;
const few = ({ geometry }: Layer): boolean => geometry.inputHeight * geometry.inputWidth < 3;
const narrow = ({ geometry: g }: Layer): boolean => g.inputChannels < 8 && g.inputWidth < 64 && g.groups === 1;
/** What relaxed kernels do by Winograd; the rate counts the operations of the direct sum. */
const square = ({ geometry: g }: Layer): boolean => g.kernel[0] === 3 && g.strides[0] === 1 && g.groups === 1;

function both(select: (layer: Layer) => boolean): BenchCase[] {
  return layers.filter(select).flatMap((layer) => [qconvCase(layer, 'ort'), qconvCase(layer, 'tflite')]);
}

const count = 1 << 16;

/** `bytes`: by default a float32 read and one written an element. */
function elementwise(name: string, build: (ws: Workspace) => Step, elements = count, bytes = 8 * elements): BenchCase {
  return { name, unit: 'elements', work: elements, bytes, build };
}

function gemmCase(m: number, k: number, n: number): BenchCase {
  return {
    name: `${m} × ${k} × ${n}`,
    unit: 'operations',
    work: 2 * m * k * n,
    bytes: 4 * (m * k + k * n + m * n),
    float: true,
    build: (ws) => {
      const b = ws.packMatrix({ k, n, values: Float32Array.from({ length: k * n }, (_, i) => Math.cos(i)) });
      return ws.gemm({ m, a: buffer(ws, m * k), b, output: ws.alloc(4 * m * n) });
    },
  };
}

const pool: PoolGeometry = {
  batch: 1,
  inputHeight: 54,
  inputWidth: 54,
  channels: 64,
  outputHeight: 26,
  outputWidth: 26,
  kernel: [3, 3],
  strides: [2, 2],
  dilations: [1, 1],
  pads: [0, 0, 0, 0],
};
const pooled = 26 * 26 * 64;
const unpooled = 54 * 54 * 64;

const tensor = { count, scale: Float32Array.of(0.05), zeroPoint: Int32Array.of(3), low: 0, high: 255 } as const;

function binaryCases(): BenchCase[] {
  const shapes = [
    ['same shape', [count], [1], [1]],
    ['scalar', [count], [1], [0]],
    ['vector of 64', [count / 64, 64], [64, 1], [0, 1]],
    ['one of each row', [64, count / 64], [count / 64, 1], [1, 0]],
  ] as const;
  return shapes.map(([name, dims, aStrides, bStrides]) =>
    elementwise(
      `add, ${name}`,
      (ws) =>
        ws.binary({
          fn: 'add',
          a: buffer(ws, count),
          b: buffer(ws, count),
          output: ws.alloc(4 * count),
          dims,
          aStrides,
          bStrides,
        }),
      count,
      (name === 'same shape' ? 12 : 8) * count,
    ),
  );
}

/** One step of a recurrent layer. */
function recurrent(
  name: string,
  build: (ws: Workspace, sizes: { readonly cell: { batch: number; hidden: number }; readonly hidden: number }) => Step,
): BenchCase {
  const hidden = 128;
  // Four gates in, bias and state, state out.
  const bytes = 4 * 8 * hidden;
  return {
    name,
    unit: 'elements',
    work: hidden,
    bytes,
    build: (ws) => build(ws, { cell: { batch: 1, hidden }, hidden }),
  };
}

/** What is timed of every kernel. A row of the table without an entry does not compile. */
export const benchCases: Readonly<Record<KernelName, readonly BenchCase[]>> = {
  gemmF32: [
    gemmCase(512, 512, 512),
    ...layers.filter((layer) => pointwise(layer) && !few(layer)).map((layer) => convCase(layer)),
  ],
  gemvF32: layers.filter((layer) => pointwise(layer) && few(layer)).map((layer) => convCase(layer)),
  packF32: [
    elementwise('256 × 256', (ws) =>
      ws.packMatrixStep({ matrix: ws.reserveMatrix(256, 256), source: buffer(ws, count), transposed: false }),
    ),
  ],
  convF32: layers
    .filter((layer) => !pointwise(layer) && !depthwise(layer) && !narrow(layer))
    .map((layer) => convCase(layer, square(layer))),
  winogradF32: layers.filter((layer) => square(layer) && !narrow(layer)).map((layer) => convCase(layer)),
  padLines: layers.filter((layer) => !pointwise(layer) && narrow(layer)).map((layer) => convCase(layer)),
  depthwiseF32: layers.filter(depthwise).map((layer) => convCase(layer)),
  maxPoolF32: [
    elementwise(
      '3×3, stride 2',
      (ws) => ws.maxPool({ geometry: pool, input: buffer(ws, unpooled), output: ws.alloc(4 * pooled) }),
      pooled,
      4 * (pooled + unpooled),
    ),
  ],
  averagePoolF32: [
    elementwise(
      '3×3, stride 2',
      (ws) =>
        ws.averagePool({
          geometry: pool,
          countIncludePad: false,
          input: buffer(ws, unpooled),
          output: ws.alloc(4 * pooled),
        }),
      pooled,
      4 * (pooled + unpooled),
    ),
  ],
  unaryF32: (['relu', 'exp', 'log', 'sigmoid', 'tanh', 'erf', 'gelu', 'hardSwish', 'sin'] as const).map((fn) =>
    elementwise(fn, (ws) => ws.unary({ fn, input: buffer(ws, count), output: ws.alloc(4 * count), count })),
  ),
  binaryF32: binaryCases(),
  affineF32: [8, 64].map((channels) =>
    elementwise(`${channels} channels`, (ws) =>
      ws.affine({
        input: buffer(ws, count),
        output: ws.alloc(4 * count),
        rows: count / channels,
        channels,
        scale: buffer(ws, channels),
        shift: buffer(ws, channels),
      }),
    ),
  ),
  floorAffineF32: [
    elementwise('64 channels', (ws) =>
      ws.floorAffine({
        input: buffer(ws, count),
        output: ws.alloc(4 * count),
        rows: count / 64,
        channels: 64,
        scale: buffer(ws, 128),
        shift: buffer(ws, 128),
      }),
    ),
  ],
  softmaxF32: [
    elementwise('rows of 2', (ws) =>
      ws.softmax({
        log: false,
        input: buffer(ws, count),
        output: ws.alloc(4 * count),
        outer: count / 2,
        axis: 2,
        inner: 1,
      }),
    ),
    elementwise('rows of 1024', (ws) =>
      ws.softmax({
        log: false,
        input: buffer(ws, count),
        output: ws.alloc(4 * count),
        outer: 64,
        axis: 1024,
        inner: 1,
      }),
    ),
  ],
  reduceF32: [
    elementwise(
      'global average 13 × 13 × 1000',
      (ws) =>
        ws.globalPool({
          kind: 'average',
          batch: 1,
          pixels: 169,
          channels: 1000,
          input: buffer(ws, 169_000),
          output: ws.alloc(4000),
        }),
      169_000,
      4 * 169_000,
    ),
    elementwise(
      'sum of rows of 1024',
      (ws) => ws.reduce({ fn: 'sum', input: buffer(ws, count), output: ws.alloc(256), dims: [64, 1024], axes: [1] }),
      count,
      4 * count,
    ),
  ],
  argF32: [
    elementwise('21 classes of 3120 pixels', (ws) =>
      ws.arg({
        ...{ input: buffer(ws, count), output: ws.alloc(8 * 3120), outer: 3120, axis: 21, inner: 1 },
        ...{ smallest: false, last: false },
      }),
    ),
  ],
  layerNormF32: [
    elementwise('rows of 256', (ws) =>
      ws.layerNorm({
        input: buffer(ws, count),
        output: ws.alloc(4 * count),
        rows: 256,
        width: 256,
        scale: buffer(ws, 256),
        epsilon: 1e-5,
      }),
    ),
  ],
  lstmCellF32: [
    recurrent('128 units', (ws, { cell, hidden }) =>
      ws.lstmCell({
        ...cell,
        gates: buffer(ws, 4 * hidden),
        previous: buffer(ws, hidden),
        cell: ws.alloc(4 * hidden),
        output: ws.alloc(4 * hidden),
        coupled: false,
        activations: [{ fn: 'sigmoid' }, { fn: 'tanh' }, { fn: 'tanh' }],
      }),
    ),
  ],
  gruCellF32: [
    recurrent('128 units', (ws, { cell, hidden }) =>
      ws.gruCell({
        ...cell,
        inputs: buffer(ws, 3 * hidden),
        recurrent: buffer(ws, 3 * hidden),
        previous: buffer(ws, hidden),
        output: ws.alloc(4 * hidden),
        activations: [{ fn: 'sigmoid' }, { fn: 'tanh' }],
      }),
    ),
  ],
  gruGatesF32: [
    recurrent('128 units', (ws, { cell, hidden }) =>
      ws.gruGates({
        ...cell,
        gates: buffer(ws, 2 * hidden),
        previous: buffer(ws, hidden),
        update: ws.alloc(4 * hidden),
        kept: ws.alloc(4 * hidden),
        activation: { fn: 'sigmoid' },
      }),
    ),
  ],
  rnnCellF32: [
    recurrent('128 units', (ws, { cell, hidden }) =>
      ws.rnnCell({ ...cell, sums: buffer(ws, hidden), output: ws.alloc(4 * hidden), activation: { fn: 'tanh' } }),
    ),
  ],
  copyStrided: [
    elementwise('32 of 64 channels', (ws) =>
      ws.copy({
        input: buffer(ws, 2 * count),
        output: ws.alloc(4 * count),
        dims: [count / 32, 32],
        inputStrides: [64, 1],
        outputStrides: [32, 1],
        elementBytes: 4,
      }),
    ),
  ],
  transpose: [
    elementwise('64 planes to channels-last', (ws) =>
      ws.toChannelsLast({
        input: buffer(ws, count),
        output: ws.alloc(4 * count),
        batch: 1,
        channels: 64,
        pixels: 1024,
        elementBytes: 4,
      }),
    ),
    elementwise(
      '3 planes to channels-last',
      (ws) =>
        ws.toChannelsLast({
          input: buffer(ws, 3 * count),
          output: ws.alloc(12 * count),
          batch: 1,
          channels: 3,
          pixels: count,
          elementBytes: 4,
        }),
      3 * count,
    ),
    elementwise(
      '64 planes of bytes',
      (ws) =>
        ws.toChannelsLast({
          input: buffer(ws, count),
          output: ws.alloc(count),
          batch: 1,
          channels: 64,
          pixels: 1024,
          elementBytes: 1,
        }),
      count,
      2 * count,
    ),
  ],
  fill: [
    elementwise(
      'float32',
      (ws) => ws.fill({ output: ws.alloc(4 * count), count, value: 1, elementBytes: 4 }),
      count,
      4 * count,
    ),
  ],
  gatherRows: [
    elementwise('1024 rows of 64', (ws) => {
      const indices = ws.alloc(4096);
      ws.kernels.i32(indices, 1024).forEach((_, i, all) => {
        all[i] = (i * 97) % 1024;
      });
      return ws.gather({ input: buffer(ws, count), indices, output: ws.alloc(4 * count), count: 1024, rowBytes: 256 });
    }),
  ],
  resizeNearest: [resizeCase('nearest')],
  resizeLinearF32: [resizeCase('linear')],
  widenCodes: both((layer) => pointwise(layer)),
  convCodes: both((layer) => !pointwise(layer) && !depthwise(layer)),
  depthwiseCodes: both(depthwise),
  padCodes: both((layer) => narrow(layer)),
  dotCodes: both((layer) => !narrow(layer) && !depthwise(layer)),
  depthwiseDotCodes: both(depthwise),
  maxPoolCodes: [
    elementwise(
      '3×3, stride 2',
      (ws) => ws.qmaxPool({ geometry: pool, type: 'u8', input: buffer(ws, unpooled / 4), output: ws.alloc(pooled) }),
      pooled,
      pooled + unpooled,
    ),
  ],
  averagePoolCodes: [
    elementwise(
      '3×3, stride 2',
      (ws) =>
        ws.qaveragePool({
          geometry: pool,
          countIncludePad: false,
          input: buffer(ws, unpooled / 4),
          inputCodes: scaled,
          output: ws.alloc(pooled),
          outputCodes: codes,
          requantization: constants.ort,
        }),
      pooled,
      pooled + unpooled,
    ),
  ],
  binaryCodes: (['ort', 'tflite'] as const).map((arithmetic) =>
    elementwise(
      `add, ${arithmetic}`,
      (ws) =>
        ws.qbinary({
          fn: 'add',
          a: buffer(ws, count / 4),
          b: buffer(ws, count / 4),
          output: ws.alloc(count),
          dims: [count],
          aStrides: [1],
          bStrides: [1],
          aCodes: scaled,
          bCodes: scaled,
          outputCodes: { ...codes, scale: 0.05 },
          requantization: constants[arithmetic],
          aTable: new Int32Array(256).fill(1 << 20),
          bTable: new Int32Array(256).fill(1 << 20),
        }),
      count,
      3 * count,
    ),
  ),
  lookupCodes: [
    elementwise(
      'bytes',
      (ws) => ws.lookup({ input: buffer(ws, count / 4), output: ws.alloc(count), count, table: new Uint8Array(256) }),
      count,
      2 * count,
    ),
  ],
  quantizeF32: [
    elementwise(
      'per tensor',
      (ws) => ws.quantize({ ...tensor, type: 'u8', input: buffer(ws, count), output: ws.alloc(count) }),
      count,
      5 * count,
    ),
  ],
  rangeCodes: [
    elementwise('codes of their own range', (ws) =>
      ws.dynamicQuantize({
        input: buffer(ws, count),
        count,
        output: ws.alloc(count),
        scale: ws.alloc(4),
        zeroPoint: ws.alloc(1),
      }),
    ),
  ],
  fakeQuantizeF32: [
    elementwise('per tensor', (ws) =>
      ws.fakeQuantize({ ...tensor, input: buffer(ws, count), output: ws.alloc(4 * count) }),
    ),
  ],
  dequantizeF32: [
    elementwise(
      'per tensor',
      (ws) => ws.dequantize({ ...tensor, type: 'u8', input: buffer(ws, count / 4), output: ws.alloc(4 * count) }),
      count,
      5 * count,
    ),
  ],
  minMaxF32: [
    elementwise('all', (ws) => ws.minMax({ input: buffer(ws, count), count, output: ws.alloc(12) }), count, 4 * count),
  ],
  combineMinMaxF32: [],
  minMaxChannelsF32: [
    elementwise(
      '64 channels',
      (ws) => ws.minMaxChannels({ input: buffer(ws, count), rows: count / 64, channels: 64, output: ws.alloc(512) }),
      count,
      4 * count,
    ),
  ],
  histogramF32: [
    elementwise(
      '8192 bins',
      (ws) =>
        ws.histogram({
          input: buffer(ws, count),
          count,
          counts: ws.alloc(4 * 8196),
          half: 4096,
          width: 2 ** -11,
          parts: 1,
        }),
      count,
      4 * count,
    ),
  ],
  sumsF32: [
    elementwise(
      'Σ|x|, Σx²',
      (ws) => ws.sums({ input: buffer(ws, count), count, output: ws.alloc(16) }),
      count,
      4 * count,
    ),
  ],
  combineSumsF64: [],
};

function resizeCase(kind: 'nearest' | 'linear'): BenchCase {
  const size = 32;
  const positions = Float64Array.from({ length: 2 * size }, (_, i) => (kind === 'nearest' ? Math.floor(i / 2) : i / 2));
  const channels = 16;
  const elements = 4 * size * size * channels;
  return elementwise(
    '32 × 32 × 16, twice as large',
    (ws) =>
      ws.resize({
        kind,
        batch: 1,
        inputHeight: size,
        inputWidth: size,
        channels,
        outputHeight: 2 * size,
        outputWidth: 2 * size,
        input: buffer(ws, elements / 4),
        output: ws.alloc(4 * elements),
        rows: positions,
        columns: positions,
      }),
    elements,
    5 * elements,
  );
}
