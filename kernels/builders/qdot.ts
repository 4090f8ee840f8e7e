import type { Call, CodeType, ConvGeometry, PackedQConv, QConvWeights, Step } from '../api.ts';
import { type Builder, call, step } from './builder.ts';
import { isPointwise, outputSize, paddedGeometry, tileSlot } from './conv.ts';
import { blockShape, panelColumns, panelCount } from './gemm.ts';
import type { RequantizationFields } from './requantization.ts';
import { windowFields } from './window.ts';

/** Integer convolutions and products by the four-byte dot product of the relaxed module (assembly/qdot.ts). */

/** Multiply-adds in the time of one elementary operation of the float kernels. */
const productsAnOperation = 4;

interface DotWeights {
  readonly address: number;
  readonly bytes: number;
}

/** Whether the machine's dot product is exact for these weights. */
export function dotFits(builder: Builder, weights: Int8Array | Int16Array): boolean {
  if (builder.kernels.features.dot === undefined) return false;
  return weights instanceof Int8Array || weights.every((weight) => weight >= -128 && weight <= 127);
}

/** Codes as the machine's dot product wants them: what they are xored with, and the zero point then. */
function entering(builder: Builder, { type, zeroPoint }: { readonly type: CodeType; readonly zeroPoint: number }) {
  if (type === builder.kernels.features.dot) return { flip: 0, zero: zeroPoint };
  return { flip: 128, zero: type === 's8' ? zeroPoint + 128 : zeroPoint - 128 };
}

/** How the inputs of one output are walked: `count` runs of `length` codes, each padded to whole lanes. */
function runsOf({ groups, dilations, kernel, inputChannels }: ConvGeometry) {
  const inputs = inputChannels / groups;
  if (groups === 1 && dilations[1] === 1) return { rows: true, count: kernel[0], length: kernel[1] * inputs };
  return { rows: false, count: kernel[0] * kernel[1], length: inputs };
}

const lanes = (length: number): number => Math.ceil(length / 4);

function panelBytesOf(runs: { readonly count: number; readonly length: number }): number {
  return 32 * (runs.count * lanes(runs.length) + 1);
}

/** Panels: 8 int32 biases less the zero point's part, then 8 columns × 4 int8 for each lane. */
export function packDotConv(builder: Builder, { geometry, weights, bias, input }: QConvWeights): DotWeights {
  const { groups, inputChannels, outputChannels, kernel } = geometry;
  const [inputs, outputs] = [inputChannels / groups, outputChannels / groups];
  const taps = kernel[0] * kernel[1];
  const runs = runsOf(geometry);
  const panels = panelCount(outputs);
  const panelBytes = panelBytesOf(runs);
  const bytes = groups * panels * panelBytes;
  const address = builder.alloc(bytes);
  builder.kernels.u8(address, bytes).fill(0);
  const biases = builder.kernels.i32(address, bytes / 4);
  const places = builder.kernels.s8(address, bytes);
  const { zero } = entering(builder, input);
  for (let o = 0; o < outputChannels; o++) {
    const within = o % outputs;
    const panel = (Math.floor(o / outputs) * panels + Math.floor(within / panelColumns)) * panelBytes;
    const column = within % panelColumns;
    let sum = 0;
    for (let run = 0; run < runs.count; run++)
      for (let element = 0; element < runs.length; element++) {
        const tap = runs.rows ? run * kernel[1] + Math.floor(element / inputs) : run;
        const weight = weights[(o * inputs + (element % inputs)) * taps + tap]!;
        const lane = run * lanes(runs.length) + (element >> 2);
        places[panel + 32 * (lane + 1) + column * 4 + (element & 3)] = weight;
        sum += weight;
      }
    biases[panel / 4 + column] = (bias?.[o] ?? 0) - zero * sum;
  }
  return { address, bytes };
}

/** What a step of packed weights needs beside them. */
export interface DotStep {
  readonly geometry: ConvGeometry;
  readonly input: number;
  readonly output: number;
  readonly weights: number;
  readonly inputStride: number;
  readonly outputStride: number;
  readonly codes: QConvWeights['input'];
  readonly requantization: RequantizationFields;
}

/** Elements of a kernel row below which windows are gathered, if enough panels share the gathering. */
const shortRun = 32;
const gatherPanels = 4;

