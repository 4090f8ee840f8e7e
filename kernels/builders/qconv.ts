import type { Call, ConvGeometry, PackedQConv, PackedQMatrix, QConvWeights, Step, Workspace } from '../api.ts';
import { type Builder, call, step } from './builder.ts';
import { checkGeometry, isPointwise, outputSize, paddedGeometry, tileSlot } from './conv.ts';
import { isDepthwise } from './depthwise.ts';
import { blockShape, panelColumns, panelCount } from './gemm.ts';
import { paddedLines } from './padded-lines.ts';
import { type DotWeights, dotConv, dotDepthwise, packDotConv, packDotDepthwise } from './qdot.ts';
import {
  accumulatorFields,
  largestSum,
  type RequantizationFields,
  requantizationFields,
  signed,
} from './requantization.ts';
import { windowFields } from './window.ts';

type Args<M extends keyof Workspace> = Workspace[M] extends (args: infer A) => unknown ? A : never;

/** What a step needs to know of packed integer weights beside their address. */
interface Parameters {
  readonly input: QConvWeights['input'];
  readonly requantization: RequantizationFields;
}
type WithParameters<T> = T & { readonly parameters: Parameters };

const even = (n: number): number => n + (n % 2);

/** How the inputs of one output are walked: `count` runs of `length` elements, each padded to whole pairs. */
interface Runs {
  readonly count: number;
  readonly length: number;
}

/** Kernel rows are runs where they are dense in the input, else every tap is one. */
function runsOf({ groups, dilations, kernel, inputChannels }: ConvGeometry): Runs & { readonly rows: boolean } {
  const inputs = inputChannels / groups;
  if (groups === 1 && dilations[1] === 1) return { rows: true, count: kernel[0], length: kernel[1] * inputs };
  return { rows: false, count: kernel[0] * kernel[1], length: inputs };
}

function panelBytesOf(runs: Runs): number {
  return 32 * (runs.count * Math.ceil(runs.length / 2) + 1);
}

/** Panels: 8 int32 biases, then 8 columns × 2 int16 a pair of elements. `value(output, run, element)`. */
function packPairs(
  builder: Builder,
  groups: number,
  outputs: number,
  runs: Runs,
  value: (output: number, run: number, element: number) => number,
  bias: Int32Array | undefined,
): { readonly address: number; readonly bytes: number } {
  const panels = panelCount(outputs);
  const panelBytes = panelBytesOf(runs);
  const pairs = Math.ceil(runs.length / 2);
  const bytes = groups * panels * panelBytes;
  const address = builder.alloc(bytes);
  builder.kernels.u8(address, bytes).fill(0);
  const biases = builder.kernels.i32(address, bytes / 4);
  const words = new Int16Array(builder.kernels.memory.buffer, address, bytes / 2);
  for (let group = 0; group < groups; group++)
    for (let o = 0; o < outputs; o++) {
      const panel = (group * panels + Math.floor(o / panelColumns)) * panelBytes;
      const column = o % panelColumns;
      const output = group * outputs + o;
      biases[panel / 4 + column] = bias?.[output] ?? 0;
      for (let run = 0; run < runs.count; run++)
        for (let element = 0; element < runs.length; element++) {
          const pair = run * pairs + (element >> 1);
          words[panel / 2 + 16 * (pair + 1) + column * 2 + (element & 1)] = value(output, run, element);
        }
    }
  return { address, bytes };
}

