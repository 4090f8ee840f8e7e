import type { ConvGeometry } from '../../../kernels/api.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { intAttribute } from '../../operators/shared/attributes.ts';
import type { Declined, Lowering } from '../lowering.ts';
import { pitchOf } from '../operand.ts';
import { channelsLastOrder } from '../order.ts';
import { floatConvParts } from './conv-parts.ts';
import { window } from './window.ts';

/** Convolution of rank 3 (one spatial axis) or 4, channels-last, with constant weights. */
export function lowerConv(node: GraphNode, lowering: Lowering): Declined {
  const parts = floatConvParts(node, lowering);
  if (typeof parts === 'string') return parts;
  const { input, weights, bias } = parts;
  const x = node.inputs[0]!;
  const rank = input.dims.length;
  const output = lowering.type(node.outputs[0]!);
  const geometry = convGeometry(node, input.dims, output.dims, weights.dims);
  const order = channelsLastOrder(rank);
  const source = lowering.input(x, order, { pitched: true });
  const { residual: residualName, clamp, bias: extra } = lowering.epilogue;
  const residual = residualName === undefined ? undefined : lowering.input(residualName, order, { pitched: true });
  const conv = lowering.pack((workspace) =>
    workspace.packConv({
      geometry,
      winograd: lowering.winograd,
      weights: weights.data as Float32Array,
      bias: sumOf(bias?.data as Float32Array | undefined, extra),
    }),
  );
  const target = lowering.output(0, order, { pitched: true });
  lowering.emit({
    kernel: `conv2d ${conv.value.algorithm}`,
    reads: residual ? [source, residual] : [source],
    writes: [target],
    build: (workspace, at) =>
      workspace.conv2d({
        conv: conv.get(),
        input: at(source),
        inputStride: pitchOf(source)!,
        output: at(target),
        outputStride: pitchOf(target)!,
        ...(residual && { residual: at(residual), residualStride: pitchOf(residual)! }),
        clamp,
      }),
  });
  return undefined;
}

export function convGeometry(
  node: GraphNode,
  input: readonly number[],
  output: readonly number[],
  weights: readonly number[],
): ConvGeometry {
  const { kernel, strides, dilations, pads, height, width } = window(node, input, output, weights.slice(2));
  return {
    batch: input[0]!,
    inputHeight: height,
    inputWidth: width,
    inputChannels: input[1]!,
    outputChannels: weights[0]!,
    kernel,
    strides,
    dilations,
    pads,
    groups: intAttribute(node, 'group', 1),
  };
}

function sumOf(a: Float32Array | undefined, b: Float32Array | undefined): Float32Array | undefined {
  if (!a || !b) return a ?? b;
  return a.map((value, index) => value + b[index]!);
}
