import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute, intsAttribute } from '../shared/attributes.ts';
import { inputType, isStatic, valueType } from '../shared/types.ts';
import { allocateCodes, codesOf, outputCodes, requantization, requantize } from './requantization.ts';

/** Geometry of a convolution over two spatial axes; one axis is a height of 1. */
export interface QConvGeometry {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly groups: number;
}

/** @param spatial number of spatial axes, 1 or 2 */
export function qconvGeometry(node: GraphNode, spatial: number, weightDims: readonly number[]): QConvGeometry {
  if (spatial !== 1 && spatial !== 2)
    fail('model/rank', `${describe(node)} has ${spatial} spatial axes; the integer convolution knows 1 and 2.`);
  const pair = (values: readonly number[] | undefined, missing: number): [number, number] => {
    const own = values ?? new Array<number>(spatial).fill(missing);
    return spatial === 1 ? [missing, own[0]!] : [own[0]!, own[1]!];
  };
  const kernel = weightDims.slice(2);
  const pads = intsAttribute(node, 'pads') ?? new Array<number>(2 * spatial).fill(0);
  return {
    kernel: spatial === 1 ? [1, kernel[0]!] : [kernel[0]!, kernel[1]!],
    strides: pair(intsAttribute(node, 'strides'), 1),
    dilations: pair(intsAttribute(node, 'dilations'), 1),
    pads: spatial === 1 ? [0, pads[0]!, 0, pads[1]!] : [pads[0]!, pads[1]!, pads[2]!, pads[3]!],
    groups: intAttribute(node, 'group', 1),
  };
}

export function outputSize(input: number, kernel: number, stride: number, dilation: number, pad: number): number {
  return Math.floor((input + pad - dilation * (kernel - 1) - 1) / stride) + 1;
}

/**
 * Integer convolution. Inputs: X codes [N, C, …], W codes [O, C/group, …], B int32 [O] (optional).
 * acc = B[o] + Σ (x − x_zero_point)·w in int32, padding adding nothing; then requantisation per output channel.
 */
export const qconv: Operator = {
  op: 'QConv',
  domain: 'qspec',
  opsets: [1, 1],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const w = inputType(node, 1, context);
    const dtype = outputCodes(node).dtype;
    if (x.dims === undefined || !isStatic(w.dims)) return [valueType(dtype, undefined)];
    const spatial = x.dims.length - 2;
    const { kernel, strides, dilations, pads } = qconvGeometry(node, spatial, w.dims);
    const sizes = x.dims.slice(2).map((size, i) => {
      const axis = spatial === 1 ? 1 : i;
      const pad = pads[axis]! + pads[axis + 2]!;
      return typeof size === 'number'
        ? outputSize(size, kernel[axis]!, strides[axis]!, dilations[axis]!, pad)
        : undefined;
    });
    return [{ dtype, dims: [x.dims[0], w.dims[0], ...sizes] }];
  },
  cost(node, context) {
    const w = inputType(node, 1, context).dims ?? [];
    const out = this.infer(node, context)[0]!.dims ?? [];
    const count = (dims: readonly unknown[]) => dims.reduce<number>((n, d) => n * (typeof d === 'number' ? d : 1), 1);
    return { macs: count(out) * count(w.slice(1)), operations: count(out) };
  },
  evaluate(node, [x, w, b]) {
    const codes = codesOf(node, x, 'Input');
    const weights = codesOf(node, w, 'Weight');
    const bias = b?.data as Int32Array | undefined;
    const spatial = x!.dims.length - 2;
    const { kernel, strides, dilations, pads, groups } = qconvGeometry(node, spatial, w!.dims);
    const [batch, channels] = [x!.dims[0]!, x!.dims[1]!];
    const height = spatial === 1 ? 1 : x!.dims[2]!;
    const width = x!.dims[spatial + 1]!;
    const outputs = w!.dims[0]!;
    const perGroup = channels / groups;
    const outHeight = outputSize(height, kernel[0], strides[0], dilations[0], pads[0] + pads[2]);
    const outWidth = outputSize(width, kernel[1], strides[1], dilations[1], pads[1] + pads[3]);
    const padded = { height: height + pads[0] + pads[2], width: width + pads[1] + pads[3] };
    const requantizing = requantization(node);
    const out = allocateCodes(requantizing.output.dtype, batch * outputs * outHeight * outWidth);
    const taps = kernel[0] * kernel[1];
    let at = 0;
    for (let n = 0; n < batch; n++) {
      const image = paddedOffsets(
        codes,
        n * channels,
        channels,
        height,
        width,
        pads,
        intAttribute(node, 'x_zero_point', 0),
      );
      for (let o = 0; o < outputs; o++) {
        const group = Math.floor(o / (outputs / groups));
        const start = bias?.[o] ?? 0;
        for (let y = 0; y < outHeight; y++) {
          for (let z = 0; z < outWidth; z++) {
            let accumulator = start;
            for (let c = 0; c < perGroup; c++) {
              const plane = (group * perGroup + c) * padded.height * padded.width;
              const tap = (o * perGroup + c) * taps;
              for (let i = 0; i < kernel[0]; i++) {
                const row = plane + (y * strides[0] + i * dilations[0]) * padded.width + z * strides[1];
                for (let j = 0; j < kernel[1]; j++)
                  accumulator += image[row + j * dilations[1]]! * weights[tap + i * kernel[1] + j]!;
              }
            }
            out[at++] = requantize(accumulator | 0, o, requantizing);
          }
        }
      }
    }
    const dims = spatial === 1 ? [batch, outputs, outWidth] : [batch, outputs, outHeight, outWidth];
    return [{ dtype: requantizing.output.dtype, dims, data: out }];
  },
};

/** One image with its zero point taken off and a border of zeros around every channel. */
function paddedOffsets(
  codes: Int8Array | Uint8Array,
  firstPlane: number,
  channels: number,
  height: number,
  width: number,
  pads: readonly [number, number, number, number],
  zeroPoint: number,
): Int16Array {
  const rows = height + pads[0] + pads[2];
  const columns = width + pads[1] + pads[3];
  const out = new Int16Array(channels * rows * columns);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      const from = ((firstPlane + c) * height + y) * width;
      const to = (c * rows + y + pads[0]) * columns + pads[1];
      for (let x = 0; x < width; x++) out[to + x] = codes[from + x]! - zeroPoint;
    }
  }
  return out;
}