export function dotConv(builder: Builder, name: string, args: DotStep): Step {
  const { geometry, codes, requantization } = args;
  const { batch, groups, kernel, pads, inputChannels, outputChannels } = geometry;
  const [outputHeight, outputWidth] = outputSize(geometry);
  const [inputs, outputs] = [inputChannels / groups, outputChannels / groups];
  const runs = runsOf(geometry);
  const { flip, zero } = entering(builder, codes);
  // A run that ends within a lane is read beyond its end: in our own scratch, not behind the tensor.
  const direct =
    flip === 0 &&
    pads.every((pad) => pad === 0) &&
    runs.length % 4 === 0 &&
    (!runs.rows || args.inputStride === inputs);
  const depth = runs.count * lanes(runs.length);
  const pixels = batch * outputHeight * outputWidth;
  const panels = panelCount(outputs);
  const blocks = blockShape(builder, pixels, depth, panels);
  const gather = runs.rows && kernel[0] > 1 && runs.length < shortRun && panels >= gatherPanels;
  const tileBytes = tileSlot(kernel[0] * kernel[1], gather ? 4 * depth : 0, kernel[0], runs.rows);
  // A table's and a slot's addresses are words.
  builder.kernels.requireScratch(32 * blocks.blockRows + Math.ceil(blocks.blockRows / 6) * tileBytes + 128);
  const values = {
    input: direct ? args.input : 0,
    weights: args.weights,
    output: args.output,
    zeros: 0,
    pixels,
    ...windowFields(paddedGeometry(geometry), outputHeight, outputWidth),
    inputStride: direct ? args.inputStride : inputChannels,
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
    elementShift: 0,
    panelBytes: panelBytesOf(runs),
    ...requantization,
  };
  const items = pixels === 0 ? 0 : groups * blocks.rowBlocks * blocks.panelBlocks;
  const work =
    (pixels * outputChannels * (runs.count * runs.length)) / productsAnOperation + 2 * pixels * outputChannels;
  const multiply = call(builder, 'dotCodes', values, items, work);
  return direct ? step(name, multiply) : step(name, padCall(builder, args, zero, flip), multiply);
}

/** Pixels of a line where lines do not matter. */
const linePixels = 64;

function padCall(builder: Builder, { geometry, input, inputStride }: DotStep, zero: number, flip: number): Call {
  const { batch, pads, inputHeight, inputWidth, inputChannels } = geometry;
  const [padTop, padLeft, padBottom, padRight] = pads;
  const pixels = batch * inputHeight * inputWidth;
  // Without padding the lines need not be the image's.
  const plain = pads.every((pad) => pad === 0);
  const height = plain ? Math.ceil(pixels / linePixels) : inputHeight;
  const width = plain ? linePixels : inputWidth;
  const lines = plain ? height : batch * (height + padTop + padBottom);
  const bytes = lines * (width + padLeft + padRight) * inputChannels;
  builder.kernels.requireShared(bytes + 64);
  const values = {
    input,
    pixels,
    height,
    width,
    padTop,
    padLeft,
    padBottom,
    padRight,
    pixelBytes: inputChannels,
    inputStride,
    zero: zero & 255,
    flip,
  };
  return call(builder, 'padCodes', values, lines, bytes / 2);
}

/** For each 8 channels: 8 int32 biases, then for each column and four of its taps 8 × 4 int8. Behind them 8 zero points. */
export function packDotDepthwise(builder: Builder, { geometry, weights, bias, input }: QConvWeights): DotWeights {
  const channels = geometry.outputChannels;
  const [height, width] = geometry.kernel;
  const groupBytes = 32 * (1 + width * lanes(height));
  const bytes = Math.ceil(channels / 8) * groupBytes + 16;
  const address = builder.alloc(bytes);
  builder.kernels.u8(address, bytes).fill(0);
  const biases = builder.kernels.i32(address, bytes / 4);
  const places = builder.kernels.s8(address, bytes);
  const { zero } = entering(builder, input);
  for (let channel = 0; channel < channels; channel++) {
    const group = (channel >> 3) * groupBytes;
    const lane = channel & 7;
    let sum = 0;
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const weight = weights[(channel * height + y) * width + x]!;
        places[group + 32 * (1 + x * lanes(height) + (y >> 2)) + 4 * lane + (y & 3)] = weight;
        sum += weight;
      }
    biases[group / 4 + lane] = (bias?.[channel] ?? 0) - zero * sum;
  }
  places.fill(input.zeroPoint, bytes - 16);
  return { address, bytes };
}

export function dotDepthwise(builder: Builder, conv: PackedQConv, args: DotStep): Step {
  const { geometry, codes, requantization } = args;
  const { outputHeight, outputWidth } = conv;
  const channels = geometry.outputChannels;
  const [height, width] = geometry.kernel;
  const columns = (outputWidth - 1) * geometry.strides[1] + (width - 1) * geometry.dilations[1] + 1;
  builder.kernels.requireScratch(32 * (columns * lanes(height) + outputWidth));
  const rows = outputWidth === 0 ? 0 : geometry.batch * outputHeight;
  const values = {
    input: args.input,
    weights: args.weights,
    output: args.output,
    zeros: args.weights + conv.bytes - 16,
    channels,
    ...windowFields(geometry, outputHeight, outputWidth),
    inputStride: args.inputStride,
    outputStride: args.outputStride,
    flip: entering(builder, codes).flip,
    ...requantization,
  };
  const work = rows * outputWidth * channels * (2 + (height * width) / productsAnOperation);
  return step('qdepthwise', call(builder, 'depthwiseDotCodes', values, rows, work));
}
