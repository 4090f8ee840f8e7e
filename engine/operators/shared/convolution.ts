import { doublesOf } from './numbers.ts';
import type { Window3 } from './windows.ts';

/** Sizes of a convolution beside its window. */
export interface ConvolutionSizes {
  readonly batch: number;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly groups: number;
}

/**
 * Cross-correlation in double precision: x [N, C, D, H, W], w [M, C/groups, kD, kH, kW] -> [N, M, D', H', W'] plus
 * bias. Padding contributes nothing. Sums run over input channel, then kernel position, in that order; integer operands
 * are exact.
 */
export function convolve(
  input: ArrayLike<number>,
  weights: ArrayLike<number>,
  bias: ArrayLike<number> | undefined,
  sizes: ConvolutionSizes,
  window: Window3,
): Float64Array {
  const x = doublesOf(input);
  const w = doublesOf(weights);
  const [inD, inH, inW] = window.input;
  const [outD, outH, outW] = window.output;
  const [kD, kH, kW] = window.kernel;
  const [strideD, strideH, strideW] = window.strides;
  const [dilationD, dilationH, dilationW] = window.dilations;
  const [beginD, beginH, beginW] = window.begin;
  const { batch, inputChannels, outputChannels, groups } = sizes;
  const groupInputs = inputChannels / groups;
  const groupOutputs = outputChannels / groups;
  const inputPlane = inD * inH * inW;
  const kernelPlane = kD * kH * kW;
  const out = new Float64Array(batch * outputChannels * outD * outH * outW);
  const columns = Array.from({ length: kW }, (_, k) => columnRange(k * dilationW - beginW, strideW, inW, outW));
  let row = 0;
  for (let n = 0; n < batch; n++)
    for (let m = 0; m < outputChannels; m++) {
      const firstInput = Math.floor(m / groupOutputs) * groupInputs;
      const start = bias ? bias[m]! : 0;
      for (let d = 0; d < outD; d++)
        for (let h = 0; h < outH; h++, row += outW) {
          if (start !== 0) out.fill(start, row, row + outW);
          for (let c = 0; c < groupInputs; c++) {
            const plane = (n * inputChannels + firstInput + c) * inputPlane;
            const kernel = (m * groupInputs + c) * kernelPlane;
            for (let i = 0; i < kD; i++) {
              const z = d * strideD + i * dilationD - beginD;
              if (z < 0 || z >= inD) continue;
              for (let j = 0; j < kH; j++) {
                const y = h * strideH + j * dilationH - beginH;
                if (y < 0 || y >= inH) continue;
                const line = plane + (z * inH + y) * inW;
                for (let k = 0; k < kW; k++) {
                  const weight = w[kernel + (i * kH + j) * kW + k]!;
                  const [from, to] = columns[k]!;
                  let at = line + from * strideW + k * dilationW - beginW;
                  for (let o = row + from; o < row + to; o++, at += strideW) out[o]! += weight * x[at]!;
                }
              }
            }
          }
        }
    }
  return out;
}

/** Output columns [from, to) whose input column `o * stride + offset` lies inside the input. */
function columnRange(offset: number, stride: number, input: number, output: number): readonly [number, number] {
  const from = Math.max(0, Math.ceil(-offset / stride));
  const to = Math.min(output, Math.ceil((input - offset) / stride));
  return [Math.min(from, output), Math.max(from, to)];
}
