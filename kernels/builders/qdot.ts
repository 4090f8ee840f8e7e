import type { Call, CodeType, ConvGeometry, QConvWeights, Step } from '../api.ts';
import { type Builder, call, isShared, place, step } from './builder.ts';
import { outputSize, paddedGeometry } from './conv.ts';
import { blockShape, panelColumns, panelCount } from './gemm.ts';
import { paddedLines } from './padded-lines.ts';
import type { RequantizationFields } from './requantization.ts';
import { windowFields } from './window.ts';

/** Integer convolutions and products by the four-byte dot product of the relaxed module (assembly/qdot.ts). */

/** Multiply-adds in the time of one elementary operation of the float kernels. */
const productsAnOperation = 4;

/** Weights packed for the dot product. */
export interface DotWeights {
  readonly address: number;
  readonly bytes: number;
  /** From one panel, or 8 channels of a depthwise layer, to the next. */
  readonly panelBytes: number;
  /** Address of the passes of each, int32. */
  readonly passes: number;
  /** No panel has more than one. */
  readonly single: boolean;
}

/** Codes as the machine's dot product wants them: what they are xored with, and the zero point then. */
function entering(builder: Builder, { type, zeroPoint }: { readonly type: CodeType; readonly zeroPoint: number }) {
  if (type === builder.kernels.features.dot) return { flip: 0, zero: zeroPoint };
  return { flip: 128, zero: type === 's8' ? zeroPoint + 128 : zeroPoint - 128 };
}

/** Parts of a weight that fit int8: their sum is the weight. */
function partsOf(weight: number): number[] {
  const parts: number[] = [];
  let rest = weight;
  do {
    const part = Math.max(-128, Math.min(127, rest));
    parts.push(part);
    rest -= part;
  } while (rest !== 0);
  return parts;
}

/** Where a weight lies: its panel, its row there, and its byte in that row. */
interface Place {
  readonly panel: number;
  readonly row: number;
  readonly byte: number;
}

/**
 * Packs weights into panels: 8 int32 biases less the zero point's part, then `rows` rows of 8 × 4 int8, and as many again for each
 * further pass: weights that int8 does not hold (of asymmetric uint8 ones, a few) are sums.
 */
function packPanels(
  builder: Builder,
  { weights, bias, input, geometry }: QConvWeights,
  panels: number,
  rows: number,
  placeOf: (output: number, i: number) => Place,
): DotWeights {
  const outputs = geometry.outputChannels;
  const depth = weights.length / Math.max(1, outputs);
  const passes = new Int32Array(panels).fill(1);
  weights.forEach((weight, at) => {
    if (weight >= -128 && weight <= 127) return;
    const { panel } = placeOf(Math.floor(at / depth), at % depth);
    passes[panel] = Math.max(passes[panel]!, partsOf(weight).length);
  });
  const most = passes.reduce((a, b) => Math.max(a, b), 1);
  const panelBytes = 32 * (1 + most * rows);
  // Behind the panels lie the zero points that depthwise windows see outside.
  const bytes = panels * panelBytes + zeroBytes;
  const address = builder.alloc(bytes);
  builder.kernels.u8(address, bytes).fill(0);
  const biases = builder.kernels.i32(address, bytes / 4);
  const places = builder.kernels.s8(address, bytes);
  const { zero } = entering(builder, input);
  for (let o = 0; o < outputs; o++) {
    let sum = 0;
    for (let i = 0; i < depth; i++) {
      const weight = weights[o * depth + i]!;
      const { panel, row, byte } = placeOf(o, i);
      for (const [pass, part] of partsOf(weight).entries())
        places[panel * panelBytes + 32 * (1 + pass * rows + row) + byte] = part;
      sum += weight;
    }
    const { panel, byte } = placeOf(o, 0);
    biases[(panel * panelBytes) / 4 + (byte >> 2)] = (bias?.[o] ?? 0) - zero * sum;
  }
  places.fill(input.zeroPoint, bytes - zeroBytes);
  return { address, bytes, panelBytes, passes: place(builder, passes), single: most === 1 };
}

