import type { Call, ConvGeometry, PackedQConv, PackedQMatrix, QConvWeights, Step, Workspace } from '../api.ts';
import { type Builder, call, step } from './builder.ts';
import { checkGeometry, isPointwise, outputSize, paddedGeometry, tileSlot } from './conv.ts';
import { isDepthwise } from './depthwise.ts';
import { blockShape, panelColumns, panelCount } from './gemm.ts';
import { type RequantizationFields, requantizationFields, signed } from './requantization.ts';
import { windowFields } from './window.ts';

type Args<M extends keyof Workspace> = Workspace[M] extends (args: infer A) => unknown ? A : never;

/** What a step needs to know of packed integer weights beside their address. */
interface Parameters {
  readonly input: QConvWeights['input'];
  readonly requantization: RequantizationFields;
}
type WithParameters<T> = T & { readonly parameters: Parameters };

const even = (n: number): number => n + (n % 2);

/** Panels of [outputs, taps, inputs]: 8 int32 biases, then 8 columns × 2 int16 a pair of inputs. */
function packPairs(
  builder: Builder,
  groups: number,
  outputs: number,
  taps: number,
  inputs: number,
  value: (output: number, input: number, tap: number) => number,
  bias: Int32Array | undefined,
): { readonly address: number; readonly bytes: number } {
  const pairs = (taps * even(inputs)) / 2;
  const panels = panelCount(outputs);
  const panelBytes = 32 * (pairs + 1);
  const bytes = groups * panels * panelBytes;
  const address = builder.alloc(bytes);
  builder.kernels.u8(address, bytes).fill(0);
  for (let group = 0; group < groups; group++)
    for (let o = 0; o < outputs; o++) {
      const panel = address + (group * panels + Math.floor(o / panelColumns)) * panelBytes;
      const column = o % panelColumns;
      const output = group * outputs + o;
      builder.kernels.i32(panel, panelColumns)[column] = bias?.[output] ?? 0;
      const words = new Int16Array(builder.kernels.memory.buffer, panel + 32, pairs * 16);
      for (let tap = 0; tap < taps; tap++)
        for (let c = 0; c < inputs; c++) {
          const k = tap * even(inputs) + c;
          words[(k >> 1) * 16 + column * 2 + (k & 1)] = value(output, c, tap);
        }
    }
  return { address, bytes };
}

export function packQConv(builder: Builder, args: QConvWeights): PackedQConv {
  const { geometry, weights, bias, input, output, requantization } = args;
  checkGeometry(geometry, weights.length);
  const [outputHeight, outputWidth] = outputSize(geometry);
  const { groups, inputChannels, outputChannels, kernel } = geometry;
  if (bias !== undefined && bias.length !== outputChannels)
    throw new RangeError(`${outputChannels} output channels need ${outputChannels} biases, not ${bias.length}.`);
  const common = { kind: 'qconv', geometry, outputHeight, outputWidth } as const;
  if (isDepthwise(geometry)) {
    const padded = Math.ceil(outputChannels / 8) * 8;
    const fields = requantizationFields(builder, requantization, output, outputChannels, padded, (i) =>
      i < outputChannels ? i : -1,
    );
    const parameters = { input, requantization: fields };
    return { ...common, algorithm: 'depthwise', ...packTapPairs(builder, args, padded), parameters } as PackedQConv;
  }
  const inputs = inputChannels / groups;
  const outputs = outputChannels / groups;
  const taps = kernel[0] * kernel[1];
  const packed = packPairs(
    builder,
    groups,
    outputs,
    taps,
    inputs,
    (o, c, t) => weights[(o * inputs + c) * taps + t]!,
    bias,
  );
  const perGroup = panelCount(outputs) * panelColumns;
  const fields = requantizationFields(builder, requantization, output, outputChannels, groups * perGroup, (i) =>
    i % perGroup < outputs ? Math.floor(i / perGroup) * outputs + (i % perGroup) : -1,
  );
  return { ...common, algorithm: 'indirect', ...packed, parameters: { input, requantization: fields } } as PackedQConv;
}

