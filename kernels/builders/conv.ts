import type { ConvGeometry, PackedConv, Step, Workspace } from '../api.ts';
import { type Builder, bounds, call, requirePositive, step } from './builder.ts';
import { depthwise, isDepthwise, packDepthwise } from './depthwise.ts';
import { blockShape, packedBytes, packPanels, panelCount } from './gemm.ts';
import { windowFields } from './window.ts';

type Args<M extends keyof Workspace> = Workspace[M] extends (args: infer A) => unknown ? A : never;

export function outputSize(geometry: ConvGeometry): readonly [height: number, width: number] {
  const { kernel, strides, dilations, pads } = geometry;
  const size = (input: number, axis: 0 | 1): number =>
    Math.floor(
      (input + pads[axis] + pads[(axis + 2) as 2 | 3] - dilations[axis] * (kernel[axis] - 1) - 1) / strides[axis],
    ) + 1;
  return [Math.max(0, size(geometry.inputHeight, 0)), Math.max(0, size(geometry.inputWidth, 1))];
}

export function checkGeometry(geometry: ConvGeometry, weights: number): void {
  const { inputChannels, outputChannels, groups, kernel, strides, dilations } = geometry;
  requirePositive(
    'convolution',
    geometry.batch,
    geometry.inputHeight,
    geometry.inputWidth,
    inputChannels,
    outputChannels,
  );
  if (groups < 1 || inputChannels % groups !== 0 || outputChannels % groups !== 0)
    throw new RangeError(`${groups} groups do not divide ${inputChannels} and ${outputChannels} channels.`);
  if ([...kernel, ...strides, ...dilations].some((value) => !Number.isSafeInteger(value) || value < 1))
    throw new RangeError('Kernel, strides and dilations of a convolution are positive integers.');
  const expected = outputChannels * (inputChannels / groups) * kernel[0] * kernel[1];
  if (weights !== expected) throw new RangeError(`The convolution has ${expected} weights, not ${weights}.`);
}

/** A 1×1 convolution without stride or padding is a product of [pixels, inputs] and [inputs, outputs]. */
function isProduct(geometry: ConvGeometry): boolean {
  const { kernel, strides, pads, groups } = geometry;
  return [...kernel, ...strides, groups].every((value) => value === 1) && pads.every((pad) => pad === 0);
}

export function packConv(builder: Builder, args: Args<'packConv'>): PackedConv {
  const { geometry, weights, bias } = args;
  checkGeometry(geometry, weights.length);
  const { groups, outputChannels, inputChannels, kernel } = geometry;
  const [outputHeight, outputWidth] = outputSize(geometry);
  if (isDepthwise(geometry))
    return { kind: 'conv', geometry, outputHeight, outputWidth, ...packDepthwise(builder, args) };
  const inputs = inputChannels / groups;
  const outputs = outputChannels / groups;
  const taps = kernel[0] * kernel[1];
  const depth = taps * inputs;
  const groupBytes = packedBytes(depth, outputs);
  const address = builder.alloc(groups * groupBytes);
  for (let group = 0; group < groups; group++) {
    const target = builder.kernels.f32(address + group * groupBytes, groupBytes / 4);
    const first = group * outputs;
    // Row k of B is (kernel row, kernel column, channel), as the kernels walk over the input.
    const value = (k: number, n: number): number =>
      weights[((first + n) * inputs + (k % inputs)) * taps + Math.floor(k / inputs)]!;
    packPanels(target, depth, outputs, value, bias, first);
  }
  const algorithm = isProduct(geometry) ? 'gemm' : 'indirect';
  return { kind: 'conv', geometry, outputHeight, outputWidth, algorithm, address, bytes: groups * groupBytes };
}

/** Input channels below which border windows are gathered: shorter runs would cost more to look up than to copy. */
const gatherBelow = 8;

export function conv2d(builder: Builder, args: Args<'conv2d'>): Step {
  const { conv, input, output, residual = 0 } = args;
  if (conv.algorithm === 'depthwise') return depthwise(builder, args);
  const { geometry, outputHeight, outputWidth } = conv;
  const { batch, groups, kernel, dilations, inputChannels, outputChannels } = geometry;
  const pixels = batch * outputHeight * outputWidth;
  const inputStride = args.inputStride ?? inputChannels;
  const outputStride = args.outputStride ?? outputChannels;
  const residualStride = args.residualStride ?? outputChannels;
  const inputs = inputChannels / groups;
  const outputs = outputChannels / groups;
  const taps = kernel[0] * kernel[1];
  const depth = taps * inputs;
  const panels = panelCount(outputs);
  const work = pixels * outputChannels * depth;
  const clamp = bounds(args.clamp);
  const blocks = blockShape(builder, pixels, depth, panels);
  if (conv.algorithm === 'gemm' && pixels > 0) {
    const { blockRows, blockPanels, panelBlocks } = blocks;
    builder.kernels.requireScratch(4 * blockRows);
    const values = {
      a: input,
      b: conv.address,
      output,
      residual,
      m: pixels,
      n: outputs,
      k: depth,
      aStride: inputStride,
      outputStride,
      residualStride,
      blockRows,
      blockPanels,
      panelBlocks,
      ...clamp,
    };
    return step('conv', call(builder, 'gemmF32', values, blocks.rowBlocks * panelBlocks, work));
  }
  const rowTaps = groups === 1 && inputStride === inputs && dilations[1] === 1 ? 1 : 0;
  const gather = inputs < gatherBelow ? 1 : 0;
  // Header, six addresses a tap, and the six gathered rows; for tiles of four this is more than needed.
  const tileBytes = 8 + 24 * (gather === 1 ? Math.max(kernel[0], 1) + 1 : taps) + (gather === 1 ? 24 * depth : 0);
  builder.kernels.requireScratch(Math.ceil(blocks.blockRows / 4) * tileBytes);
  const values = {
    input,
    weights: conv.address,
    output,
    residual,
    zeros: builder.kernels.zeros(4 * kernel[1] * inputs),
    pixels,
    ...windowFields(geometry, outputHeight, outputWidth),
    inputStride,
    outputStride,
    residualStride,
    groupInputs: inputs,
    groupOutputs: outputs,
    blockRows: blocks.blockRows,
    pixelBlocks: blocks.rowBlocks,
    blockPanels: blocks.blockPanels,
    panelBlocks: blocks.panelBlocks,
    rowTaps,
    gather,
    tileBytes,
    elementShift: 2,
    ...clamp,
  };
  const items = pixels === 0 ? 0 : groups * blocks.rowBlocks * blocks.panelBlocks;
  return step('conv', call(builder, 'convF32', values, items, work));
}