const zeroBytes = 16;

/** How the inputs of one output are walked: `count` runs of `length` codes, each padded to whole lanes. */
function runsOf({ groups, dilations, kernel, inputChannels }: ConvGeometry) {
  const inputs = inputChannels / groups;
  if (groups === 1 && dilations[1] === 1) return { rows: true, count: kernel[0], length: kernel[1] * inputs };
  return { rows: false, count: kernel[0] * kernel[1], length: inputs };
}

const lanes = (length: number): number => Math.ceil(length / 4);

/** Panels of 8 columns with a row for each lane of a window. */
export function packDotConv(builder: Builder, args: QConvWeights): DotWeights {
  const { groups, inputChannels, outputChannels, kernel } = args.geometry;
  const [inputs, outputs] = [inputChannels / groups, outputChannels / groups];
  const taps = kernel[0] * kernel[1];
  const runs = runsOf(args.geometry);
  const panels = panelCount(outputs);
  // ONNX has taps innermost; a window is walked tap by tap.
  const placeOf = (o: number, i: number): Place => {
    const [channel, tap] = [Math.floor(i / taps), i % taps];
    const run = runs.rows ? Math.floor(tap / kernel[1]) : tap;
    const element = (runs.rows ? (tap % kernel[1]) * inputs : 0) + channel;
    const within = o % outputs;
    return {
      panel: Math.floor(o / outputs) * panels + Math.floor(within / panelColumns),
      row: run * lanes(runs.length) + (element >> 2),
      byte: (within % panelColumns) * 4 + (element & 3),
    };
  };
  return packPanels(builder, args, groups * panels, runs.count * lanes(runs.length), placeOf);
}

/** Panels of 8 channels with a row for each column of a window and four of its taps. */
export function packDotDepthwise(builder: Builder, args: QConvWeights): DotWeights {
  const [height, width] = args.geometry.kernel;
  const placeOf = (channel: number, i: number): Place => {
    const [y, x] = [Math.floor(i / width), i % width];
    return { panel: channel >> 3, row: x * lanes(height) + (y >> 2), byte: (channel & 7) * 4 + (y & 3) };
  };
  return packPanels(builder, args, Math.ceil(args.geometry.outputChannels / 8), width * lanes(height), placeOf);
}

/** What a step of packed weights needs beside them. */
export interface DotStep {
  readonly geometry: ConvGeometry;
  readonly input: number;
  readonly output: number;
  readonly weights: DotWeights;
  readonly inputStride: number;
  readonly outputStride: number;
  readonly codes: QConvWeights['input'];
  readonly requantization: RequantizationFields;
  /** Address of a zero point that is known only while running, else 0. */
  readonly zeroAt: number;
}

