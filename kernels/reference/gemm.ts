import type { Clamp, ConvGeometry } from '../api.ts';
import { clampNumber, f32 } from './float.ts';

/** C[m, n] = clamp(bias[n] + Σ_k a[m, k] · b[k, n] + residual[m, n]); bias first, products in the order of k. */
export function gemm(args: {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly bias?: Float32Array | undefined;
  readonly residual?: Float32Array | undefined;
  readonly clamp?: Clamp | undefined;
}): Float32Array {
  const { m, k, n, a, b, bias, residual } = args;
  const low = f32(args.clamp?.min ?? Number.NEGATIVE_INFINITY);
  const high = f32(args.clamp?.max ?? Number.POSITIVE_INFINITY);
  const c = new Float32Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = bias?.[j] ?? 0;
      for (let p = 0; p < k; p++) sum = f32(sum + f32(a[i * k + p]! * b[p * n + j]!));
      if (residual !== undefined) sum = f32(sum + residual[i * n + j]!);
      c[i * n + j] = clampNumber(sum, low, high);
    }
  return c;
}

export function convOutputSize(geometry: ConvGeometry): readonly [height: number, width: number] {
  const { kernel, strides, dilations, pads } = geometry;
  const span = (d: 0 | 1): number => dilations[d] * (kernel[d] - 1) + 1;
  const height = geometry.inputHeight + pads[0] + pads[2] - span(0);
  const width = geometry.inputWidth + pads[1] + pads[3] - span(1);
  return [height < 0 ? 0 : Math.floor(height / strides[0]) + 1, width < 0 ? 0 : Math.floor(width / strides[1]) + 1];
}

/**
 * Channels-last convolution with ONNX weights [outputs, inputs / groups, kh, kw]: bias first, then kernel row, kernel
 * column, channel. Padding contributes products with 0, but nothing at all to a depthwise convolution.
 */
export function conv2d(args: {
  readonly geometry: ConvGeometry;
  readonly weights: Float32Array;
  readonly bias?: Float32Array | undefined;
  readonly input: Float32Array;
  readonly residual?: Float32Array | undefined;
  readonly clamp?: Clamp | undefined;
}): Float32Array {
  const { geometry, weights, bias, input, residual } = args;
  const { batch, inputHeight, inputWidth, inputChannels, outputChannels, kernel, strides, dilations, pads, groups } =
    geometry;
  const [height, width] = convOutputSize(geometry);
  const inputs = inputChannels / groups;
  const outputs = outputChannels / groups;
  const low = f32(args.clamp?.min ?? Number.NEGATIVE_INFINITY);
  const high = f32(args.clamp?.max ?? Number.POSITIVE_INFINITY);
  const result = new Float32Array(batch * height * width * outputChannels);
  let at = 0;
  for (let image = 0; image < batch; image++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let o = 0; o < outputChannels; o++, at++) {
          const first = Math.floor(o / outputs) * inputs;
          let sum = bias?.[o] ?? 0;
          for (let ky = 0; ky < kernel[0]; ky++)
            for (let kx = 0; kx < kernel[1]; kx++) {
              const row = y * strides[0] - pads[0] + ky * dilations[0];
              const column = x * strides[1] - pads[1] + kx * dilations[1];
              const inside = row >= 0 && row < inputHeight && column >= 0 && column < inputWidth;
              if (!inside) continue;
              const pixel = ((image * inputHeight + row) * inputWidth + column) * inputChannels + first;
              for (let c = 0; c < inputs; c++) {
                const weight = weights[((o * inputs + c) * kernel[0] + ky) * kernel[1] + kx]!;
                sum = f32(sum + f32(input[pixel + c]! * weight));
              }
            }
          if (residual !== undefined) sum = f32(sum + residual[at]!);
          result[at] = clampNumber(sum, low, high);
        }
  return result;
}