/**
 * int32 biases [padded], then [pairs of taps][padded][2] int16, then `padded` bytes of the input's zero point. Codes enter the
 * kernel with their zero point, padding as that zero point; the biases take its part off.
 */
function packTapPairs(
  builder: Builder,
  { geometry, weights, bias, input }: QConvWeights,
  padded: number,
): { readonly address: number; readonly bytes: number } {
  const channels = geometry.outputChannels;
  const taps = geometry.kernel[0] * geometry.kernel[1];
  const pairs = Math.ceil(taps / 2);
  const bytes = padded * (4 + 4 * pairs + 1);
  const address = builder.alloc(bytes);
  builder.kernels.u8(address, bytes).fill(0);
  const biases = builder.kernels.i32(address, channels);
  for (let channel = 0; channel < channels; channel++) {
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) sum += weights[channel * taps + tap]!;
    biases[channel] = (bias?.[channel] ?? 0) - sum * input.zeroPoint;
  }
  const words = new Int16Array(builder.kernels.memory.buffer, address + 4 * padded, 2 * pairs * padded);
  for (let channel = 0; channel < channels; channel++)
    for (let tap = 0; tap < taps; tap++)
      words[((tap >> 1) * padded + channel) * 2 + (tap & 1)] = weights[channel * taps + tap]!;
  builder.kernels.u8(address + 4 * padded * (1 + pairs), padded).fill(input.zeroPoint & 255);
  return { address, bytes };
}

export function qconv2d(builder: Builder, args: Args<'qconv2d'>): Step {
  const { input, output } = args;
  const conv = args.conv as WithParameters<PackedQConv>;
  const { geometry, outputHeight, outputWidth, address, parameters } = conv;
  const inputStride = args.inputStride ?? geometry.inputChannels;
  const outputStride = args.outputStride ?? geometry.outputChannels;
  if (conv.algorithm !== 'depthwise') {
    const size = { outputHeight, outputWidth, inputStride, outputStride };
    return indirect(builder, 'qconv', { geometry, ...size, input, output, weights: address, parameters });
  }
  const channels = geometry.outputChannels;
  const taps = geometry.kernel[0] * geometry.kernel[1];
  const rows = outputWidth === 0 ? 0 : geometry.batch * outputHeight;
  builder.kernels.requireScratch(16 * (32 + 8 * Math.ceil(taps / 2)));
  const values = {
    input,
    weights: address,
    output,
    channels,
    ...windowFields(geometry, outputHeight, outputWidth),
    inputStride,
    outputStride,
    signed: signed(parameters.input.type),
    ...parameters.requantization,
  };
  return step('qdepthwise', call(builder, 'depthwiseCodes', values, rows, 2 * rows * outputWidth * channels * taps));
}

interface Indirect {
  readonly geometry: ConvGeometry;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly inputStride: number;
  readonly outputStride: number;
  readonly input: number;
  readonly output: number;
  readonly weights: number;
  readonly parameters: Parameters;
}

/** Elements of a kernel row below which windows are gathered, if enough panels share the gathering. */
const shortRun = 16;
const gatherPanels = 4;
/** Pixels of a line where lines do not matter. */
const linePixels = 64;

/**
 * Widens the codes to int16, padding included, into the shared scratch, and multiplies from there.
 */
