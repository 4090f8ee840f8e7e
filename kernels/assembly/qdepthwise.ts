import { DepthwiseCodes } from './generated/descriptors';
import { least } from './integer';
import { loadCodes, requantize8 } from './requantize';

/** Pixels whose tap addresses are written before the channels are walked. */
// @ts-ignore: decorator
@inline
const STRIP: i32 = 16;

export function depthwiseCodes(d: DepthwiseCodes, begin: i32, end: i32, scratch: usize): void {
  if (d.signed) lines(d, begin, end, scratch, 1);
  else lines(d, begin, end, scratch, 0);
}

/** Taps go in pairs: the products of two taps are one 16-bit dot product. `signed` is a constant where this is inlined. */
// @ts-ignore: decorator
@inline
function lines(d: DepthwiseCodes, begin: i32, end: i32, scratch: usize, signed: i32): void {
  const channels = d.channels, padded = (channels + 7) & ~7;
  const kernelHeight = d.kernelHeight, kernelWidth = d.kernelWidth;
  const pairs = (kernelHeight * kernelWidth + 1) >> 1;
  const rowBytes = pairs << 3;
  const weights = d.weights + (padded << 2);
  const zeros = weights + pairs * (padded << 2);
  const zero = i16x8.splat(<i16>d.inputZero);
  const pixelBytes = d.inputStride, lineBytes = d.inputWidth * pixelBytes;
  const width = d.outputWidth, stride = d.outputStride;
  for (let item = begin; item < end; item++) {
    const image = item / d.outputHeight, y = item % d.outputHeight;
    const top = y * d.strideHeight - d.padTop;
    const plane = d.input + image * d.inputHeight * lineBytes;
    for (let x0 = 0; x0 < width; x0 += STRIP) {
      const x1 = least(width, x0 + STRIP);
      let entry = scratch;
      for (let x = x0; x < x1; x++) {
        const left = x * d.strideWidth - d.padLeft;
        const next = entry + rowBytes;
        for (let ky = 0, iy = top; ky < kernelHeight; ky++, iy += d.dilationHeight) {
          const inside = <u32>iy < <u32>d.inputHeight;
          const line = plane + iy * lineBytes;
          for (let kx = 0, ix = left; kx < kernelWidth; kx++, ix += d.dilationWidth, entry += 4)
            store<u32>(entry, <u32>(inside && <u32>ix < <u32>d.inputWidth ? line + ix * pixelBytes : zeros));
        }
        if (entry < next) store<u32>(entry, <u32>zeros);
        entry = next;
      }
      for (let channel = 0; channel < channels; channel += 8) {
        const count = channels - channel;
        const bias = d.weights + (channel << 2);
        const b0 = v128.load(bias), b1 = v128.load(bias, 16);
        let taps = scratch;
        let to = d.output + (item * width + x0) * stride + channel;
        for (let x = x0; x < x1; x++, to += stride) {
          let a0 = b0, a1 = b1;
          let w = weights + (channel << 2);
          for (let pair = 0; pair < pairs; pair++, w += padded << 2, taps += 8) {
            const u = i16x8.sub(loadCodes(<usize>load<u32>(taps) + channel, signed, count), zero);
            const v = i16x8.sub(loadCodes(<usize>load<u32>(taps, 4) + channel, signed, count), zero);
            a0 = i32x4.add(a0, i32x4.dot_i16x8_s(v128.shuffle<i16>(u, v, 0, 8, 1, 9, 2, 10, 3, 11), v128.load(w)));
            a1 = i32x4.add(a1, i32x4.dot_i16x8_s(v128.shuffle<i16>(u, v, 4, 12, 5, 13, 6, 14, 7, 15), v128.load(w, 16)));
          }
          requantize8(to, a0, a1, channel, count, d.arithmetic, d.multipliers, d.shifts, d.zero, d.low, d.high);
        }
      }
    }
  }
}
