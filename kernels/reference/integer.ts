import type { CodeOutput, CodeScale, PoolGeometry, QConvWeights, Requantization } from '../api.ts';
import { clampNumber, f32, roundHalfToEven } from './float.ts';
import { convOutputSize } from './gemm.ts';
import { walkWindows } from './pool.ts';
import { requantizeCode } from './requantize.ts';

type Codes = Uint8Array | Int8Array;

export function codesOf(type: 'u8' | 's8', length: number): Codes {
  return type === 'u8' ? new Uint8Array(length) : new Int8Array(length);
}

/** Channels-last integer convolution: codes of its accumulators. */
export function qconv2d(args: QConvWeights, input: Codes): Codes | Int32Array {
  const sums = accumulators(args, input);
  const { output, requantization, geometry } = args;
  if (requantization.arithmetic === 'none') return sums;
  const result = codesOf(output.type, sums.length);
  for (const [at, sum] of sums.entries())
    result[at] = requantizeCode(sum, requantization, at % geometry.outputChannels, output);
  return result;
}

/** int32 sums of (x − zero) · w + bias; padding adds nothing. */
function accumulators(args: QConvWeights, input: Codes): Int32Array {
  const { geometry, weights, bias } = args;
  const { batch, inputHeight, inputWidth, inputChannels, outputChannels, kernel, strides, dilations, pads, groups } =
    geometry;
  const [height, width] = convOutputSize(geometry);
  const inputs = inputChannels / groups;
  const outputs = outputChannels / groups;
  const result = new Int32Array(batch * height * width * outputChannels);
  let at = 0;
  for (let image = 0; image < batch; image++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let o = 0; o < outputChannels; o++, at++) {
          let sum = bias?.[o] ?? 0;
          for (let ky = 0; ky < kernel[0]; ky++)
            for (let kx = 0; kx < kernel[1]; kx++) {
              const row = y * strides[0] - pads[0] + ky * dilations[0];
              const column = x * strides[1] - pads[1] + kx * dilations[1];
              if (row < 0 || row >= inputHeight || column < 0 || column >= inputWidth) continue;
              const pixel = ((image * inputHeight + row) * inputWidth + column) * inputChannels;
              const first = pixel + Math.floor(o / outputs) * inputs;
              for (let c = 0; c < inputs; c++)
                sum +=
                  (input[first + c]! - args.input.zeroPoint) *
                  weights[((o * inputs + c) * kernel[0] + ky) * kernel[1] + kx]!;
            }
          result[at] = sum;
        }
  return result;
}

export function qmaxPool(geometry: PoolGeometry, input: Codes): Codes {
  const { batch, outputHeight, outputWidth, channels } = geometry;
  const signed = input instanceof Int8Array;
  const result = codesOf(signed ? 's8' : 'u8', batch * outputHeight * outputWidth * channels);
  walkWindows(geometry, (output, taps) => {
    for (let c = 0; c < channels; c++)
      result[output * channels + c] = Math.max(
        signed ? -128 : 0,
        ...taps.filter((tap) => tap >= 0).map((tap) => input[tap * channels + c]!),
      );
  });
  return result;
}

export function qaveragePool(
  geometry: PoolGeometry,
  countIncludePad: boolean,
  input: Codes,
  inputZero: number,
  requantization: Requantization,
  codes: CodeOutput,
): Codes {
  const { batch, outputHeight, outputWidth, channels } = geometry;
  const result = codesOf(codes.type, batch * outputHeight * outputWidth * channels);
  walkWindows(geometry, (output, taps) => {
    const count = taps.filter((tap) => countIncludePad || tap >= 0).length;
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (const tap of taps) if (tap >= 0) sum += input[tap * channels + c]! - inputZero;
      result[output * channels + c] = requantizeCode(sum, requantization, count, codes);
    }
  });
  return result;
}

/** One code of an addition or a multiplication; tables as `Workspace.qbinary` has them. */
export function qbinaryCode(
  fn: 'add' | 'mul',
  a: number,
  b: number,
  aCodes: CodeScale,
  bCodes: CodeScale,
  output: CodeOutput & { readonly scale: number },
  requantization: Requantization,
  aTable: Int32Array | undefined,
  bTable: Int32Array | undefined,
): number {
  const [u, v] = [a - aCodes.zeroPoint, b - bCodes.zeroPoint];
  if (fn === 'mul') return requantizeCode(u * v, requantization, 0, output);
  if (requantization.arithmetic !== 'ort')
    return requantizeCode(aTable![a & 255]! + bTable![b & 255]!, requantization, 0, output);
  const sum = f32(f32(u * f32(aCodes.scale)) + f32(v * f32(bCodes.scale)));
  const scaled = f32(sum / f32(output.scale));
  return (
    roundHalfToEven(clampNumber(scaled, output.low - output.zeroPoint, output.high - output.zeroPoint)) +
    output.zeroPoint
  );
}

/** Scale and zero point of DynamicQuantizeLinear from the smallest and largest value. */
export function rangeParameters(min: number, max: number): { readonly scale: number; readonly zero: number } {
  const [low, high] = [Math.min(0, min), Math.max(0, max)];
  const scale = f32(f32(high - low) / 255);
  return { scale, zero: scale === 0 ? 0 : roundHalfToEven(clampNumber(f32(-low / scale), 0, 255)) };
}

/** clamp(roundHalfToEven(x / scale) + zero, low, high); NaN gives low. */
export function quantizeNumber(x: number, scale: number, zero: number, low: number, high: number): number {
  const code = f32(roundHalfToEven(f32(x / scale)) + zero);
  return code > low ? (code > high ? high : code) : low;
}

export function fakeQuantizeNumber(x: number, scale: number, zero: number, low: number, high: number): number {
  return f32(f32(quantizeNumber(x, scale, zero, low, high) - zero) * scale);
}
