import type { Call, ConvGeometry, PackedConv, Step, Workspace } from '../api.ts';
import { type Builder, bounds, call, requirePositive, step } from './builder.ts';
import { depthwise, isDepthwise, packDepthwise } from './depthwise.ts';
import { blockShape, gemm, packedBytes, packPanels, panelCount } from './gemm.ts';
import { windowFields } from './window.ts';
import { packWinograd, winograd, winogradPays } from './winograd.ts';

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

/** 1×1 without stride or padding: pixel i of the output is made of pixel i of the input. */
export function isPointwise({ kernel, strides, pads }: ConvGeometry): boolean {
  return [...kernel, ...strides].every((value) => value === 1) && pads.every((pad) => pad === 0);
}

export function packConv(builder: Builder, args: Args<'packConv'>): PackedConv {
  const { geometry, weights, bias, winograd = builder.kernels.features.mode === 'relaxed' } = args;
  checkGeometry(geometry, weights.length);
  const { groups, outputChannels, inputChannels, kernel } = geometry;
  const [outputHeight, outputWidth] = outputSize(geometry);
  if (isDepthwise(geometry))
    return { kind: 'conv', geometry, outputHeight, outputWidth, ...packDepthwise(builder, args) };
  if (winograd && winogradPays(geometry, outputHeight, outputWidth))
    return { kind: 'conv', geometry, outputHeight, outputWidth, ...packWinograd(builder, args) };
  const inputs = inputChannels / groups;
  const outputs = outputChannels / groups;
  const taps = kernel[0] * kernel[1];
  const depth = taps * inputs;
  const groupBytes = packedBytes(depth, outputs);
  // Row k of B is (kernel row, kernel column, channel), as the kernels walk over the input.
  const rows = Int32Array.from({ length: depth }, (_, k) => (k % inputs) * taps + Math.floor(k / inputs));
  const address = builder.alloc(groups * groupBytes);
  for (let group = 0; group < groups; group++) {
    const target = builder.kernels.f32(address + group * groupBytes, groupBytes / 4);
    const first = group * outputs;
    packPanels(target, outputs, {
      values: weights.subarray(first * depth, (first + outputs) * depth),
      rows,
      columnStride: depth,
      bias: bias?.subarray(first, first + outputs),
    });
  }
  const algorithm = isPointwise(geometry) && groups === 1 ? 'gemm' : 'indirect';
  return { kind: 'conv', geometry, outputHeight, outputWidth, algorithm, address, bytes: groups * groupBytes };
}

/** Input channels below which border windows, looked up tap by tap, are slow; narrow inputs are then padded in a copy. */
const fewChannels = 8;
const narrowWidth = 64;
/** Elements of a kernel row below which windows are gathered, if enough panels share the gathering. */
const shortRun = 16;
const gatherPanels = 4;