function sumOf(values: Int8Array | Int16Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

export function packQConv(builder: Builder, args: QConvWeights): PackedQConv {
  const { geometry, weights, bias, input, output, requantization } = args;
  checkGeometry(geometry, weights.length);
  const [outputHeight, outputWidth] = outputSize(geometry);
  const { groups, inputChannels, outputChannels, kernel } = geometry;
  if (bias !== undefined && bias.length !== outputChannels)
    throw new RangeError(`${outputChannels} output channels need ${outputChannels} biases, not ${bias.length}.`);
  const common = { kind: 'qconv', geometry, outputHeight, outputWidth } as const;
  const depth = weights.length / Math.max(1, outputChannels);
  const largest = largestSum(input, depth, (channel, i) => weights[channel * depth + i]!, bias);
  const dot = builder.kernels.features.dot !== undefined;
  if (isDepthwise(geometry) && requantization.arithmetic !== 'none') {
    const padded = Math.ceil(outputChannels / 8) * 8;
    const channelOf = (i: number) => (i < outputChannels ? i : -1);
    const fields = requantizationFields(builder, requantization, output, outputChannels, padded, channelOf, largest);
    const parameters = { input, requantization: fields };
    const packed = dot
      ? { algorithm: 'dot depthwise', ...packDotDepthwise(builder, args) }
      : { algorithm: 'depthwise', ...packTapPairs(builder, args, padded) };
    return { ...common, ...packed, parameters } as WithParameters<PackedQConv>;
  }
  const outputs = outputChannels / groups;
  const perGroup = panelCount(outputs) * panelColumns;
  const channelOf = (i: number) => (i % perGroup < outputs ? Math.floor(i / perGroup) * outputs + (i % perGroup) : -1);
  const places = groups * perGroup;
  const sum = (channel: number) => sumOf(weights.subarray(channel * depth, (channel + 1) * depth));
  const fields =
    requantization.arithmetic === 'none'
      ? accumulatorFields(builder, input.type, places, channelOf, sum)
      : requantizationFields(builder, requantization, output, outputChannels, places, channelOf, largest);
  const parameters = { input, requantization: fields };
  if (dot) return { ...common, algorithm: 'dot', ...packDotConv(builder, args), parameters } as PackedQConv;
  const inputs = inputChannels / groups;
  const taps = kernel[0] * kernel[1];
  const runs = runsOf(geometry);
  const value = (o: number, run: number, element: number): number => {
    const tap = runs.rows ? run * kernel[1] + Math.floor(element / inputs) : run;
    return weights[(o * inputs + (element % inputs)) * taps + tap]!;
  };
  const packed = packPairs(builder, groups, outputs, runs, value, bias);
  return { ...common, algorithm: 'indirect', ...packed, parameters } as PackedQConv;
}

/** The two taps of each weight row; −1: none. */
function tapPairs([height, width]: readonly [number, number]): (readonly [number, number])[] {
  // 3×3: down the columns, then along the last row, then the last row's pairs as the next pixel sees them.
  if (height === 3 && width === 3)
    return [
      [0, 3],
      [1, 4],
      [2, 5],
      [6, 7],
      [8, -1],
      [-1, 6],
      [7, 8],
    ];
  const taps = height * width;
  return Array.from({ length: Math.ceil(taps / 2) }, (_, i) => [2 * i, 2 * i + 1 < taps ? 2 * i + 1 : -1]);
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
  const pairs = tapPairs(geometry.kernel);
  const bytes = padded * (4 + 4 * pairs.length + 1);
  const address = builder.alloc(bytes);
  builder.kernels.u8(address, bytes).fill(0);
  const biases = builder.kernels.i32(address, channels);
  const words = new Int16Array(builder.kernels.memory.buffer, address + 4 * padded, 2 * pairs.length * padded);
  for (let channel = 0; channel < channels; channel++) {
    const tap = (index: number): number => (index < 0 ? 0 : weights[channel * taps + index]!);
    let sum = 0;
    for (let index = 0; index < taps; index++) sum += tap(index);
    biases[channel] = (bias?.[channel] ?? 0) - sum * input.zeroPoint;
    for (const [row, [first, second]] of pairs.entries()) {
      words[(row * padded + channel) * 2] = tap(first);
      words[(row * padded + channel) * 2 + 1] = tap(second);
    }
  }
  builder.kernels.u8(address + 4 * padded * (1 + pairs.length), padded).fill(input.zeroPoint & 255);
  return { address, bytes };
}

/** Packed for the machine's dot product; staged weights lie elsewhere, but are described by the same numbers. */
function isDot(packed: PackedQConv | PackedQMatrix): packed is (PackedQConv | PackedQMatrix) & DotWeights {
  return 'passes' in packed;
}

export function qconv2d(builder: Builder, args: Args<'qconv2d'>): Step {
  const { input, output, zeroPoint: zeroAt = 0 } = args;
  const conv = args.conv as WithParameters<PackedQConv>;
  const { geometry, outputHeight, outputWidth, address, parameters } = conv;
  const inputStride = args.inputStride ?? geometry.inputChannels;
  const outputStride = args.outputStride ?? geometry.outputChannels;
  if (isDot(conv)) {
    const { input: codes, requantization } = parameters;
    const dot = { geometry, input, output, weights: conv, inputStride, outputStride, codes, requantization, zeroAt };
    return conv.algorithm === 'dot depthwise' ? dotDepthwise(builder, dot) : dotConv(builder, 'qconv', dot);
  }
  if (conv.algorithm !== 'depthwise') {
    const size = { outputHeight, outputWidth, inputStride, outputStride };
    return indirect(builder, 'qconv', { geometry, ...size, input, output, weights: address, parameters, zeroAt });
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
  /** Address of a zero point that is known only while running, else 0. */
  readonly zeroAt: number;
}

/** Elements of a kernel row below which windows are gathered, if enough panels share the gathering. */
const shortRun = 16;
const gatherPanels = 4;

/**
 * Widens the codes to int16, padding included, into the shared scratch, and multiplies from there.
 */
function indirect(builder: Builder, name: string, args: Indirect): Step {
  const { geometry, outputHeight, outputWidth, parameters } = args;
  const { batch, groups, kernel, inputChannels, outputChannels } = geometry;
  const channels = inputChannels / groups;
  const runs = runsOf(geometry);
  // Runs that are one pixel's channels of one group must not reach into the next group.
  const inputs = runs.rows ? channels : even(channels);
  const outputs = outputChannels / groups;
  const taps = kernel[0] * kernel[1];
  const pairs = runs.count * Math.ceil(runs.length / 2);
  const pixels = batch * outputHeight * outputWidth;
  const widened = widenCall(builder, args, channels, inputs);
  const panels = panelCount(outputs);
  const blocks = blockShape(builder, pixels, pairs, panels);
  const gather = runs.rows && kernel[0] > 1 && runs.length < shortRun && panels >= gatherPanels;
  const tileBytes = tileSlot(taps, gather ? 4 * pairs : 0, kernel[0], runs.rows);
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
    rowTaps: runs.rows ? 1 : 0,
    inside: 1,
    gather: gather ? 1 : 0,
    pointwise: isPointwise(geometry) ? 1 : 0,
    tileBytes,
    elementShift: 1,
    panelBytes: panelBytesOf(runs),
    ...parameters.requantization,
  };
  const items = pixels === 0 ? 0 : groups * blocks.rowBlocks * blocks.panelBlocks;
  return step(name, widened, call(builder, 'convCodes', values, items, pixels * outputChannels * pairs));
}

function widenCall(builder: Builder, args: Indirect, channels: number, padded: number): Call {
  const { geometry, parameters } = args;
  const { groups } = geometry;
  const { lines, linePixels, fields } = paddedLines(geometry);
  // A run of odd length is read to its pair's end.
  builder.kernels.requireShared(2 * lines * linePixels * groups * padded + 64);
  const values = {
    input: args.input,
    ...fields,
    groups,
    channels,
    padded,
    inputStride: args.inputStride,
    zero: parameters.input.zeroPoint,
    zeroAt: args.zeroAt,
    signed: signed(parameters.input.type),
  };
  return call(builder, 'widenCodes', values, lines, fields.pixels * groups * channels * 2);
}

/** A product as a convolution of m pixels. */
function productGeometry(m: number, k: number, n: number): ConvGeometry {
  return {
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
}

export function packQMatrix(builder: Builder, args: Args<'packQMatrix'>): PackedQMatrix {
  const { k, n, weights, bias, input, output, requantization, transposed = false } = args;
  if (weights.length !== k * n) throw new RangeError(`A ${k}×${n} matrix has ${k * n} values, not ${weights.length}.`);
  if (bias !== undefined && bias.length !== n) throw new RangeError(`${n} columns need ${n} biases.`);
  const value = (o: number, _: number, c: number): number => weights[transposed ? o * k + c : c * n + o]!;
  const places = panelCount(n) * panelColumns;
  const channelOf = (i: number) => (i < n ? i : -1);
  const largest = largestSum(input, k, (channel, i) => value(channel, 0, i), bias);
  const sum = (channel: number) => Array.from({ length: k }, (_, i) => value(channel, 0, i)).reduce((a, b) => a + b, 0);
  const fields =
    requantization.arithmetic === 'none'
      ? accumulatorFields(builder, input.type, places, channelOf, sum)
      : requantizationFields(builder, requantization, output, n, places, channelOf, largest);
  const parameters = { input, requantization: fields };
  if (builder.kernels.features.dot !== undefined) {
    const rows = transposed ? weights : weights.map((_, i) => value(Math.floor(i / k), 0, i % k));
    const packed = packDotConv(builder, { ...args, geometry: productGeometry(1, k, n), weights: rows });
    return { kind: 'qmatrix', k, n, ...packed, parameters } as PackedQMatrix;
  }
  const packed = packPairs(builder, 1, n, { count: 1, length: k }, value, bias);
  return { kind: 'qmatrix', k, n, ...packed, parameters } as PackedQMatrix;
}

export function qgemm(builder: Builder, args: Args<'qgemm'>): Step {
  const { m, a, output, zeroPoint: zeroAt = 0 } = args;
  const matrix = args.b as WithParameters<PackedQMatrix>;
  const { k, n, parameters } = matrix;
  const geometry = productGeometry(m, k, n);
  const size = { inputStride: k, outputStride: n, input: a, output };
  if (isDot(matrix)) {
    const { input: codes, requantization } = parameters;
    return dotConv(builder, 'qgemm', { geometry, ...size, weights: matrix, codes, requantization, zeroAt });
  }
  const weights = matrix.address;
  return indirect(builder, 'qgemm', {
    geometry,
    outputHeight: 1,
    outputWidth: m,
    ...size,
    weights,
    parameters,
    zeroAt,
  });
}