function indirect(builder: Builder, name: string, args: Indirect): Step {
  const { geometry, outputHeight, outputWidth, parameters } = args;
  const { batch, groups, kernel, dilations, inputChannels, outputChannels } = geometry;
  const channels = inputChannels / groups;
  const inputs = even(channels);
  const outputs = outputChannels / groups;
  const taps = kernel[0] * kernel[1];
  const depth = taps * inputs;
  const pixels = batch * outputHeight * outputWidth;
  const widened = widenCall(builder, args, channels, inputs);
  const panels = panelCount(outputs);
  const blocks = blockShape(builder, pixels, Math.ceil(depth / 2), panels);
  const rowTaps = groups === 1 && dilations[1] === 1;
  const gather = rowTaps && kernel[0] > 1 && kernel[1] * inputs < shortRun && panels >= gatherPanels;
  const tileBytes = tileSlot(taps, gather ? 2 * depth : 0, kernel[0], rowTaps);
  builder.kernels.requireScratch(32 * blocks.blockRows + Math.ceil(blocks.blockRows / 4) * tileBytes);
  const values = {
    input: 0,
    weights: args.weights,
    output: args.output,
    zeros: 0,
    pixels,
    ...windowFields(paddedGeometry(geometry), outputHeight, outputWidth),
    inputStride: groups * inputs,
    outputStride: args.outputStride,
    groupInputs: inputs,
    groupOutputs: outputs,
    blockRows: blocks.blockRows,
    pixelBlocks: blocks.rowBlocks,
    blockPanels: blocks.blockPanels,
    panelBlocks: blocks.panelBlocks,
    rowTaps: rowTaps ? 1 : 0,
    inside: 1,
    gather: gather ? 1 : 0,
    pointwise: isPointwise(geometry) ? 1 : 0,
    tileBytes,
    elementShift: 1,
    ...parameters.requantization,
  };
  const items = pixels === 0 ? 0 : groups * blocks.rowBlocks * blocks.panelBlocks;
  return step(name, widened, call(builder, 'convCodes', values, items, (pixels * outputChannels * depth) / 2));
}

function widenCall(builder: Builder, args: Indirect, channels: number, padded: number): Call {
  const { geometry, parameters } = args;
  const { batch, groups, pads, inputHeight, inputWidth } = geometry;
  const [padTop, padLeft, padBottom, padRight] = pads;
  const pixels = batch * inputHeight * inputWidth;
  // Without padding the lines need not be the image's.
  const plain = pads.every((pad) => pad === 0);
  const height = plain ? Math.ceil(pixels / linePixels) : inputHeight;
  const width = plain ? linePixels : inputWidth;
  const lines = plain ? height : batch * (height + padTop + padBottom);
  builder.kernels.requireShared(2 * lines * (width + padLeft + padRight) * groups * padded);
  const values = {
    input: args.input,
    pixels,
    height,
    width,
    padTop,
    padLeft,
    padBottom,
    padRight,
    groups,
    channels,
    padded,
    inputStride: args.inputStride,
    zero: parameters.input.zeroPoint,
    signed: signed(parameters.input.type),
  };
  return call(builder, 'widenCodes', values, lines, pixels * groups * channels * 2);
}

export function packQMatrix(builder: Builder, args: Args<'packQMatrix'>): PackedQMatrix {
  const { k, n, weights, bias, input, output, requantization, transposed = false } = args;
  if (weights.length !== k * n) throw new RangeError(`A ${k}×${n} matrix has ${k * n} values, not ${weights.length}.`);
  if (bias !== undefined && bias.length !== n) throw new RangeError(`${n} columns need ${n} biases.`);
  const value = transposed
    ? (o: number, c: number) => weights[o * k + c]!
    : (o: number, c: number) => weights[c * n + o]!;
  const packed = packPairs(builder, 1, n, 1, k, value, bias);
  const places = panelCount(n) * panelColumns;
  const fields = requantizationFields(builder, requantization, output, n, places, (i) => (i < n ? i : -1));
  return { kind: 'qmatrix', k, n, ...packed, parameters: { input, requantization: fields } } as PackedQMatrix;
}

export function qgemm(builder: Builder, args: Args<'qgemm'>): Step {
  const { m, a, output } = args;
  const { k, n, address, parameters } = args.b as WithParameters<PackedQMatrix>;
  const geometry: ConvGeometry = {
    batch: 1,
    inputHeight: 1,
    inputWidth: m,
    inputChannels: k,
    outputChannels: n,
    kernel: [1, 1],
    strides: [1, 1],
    dilations: [1, 1],
    pads: [0, 0, 0, 0],
    groups: 1,
  };
  const size = { outputHeight: 1, outputWidth: m, inputStride: k, outputStride: n };
  return indirect(builder, 'qgemm', { geometry, ...size, input: a, output, weights: address, parameters });
}