export function conv2d(builder: Builder, args: Args<'conv2d'>): Step {
  const { conv, input, output, residual = 0 } = args;
  if (conv.algorithm === 'depthwise') return depthwise(builder, args);
  if (conv.algorithm === 'winograd') return winograd(builder, args);
  if (conv.algorithm === 'gemm') return product(builder, args);
  const { geometry, outputHeight, outputWidth } = conv;
  const { batch, groups, kernel, dilations, pads, inputChannels, outputChannels } = geometry;
  const pixels = batch * outputHeight * outputWidth;
  const inputStride = args.inputStride ?? inputChannels;
  const inputs = inputChannels / groups;
  const outputs = outputChannels / groups;
  const taps = kernel[0] * kernel[1];
  const depth = taps * inputs;
  const panels = panelCount(outputs);
  const blocks = blockShape(builder, pixels, depth, panels);
  const padded = pads.some((pad) => pad > 0);
  const copied = padded && groups === 1 && inputs < fewChannels && geometry.inputWidth < narrowWidth;
  const inside = copied || !padded;
  const rowTaps = groups === 1 && dilations[1] === 1 && (copied || inputStride === inputs);
  const gather = inside && rowTaps && kernel[0] > 1 && kernel[1] * inputs < shortRun && panels >= gatherPanels;
  const tileBytes = tileSlot(taps, gather ? depth * 4 : 0, kernel[0], rowTaps && inside);
  builder.kernels.requireScratch(Math.ceil(blocks.blockRows / 4) * tileBytes);
  const values = {
    input: copied ? 0 : input,
    weights: conv.address,
    output,
    residual,
    zeros: builder.kernels.zeros(4 * kernel[1] * inputs),
    pixels,
    ...windowFields(copied ? paddedGeometry(geometry) : geometry, outputHeight, outputWidth),
    inputStride: copied ? inputs : inputStride,
    outputStride: args.outputStride ?? outputChannels,
    residualStride: args.residualStride ?? outputChannels,
    groupInputs: inputs,
    groupOutputs: outputs,
    blockRows: blocks.blockRows,
    pixelBlocks: blocks.rowBlocks,
    blockPanels: blocks.blockPanels,
    panelBlocks: blocks.panelBlocks,
    rowTaps: rowTaps ? 1 : 0,
    inside: inside ? 1 : 0,
    gather: gather ? 1 : 0,
    pointwise: isPointwise(geometry) ? 1 : 0,
    tileBytes,
    elementShift: 2,
    ...bounds(args.clamp),
  };
  const items = pixels === 0 ? 0 : groups * blocks.rowBlocks * blocks.panelBlocks;
  const multiply = call(builder, 'convF32', values, items, pixels * outputChannels * depth);
  return copied ? step('conv', padCall(builder, geometry, input, inputStride), multiply) : step('conv', multiply);
}

/** Bytes of a tile's slot: header, six addresses a tap, six gathered rows; for tiles of four more than needed. */
export function tileSlot(taps: number, gatheredBytes: number, kernelHeight: number, alwaysRows: boolean): number {
  if (gatheredBytes > 0) return 8 + 24 + 6 * gatheredBytes;
  return 8 + 24 * (alwaysRows ? kernelHeight : taps);
}

/** The geometry of an input that contains its padding. */
export function paddedGeometry(geometry: ConvGeometry): ConvGeometry {
  const [top, left, bottom, right] = geometry.pads;
  return {
    ...geometry,
    inputHeight: geometry.inputHeight + top + bottom,
    inputWidth: geometry.inputWidth + left + right,
    pads: [0, 0, 0, 0],
  };
}

function padCall(builder: Builder, geometry: ConvGeometry, input: number, inputStride: number): Call {
  const { batch, inputHeight: height, inputWidth: width, inputChannels, pads } = geometry;
  const [padTop, padLeft, padBottom, padRight] = pads;
  const lines = batch * (height + padTop + padBottom);
  const pixelBytes = 4 * inputChannels;
  const bytes = lines * (width + padLeft + padRight) * pixelBytes;
  builder.kernels.requireShared(bytes);
  const inputPixelBytes = 4 * inputStride;
  const values = { input, height, width, padTop, padLeft, padBottom, padRight, pixelBytes, inputPixelBytes };
  return call(builder, 'padLines', values, lines, 2 * bytes);
}

function product(builder: Builder, args: Args<'conv2d'>): Step {
  const { conv, input, output, residual } = args;
  const { geometry, outputHeight, outputWidth, address, bytes } = conv;
  const { inputChannels: k, outputChannels: n } = geometry;
  const { calls } = gemm(builder, {
    m: geometry.batch * outputHeight * outputWidth,
    a: input,
    aStride: args.inputStride ?? k,
    b: { kind: 'matrix', address, k, n, bytes },
    output,
    outputStride: args.outputStride ?? n,
    residual,
    residualStride: args.residualStride ?? n,
    clamp: args.clamp ?? {},
  });
  return { name: 'conv', calls };
}
