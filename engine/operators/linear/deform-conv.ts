import { fail } from '../../findings.ts';
import { poll } from '../../progress.ts';
import { elementCount } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { inputType, requireRank, valueType } from '../shared/types.ts';
import { resolvePads, windowOf } from '../shared/windows.ts';
import { convolutionCost, convolutionDims, outputDims } from './conv.ts';

/**
 * Convolution whose taps are moved by learned offsets (bilinear, zero outside) and weighted by an optional mask. Two
 * spatial axes: x [N, C, H, W], w [M, C/group, kH, kW], offset [N, offset_group·kH·kW·2, H', W'].
 */
export const deformConv: Operator = {
  op: 'DeformConv',
  domain: '',
  opsets: [19, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    requireRank(node, 'The input', x, 4);
    return [valueType(x.dtype, convolutionDims(node, x, inputType(node, 1, context), undefined))];
  },
  evaluate(node, [x, w, offset, b, mask]) {
    if (x!.dims.length !== 4) fail('model/rank', `${describe(node)} needs two spatial dimensions.`);
    const dims = outputDims(node, x!, w!);
    const window = windowOf(node, 2, w!.dims.slice(2));
    const { begin } = resolvePads(window, x!.dims.slice(2));
    const [batch, channels, height, width] = x!.dims as [number, number, number, number];
    const [, outputs, outH, outW] = dims as [number, number, number, number];
    const [kH, kW] = window.kernel as [number, number];
    const groups = intAttribute(node, 'group', 1);
    const offsetGroups = intAttribute(node, 'offset_group', 1);
    const groupInputs = channels / groups;
    const groupOutputs = outputs / groups;
    const values = numbersOf(x!);
    const weights = numbersOf(w!);
    const moves = numbersOf(offset!);
    const gains = mask && numbersOf(mask);
    const bias = b && numbersOf(b);
    const out = new Float64Array(elementCount(dims));
    const at = (n: number, c: number, y: number, z: number) =>
      y < 0 || y >= height || z < 0 || z >= width ? 0 : values[((n * channels + c) * height + y) * width + z]!;
    const sample = (n: number, c: number, y: number, z: number) => {
      if (!(y > -1 && y < height && z > -1 && z < width)) return 0;
      const [top, left] = [Math.floor(y), Math.floor(z)];
      const [fy, fz] = [y - top, z - left];
      const upper = (1 - fz) * at(n, c, top, left) + fz * at(n, c, top, left + 1);
      const lower = (1 - fz) * at(n, c, top + 1, left) + fz * at(n, c, top + 1, left + 1);
      return (1 - fy) * upper + fy * lower;
    };
    let position = 0;
    for (let n = 0; n < batch; n++)
      for (let m = 0; m < outputs; m++)
        for (let h = 0; h < outH; h++)
          for (let v = 0; v < outW; v++) {
            poll();
            let sum = bias ? bias[m]! : 0;
            for (let ci = 0; ci < groupInputs; ci++) {
              const c = Math.floor(m / groupOutputs) * groupInputs + ci;
              const group = Math.floor(c / (channels / offsetGroups));
              for (let i = 0; i < kH; i++)
                for (let j = 0; j < kW; j++) {
                  const tap = group * kH * kW + i * kW + j;
                  const place = (channel: number, total: number) => ((n * total + channel) * outH + h) * outW + v;
                  const total = offsetGroups * kH * kW;
                  const y =
                    h * window.strides[0]! + i * window.dilations[0]! - begin[0]! + moves[place(2 * tap, 2 * total)]!;
                  const z =
                    v * window.strides[1]! +
                    j * window.dilations[1]! -
                    begin[1]! +
                    moves[place(2 * tap + 1, 2 * total)]!;
                  const gain = gains ? gains[place(tap, total)]! : 1;
                  sum += weights[((m * groupInputs + ci) * kH + i) * kW + j]! * gain * sample(n, c, y, z);
                }
            }
            out[position++] = sum;
          }
    return [tensorOf(x!.dtype, dims, out)];
  },
  cost: convolutionCost,
};
