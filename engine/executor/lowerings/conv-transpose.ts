import type { ConvGeometry } from '../../../kernels/api.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { convTransposeGeometry } from '../../operators/linear/conv-transpose.ts';
import { intAttribute } from '../../operators/shared/attributes.ts';
import { windowOf } from '../../operators/shared/windows.ts';
import { elementCount } from '../../tensor.ts';
import { convert } from '../conversion.ts';
import type { Declined, Lowering, Operand } from '../lowering.ts';
import { pitchOf } from '../operand.ts';
import { channelsLastOrder, logicalStrides } from '../order.ts';
import { floatConvParts } from './conv-parts.ts';

/** One axis of a transposed convolution. */
interface Axis {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** What is cut off at the beginning. */
  readonly begin: number;
}

/** Along one axis, the outputs `offset`, `offset + stride`, … as an ordinary convolution of stride 1 over the input. */
interface Phase {
  readonly offset: number;
  readonly count: number;
  /** Tap of the given kernel for each tap of the convolution; −1: a weight of 0. */
  readonly taps: readonly number[];
  readonly padBegin: number;
  readonly padEnd: number;
}

/**
 * Transposed convolution over one or two spatial axes, channels-last, with constant weights. Outputs that lie a stride
 * apart see the same taps: each such phase is a convolution of stride 1 with some of the taps, turned round, whose result is
 * spread to its places. No product is made with the zeros that a stride puts between inputs.
 */
export function lowerConvTranspose(node: GraphNode, lowering: Lowering): Declined {
  const parts = floatConvParts(node, lowering);
  if (typeof parts === 'string') return parts;
  const { input, weights, bias } = parts;
  const x = node.inputs[0]!;
  const rank = input.dims.length;
  const { kernel, strides, dilations } = windowOf(node, rank - 2, weights.dims.slice(2));
  if (strides.some((stride, i) => stride > 1 && dilations[i]! > 1)) return 'no kernel for a stride with a dilation';
  const { begin } = convTransposeGeometry(node, input, weights)!;
  const output = lowering.type(node.outputs[0]!).dims;
  const axes = kernel.map((size, i): Axis => {
    const sizes = { input: input.dims[i + 2]!, output: output[i + 2]!, begin: begin[i] as number };
    return { ...sizes, kernel: size, stride: strides[i]!, dilation: dilations[i]! };
  });
  if (rank === 3) axes.unshift({ input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, begin: 0 });
  const [rows, columns] = axes as [Axis, Axis];

  const order = channelsLastOrder(rank);
  const source = lowering.input(x, order, { pitched: true });
  const target = lowering.output(0, order);
  const groups = intAttribute(node, 'group', 1);
  const [batch, channels] = input.dims as [number, number];
  const outputs = output[1]!;
  for (const vertical of phasesOf(rows)) {
    for (const horizontal of phasesOf(columns)) {
      const geometry: ConvGeometry = {
        batch,
        inputHeight: rows.input,
        inputWidth: columns.input,
        inputChannels: channels,
        outputChannels: outputs,
        kernel: [vertical.taps.length, horizontal.taps.length],
        strides: [1, 1],
        dilations: [rows.dilation, columns.dilation],
        pads: [vertical.padBegin, horizontal.padBegin, vertical.padEnd, horizontal.padEnd],
        groups,
      };
      const conv = lowering.pack((workspace) =>
        workspace.packConv({
          geometry,
          winograd: lowering.winograd,
          weights: phaseWeights(weights.data as Float32Array, weights.dims, groups, vertical.taps, horizontal.taps),
          bias: bias?.data as Float32Array | undefined,
        }),
      );
      const { outputHeight: height, outputWidth: width } = conv.value;
      const isDense = rows.stride === 1 && columns.stride === 1;
      const isWhole = isDense && height === rows.output && width === columns.output;
      const result = isWhole ? target : lowering.scratch(4 * batch * height * width * outputs);
      lowering.emit({
        kernel: `conv2d ${conv.value.algorithm}`,
        reads: [source],
        writes: [result],
        build: (workspace, at) =>
          workspace.conv2d({
            conv: conv.get(),
            input: at(source),
            inputStride: pitchOf(source)!,
            output: at(result),
            clamp: lowering.epilogue.clamp,
          }),
      });
      if (!isWhole)
        lowering.emit(convert(...spread(result, target, [height, width], vertical, horizontal, [rows, columns])));
    }
  }
  return undefined;
}

/** The result of a phase in its memory, and its places in the output. */
function spread(
  result: Operand,
  target: Operand,
  [height, width]: readonly [number, number],
  vertical: Phase,
  horizontal: Phase,
  [rows, columns]: readonly [Axis, Axis],
): [Operand, Operand] {
  const [batch, outputs] = target.dims as [number, number];
  const order = channelsLastOrder(4);
  const dims = [batch, outputs, vertical.count, horizontal.count];
  const from = logicalStrides([batch, outputs, height, width], order);
  const to = logicalStrides([batch, outputs, rows.output, columns.output], order);
  const common = { dtype: 'float32', dims, order } as const;
  return [
    { ...common, storage: result.storage, offset: 0, strides: from },
    {
      ...common,
      storage: target.storage,
      offset: target.offset + 4 * (vertical.offset * to[2]! + horizontal.offset * to[3]!),
      strides: [to[0]!, to[1]!, to[2]! * rows.stride, to[3]! * columns.stride],
    },
  ];
}

function phasesOf({ input, output, kernel, stride, dilation, begin }: Axis): Phase[] {
  const phases: Phase[] = [];
  for (let offset = 0; offset < Math.min(stride, output); offset++) {
    const count = Math.ceil((output - offset) / stride);
    // Output stride · q + offset meets input q + shift − t · dilation by tap first + t · stride.
    const first = (offset + begin) % stride;
    const shift = Math.floor((offset + begin) / stride);
    const own = Math.max(0, Math.ceil((kernel - first) / stride));
    // Further taps, of weight 0, where the input's beginning would otherwise be cut off.
    const length = Math.max(1, own, Math.ceil(shift / dilation) + 1);
    const taps = Array.from({ length }, (_, i) => (length - 1 - i < own ? first + (length - 1 - i) * stride : -1));
    const padBegin = (length - 1) * dilation - shift;
    phases.push({ offset, count, taps, padBegin, padEnd: Math.max(0, count + shift - input) });
  }
  return phases;
}

/** [C, M/groups, kH, kW] as [M, C/groups, taps, taps]. */
function phaseWeights(
  weights: Float32Array,
  dims: readonly number[],
  groups: number,
  rows: readonly number[],
  columns: readonly number[],
): Float32Array {
  const [channels, perGroup] = dims as [number, number];
  const [height, width] = dims.length === 3 ? [1, dims[2]!] : [dims[2]!, dims[3]!];
  const groupChannels = channels / groups;
  const result = new Float32Array(groups * perGroup * groupChannels * elementCount([rows.length, columns.length]));
  let at = 0;
  for (let output = 0; output < groups * perGroup; output++)
    for (let channel = 0; channel < groupChannels; channel++) {
      const from = (Math.floor(output / perGroup) * groupChannels + channel) * perGroup + (output % perGroup);
      for (const row of rows)
        for (const column of columns)
          result[at++] = row < 0 || column < 0 ? 0 : weights[(from * height + row) * width + column]!;
    }
  return result;
}