export function dotConv(builder: Builder, name: string, args: DotStep): Step {
  const { geometry, weights, codes, requantization } = args;
  const { batch, groups, kernel, pads, inputChannels, outputChannels } = geometry;
  const [outputHeight, outputWidth] = outputSize(geometry);
  const [inputs, outputs] = [inputChannels / groups, outputChannels / groups];
  const runs = runsOf(geometry);
  const { flip, zero } = entering(builder, codes);
  // A run that ends within a lane is read beyond its end: in our own scratch, not behind the tensor.
  const whole = runs.length % 4 === 0 && (!runs.rows || args.inputStride === inputs);
  const direct = flip === 0 && whole && pads.every((pad) => pad === 0);
  const depth = runs.count * lanes(runs.length);
  const pixels = batch * outputHeight * outputWidth;
  const panels = panelCount(outputs);
  const work = pixels * outputChannels * ((runs.count * runs.length) / productsAnOperation + 2);
  // Work that no thread shares is not divided by columns either: a single row takes four panels at a time.
  const parted = blockShape(builder, pixels, depth, panels);
  const blocks = isShared(work) ? parted : { ...parted, blockPanels: panels, panelBlocks: 1 };
  builder.kernels.requireScratch(36 * blocks.blockRows);
  // Where a window's runs lie, in the tensor or in the copy with its padding.
  const { inputHeight, inputWidth } = paddedGeometry(geometry);
  const pixelBytes = direct ? args.inputStride : inputChannels;
  const lineBytes = inputWidth * pixelBytes;
  const perRow = runs.rows ? 1 : kernel[1];
  const offsets = Int32Array.from({ length: runs.count }, (_, tap) => {
    const [row, column] = [Math.floor(tap / perRow), tap % perRow];
    return row * geometry.dilations[0] * lineBytes + column * geometry.dilations[1] * pixelBytes;
  });
  const values = {
    input: direct ? args.input : 0,
    weights: weights.address,
    output: args.output,
    offsets: place(builder, offsets),
    taps: runs.count,
    lanes: lanes(runs.length),
    pixels,
    outputHeight,
    outputWidth,
    imageStep: inputHeight * lineBytes,
    lineStep: geometry.strides[0] * lineBytes,
    pixelStep: geometry.strides[1] * pixelBytes,
    groupInputs: inputs,
    groupOutputs: outputs,
    outputStride: args.outputStride,
    blockRows: blocks.blockRows,
    pixelBlocks: blocks.rowBlocks,
    blockPanels: blocks.blockPanels,
    panelBlocks: blocks.panelBlocks,
    panelBytes: weights.panelBytes,
    passes: weights.passes,
    single: weights.single ? 1 : 0,
    ...requantization,
    ...(args.zeroAt !== 0 && { shifts: args.zeroAt }),
  };
  const items = pixels === 0 ? 0 : groups * blocks.rowBlocks * blocks.panelBlocks;
  const multiply = call(builder, 'dotCodes', values, items, work);
  return direct ? step(name, multiply) : step(name, padCall(builder, args, zero, flip), multiply);
}

function padCall(
  builder: Builder,
  { geometry, input, inputStride, zeroAt }: DotStep,
  zero: number,
  flip: number,
): Call {
  const { inputChannels } = geometry;
  const { lines, linePixels, fields } = paddedLines(geometry);
  const bytes = lines * linePixels * inputChannels;
  builder.kernels.requireShared(bytes + 64);
  const values = {
    input,
    ...fields,
    pixelBytes: inputChannels,
    inputStride,
    zero: zero & 255,
    zeroAt,
    flip,
  };
  return call(builder, 'padCodes', values, lines, bytes / 2);
}

export function dotDepthwise(builder: Builder, args: DotStep): Step {
  const { geometry, weights, codes, requantization } = args;
  const [outputHeight, outputWidth] = outputSize(geometry);
  const channels = geometry.outputChannels;
  const [height, width] = geometry.kernel;
  const columns = (outputWidth - 1) * geometry.strides[1] + (width - 1) * geometry.dilations[1] + 1;
  builder.kernels.requireScratch(32 * (columns * lanes(height) + outputWidth));
  const rows = outputWidth === 0 ? 0 : geometry.batch * outputHeight;
  const values = {
    input: args.input,
    weights: weights.address,
    output: args.output,
    zeros: weights.address + weights.bytes - zeroBytes,
    channels,
    ...windowFields(geometry, outputHeight, outputWidth),
    inputStride: args.inputStride,
    outputStride: args.outputStride,
    flip: entering(builder, codes).flip,
    groupBytes: weights.panelBytes,
    passes: weights.passes,
    ...requantization,
  };
  const work = rows * outputWidth * channels * (2 + (height * width) / productsAnOperation);
  return step('qdepthwise', call(builder, 'depthwiseDotCodes', values, rows, work));
}
