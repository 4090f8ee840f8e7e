import { lowerQConv } from '../../executor/lowerings/integer.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { poll } from '../../progress.ts';
import type { ValueType } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute } from '../shared/attributes.ts';
import { inputType, isStatic, valueType } from '../shared/types.ts';
import { resolvePads, windowOf, windowOutput, windowPositions } from '../shared/windows.ts';
import { allocateCodes, codesOf, outputCodes, requantization, requantize, weightOffsets } from './requantization.ts';

/** Geometry of a convolution over two spatial axes; one axis is a height of 1. */
interface Plane {
  readonly height: number;
  readonly width: number;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly outHeight: number;
  readonly outWidth: number;
}

function planeOf(node: GraphNode, dims: readonly number[], weightDims: readonly number[]): Plane {
  const sizes = dims.slice(2);
  if (sizes.length !== 1 && sizes.length !== 2)
    fail('model/rank', `${describe(node)} has ${sizes.length} spatial axes; the integer convolution knows 1 and 2.`);
  const window = windowOf(node, sizes.length, weightDims.slice(2));
  const { begin, end } = resolvePads(window, sizes);
  const out = sizes.map((size, axis) => windowPositions(window, axis, size));
  const pair = (values: readonly number[], missing: number): [number, number] =>
    values.length === 1 ? [missing, values[0]!] : [values[0]!, values[1]!];
  const [height, width] = pair(sizes, 1);
  const [outHeight, outWidth] = pair(out, 1);
  return {
    height,
    width,
    kernel: pair(window.kernel, 1),
    strides: pair(window.strides, 1),
    dilations: pair(window.dilations, 1),
    pads: [...pair(begin, 0), ...pair(end, 0)],
    outHeight,
    outWidth,
  };
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
    const window = windowOf(node, x.dims.length - 2, w.dims.slice(2));
    return [{ dtype, dims: [x.dims[0], w.dims[0], ...windowOutput(node, window, x.dims.slice(2))] }];
  },
  cost(node, context) {
    const w = inputType(node, 1, context).dims ?? [];
    const [y] = this.infer(node, context) as readonly ValueType[];
    const out = y?.dims ?? [];
    const count = (dims: readonly unknown[]) => dims.reduce<number>((n, d) => n * (typeof d === 'number' ? d : 1), 1);
    return { macs: count(out) * count(w.slice(1)), operations: count(out) };
  },
  evaluate(node, [x, w, b]) {
    const codes = codesOf(node, x, 'Input');
    const weights = weightOffsets(node, w, 0);
    const bias = b?.data as Int32Array | undefined;
    const { height, width, kernel, strides, dilations, pads, outHeight, outWidth } = planeOf(node, x!.dims, w!.dims);
    const [batch, channels] = [x!.dims[0]!, x!.dims[1]!];
    const groups = intAttribute(node, 'group', 1);
    const outputs = w!.dims[0]!;
    const perGroup = channels / groups;
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
          poll();
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
    const dims = x!.dims.length === 3 ? [batch, outputs, outWidth] : [batch, outputs, outHeight, outWidth];
    return [{ dtype: requantizing.output.dtype, dims, data: out }];
  },
  lower: lowerQConv,
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
