import { poll } from '../../progress.ts';
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
 * bias. Padding contributes nothing. Sums run over kernel position, then input channel, in a fixed order; integer
 * operands are exact.
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
  const { strides, dilations, begin } = window;
  const { batch, inputChannels, outputChannels, groups } = sizes;
  const channels = inputChannels / groups;
  const groupOutputs = outputChannels / groups;
  const plane = inD * inH * inW;
  const taps = kD * kH * kW;
  const out = new Float64Array(batch * outputChannels * outD * outH * outW);
  const columns = Array.from({ length: kW }, (_, k) => columnRange(k * dilations[2] - begin[2], strides[2], inW, outW));
  let row = 0;
  for (let n = 0; n < batch; n++)
    for (let m = 0; m < outputChannels; m++) {
      const first = (n * inputChannels + Math.floor(m / groupOutputs) * channels) * plane;
      const start = bias ? bias[m]! : 0;
      for (let d = 0; d < outD; d++)
        for (let h = 0; h < outH; h++, row += outW) {
          poll();
          if (start !== 0) out.fill(start, row, row + outW);
          for (let i = 0; i < kD; i++) {
            const z = d * strides[0] + i * dilations[0] - begin[0];
            if (z < 0 || z >= inD) continue;
            for (let j = 0; j < kH; j++) {
              const y = h * strides[1] + j * dilations[1] - begin[1];
              if (y < 0 || y >= inH) continue;
              for (let k = 0; k < kW; k++) {
                const [from, to] = columns[k]!;
                const source = first + (z * inH + y) * inW + from * strides[2] + k * dilations[2] - begin[2];
                const tap = m * channels * taps + (i * kH + j) * kW + k;
                addTap(out, row + from, row + to, x, source, strides[2], plane, w, tap, taps, channels);
              }
            }
          }
        }
    }
  return out;
}

/**
 * Adds one kernel position of all input channels to a row of outputs, four channels at a time: the row is read and
 * written a quarter as often.
 */
function addTap(
  out: Float64Array,
  from: number,
  to: number,
  x: Float64Array,
  source: number,
  stride: number,
  plane: number,
  w: Float64Array,
  tap: number,
  taps: number,
  channels: number,
): void {
  let c = 0;
  for (; c + 4 <= channels; c += 4) {
    const at = tap + c * taps;
    const w0 = w[at]!;
    const w1 = w[at + taps]!;
    const w2 = w[at + 2 * taps]!;
    const w3 = w[at + 3 * taps]!;
    let a = source + c * plane;
    for (let o = from; o < to; o++, a += stride)
      out[o]! += w0 * x[a]! + w1 * x[a + plane]! + w2 * x[a + 2 * plane]! + w3 * x[a + 3 * plane]!;
  }
  for (; c < channels; c++) {
    const weight = w[tap + c * taps]!;
    let a = source + c * plane;
    for (let o = from; o < to; o++, a += stride) out[o]! += weight * x[a]!;
  }
}

/** Output columns [from, to) whose input column `o * stride + offset` lies inside the input. */
function columnRange(offset: number, stride: number, input: number, output: number): readonly [number, number] {
  const from = Math.max(0, Math.ceil(-offset / stride));
  const to = Math.min(output, Math.ceil((input - offset) / stride));
  return [Math.min(from, output), Math.max(from, to)];
}
