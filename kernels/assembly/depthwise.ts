import { DepthwiseF32 } from './generated/descriptors';
import { greatest, least } from './integer';
import { clamp, loadPartial, madd, storePartial } from './vector';

/** Pixels that a fast strip covers before the next channels come: their inputs stay in the first-level cache. */
// @ts-ignore: decorator
@inline
const STRIP: i32 = 16;

/** Taps outside the input are left out of the sum. */
export function depthwiseF32(d: DepthwiseF32, begin: i32, end: i32, scratch: usize): void {
  const kernelHeight = d.kernelHeight, kernelWidth = d.kernelWidth;
  const pixelBytes = d.inputStride << 2, lineBytes = d.inputWidth * pixelBytes;
  const width = d.outputWidth;
  // Columns [inner0, inner1) have their whole window inside the input's width.
  const inner0 = least(width, (d.padLeft + d.strideWidth - 1) / d.strideWidth);
  const last = d.inputWidth + d.padLeft - (kernelWidth - 1) * d.dilationWidth - 1;
  const inner1 = greatest(inner0, last < 0 ? 0 : least(width, last / d.strideWidth + 1));
  for (let item = begin; item < end; item++) {
    const image = item / d.outputHeight, y = item % d.outputHeight;
    const top = y * d.strideHeight - d.padTop;
    const lines = d.input + image * d.inputHeight * lineBytes;
    const output = d.output + ((item * width * d.outputStride) << 2);
    const residual = d.residual == 0 ? 0 : d.residual + ((item * width * d.residualStride) << 2);
    const bottom = top + (kernelHeight - 1) * d.dilationHeight;
    const fast = kernelHeight == 3 && kernelWidth == 3 && top >= 0 && bottom < d.inputHeight;
    if (!fast) {
      border(d, lines, top, output, residual, 0, width);
      continue;
    }
    border(d, lines, top, output, residual, 0, inner0);
    const first = lines + top * lineBytes;
    if (d.strideWidth == 1 && d.dilationWidth == 1) {
      for (let x = inner0; x < inner1; x += STRIP)
        strip3x3Stride1(d, first - d.padLeft * pixelBytes, output, residual, x, least(inner1, x + STRIP));
    } else {
      for (let x = inner0; x < inner1; x += STRIP)
        strip3x3(d, first - d.padLeft * pixelBytes, output, residual, x, least(inner1, x + STRIP));
    }
    border(d, lines, top, output, residual, inner1, width);
  }
}

/** Any kernel, any column: bounds are checked tap by tap. */
function border(d: DepthwiseF32, lines: usize, top: i32, output: usize, residual: usize, x0: i32, x1: i32): void {
  const channels = d.channels, padded = (channels + 3) >> 2 << 4;
  const pixelBytes = d.inputStride << 2, lineBytes = d.inputWidth * pixelBytes;
  const kernelHeight = d.kernelHeight, kernelWidth = d.kernelWidth;
  const low = f32x4.splat(d.min), high = f32x4.splat(d.max);
  for (let x = x0; x < x1; x++) {
    const left = x * d.strideWidth - d.padLeft;
    const to = output + ((x * d.outputStride) << 2);
    const r = residual + ((x * d.residualStride) << 2);
    let channel = 0;
    for (; channel + 8 <= channels; channel += 8) {
      const offset = channel << 2;
      let w = d.weights + offset;
      let a0 = v128.load(w), a1 = v128.load(w, 16);
      for (let ky = 0, iy = top; ky < kernelHeight; ky++, iy += d.dilationHeight) {
        if (<u32>iy >= <u32>d.inputHeight) { w += kernelWidth * padded; continue; }
        const line = lines + iy * lineBytes + offset;
        for (let kx = 0, ix = left; kx < kernelWidth; kx++, ix += d.dilationWidth) {
          w += padded;
          if (<u32>ix >= <u32>d.inputWidth) continue;
          const from = line + ix * pixelBytes;
          a0 = madd(v128.load(from), v128.load(w), a0);
          a1 = madd(v128.load(from, 16), v128.load(w, 16), a1);
        }
      }
      if (residual != 0) {
        a0 = f32x4.add(a0, v128.load(r + offset));
        a1 = f32x4.add(a1, v128.load(r + offset, 16));
      }
      v128.store(to + offset, clamp(a0, low, high));
      v128.store(to + offset, clamp(a1, low, high), 16);
    }
    for (; channel < channels; channel += 4) {
      const offset = channel << 2, count = least(4, channels - channel);
      let w = d.weights + offset;
      let a0 = v128.load(w);
      for (let ky = 0, iy = top; ky < kernelHeight; ky++, iy += d.dilationHeight) {
        if (<u32>iy >= <u32>d.inputHeight) { w += kernelWidth * padded; continue; }
        const line = lines + iy * lineBytes + offset;
        for (let kx = 0, ix = left; kx < kernelWidth; kx++, ix += d.dilationWidth) {
          w += padded;
          if (<u32>ix >= <u32>d.inputWidth) continue;
          a0 = madd(loadPartial(line + ix * pixelBytes, count), v128.load(w), a0);
        }
      }
      if (residual != 0) a0 = f32x4.add(a0, loadPartial(r + offset, count));
      storePartial(to + offset, clamp(a0, low, high), count);
    }
  }
}

/** 3×3, stride 1: two pixels at a time share two of their three columns. `origin`: first window row at column 0. */
function strip3x3Stride1(d: DepthwiseF32, origin: usize, output: usize, residual: usize, x0: i32, x1: i32): void {
  const channels = d.channels, padded = (channels + 3) >> 2 << 4, whole = channels & ~3;
  const step = d.inputStride << 2, line = d.inputWidth * step * d.dilationHeight;
  const low = f32x4.splat(d.min), high = f32x4.splat(d.max);
  const cStride = d.outputStride << 2, rStride = d.residualStride << 2;
  for (let channel = 0; channel < whole; channel += 4) {
    const offset = channel << 2;
    let w = d.weights + offset;
    const bias = v128.load(w);
    const w00 = v128.load((w += padded)), w01 = v128.load((w += padded)), w02 = v128.load((w += padded));
    const w10 = v128.load((w += padded)), w11 = v128.load((w += padded)), w12 = v128.load((w += padded));
    const w20 = v128.load((w += padded)), w21 = v128.load((w += padded)), w22 = v128.load((w += padded));
    let p = origin + x0 * step + offset;
    let to = output + x0 * cStride + offset, r = residual + x0 * rStride + offset;
    let x = x0;
    for (; x + 2 <= x1; x += 2) {
      let q = p;
      let v = v128.load(q);
      let a = madd(v, w00, bias);
      v = v128.load((q += step));
      a = madd(v, w01, a);
      let b = madd(v, w00, bias);
      v = v128.load((q += step));
      a = madd(v, w02, a);
      b = madd(v, w01, b);
      b = madd(v128.load(q + step), w02, b);
      q = p + line;
      a = madd(v128.load(q), w10, a);
      v = v128.load((q += step));
      a = madd(v, w11, a);
      b = madd(v, w10, b);
      v = v128.load((q += step));
      a = madd(v, w12, a);
      b = madd(v, w11, b);
      b = madd(v128.load(q + step), w12, b);
      q = p + line + line;
      a = madd(v128.load(q), w20, a);
      v = v128.load((q += step));
      a = madd(v, w21, a);
      b = madd(v, w20, b);
      v = v128.load((q += step));
      a = madd(v, w22, a);
      b = madd(v, w21, b);
      b = madd(v128.load(q + step), w22, b);
      if (residual != 0) {
        a = f32x4.add(a, v128.load(r));
        b = f32x4.add(b, v128.load(r + rStride));
        r += rStride + rStride;
      }
      v128.store(to, clamp(a, low, high));
      v128.store(to + cStride, clamp(b, low, high));
      to += cStride + cStride;
      p += step + step;
    }
    if (x < x1) {
      let q = p;
      let a = madd(v128.load(q), w00, bias);
      a = madd(v128.load((q += step)), w01, a);
      a = madd(v128.load(q + step), w02, a);
      q = p + line;
      a = madd(v128.load(q), w10, a);
      a = madd(v128.load((q += step)), w11, a);
      a = madd(v128.load(q + step), w12, a);
      q = p + line + line;
      a = madd(v128.load(q), w20, a);
      a = madd(v128.load((q += step)), w21, a);
      a = madd(v128.load(q + step), w22, a);
      if (residual != 0) a = f32x4.add(a, v128.load(r));
      v128.store(to, clamp(a, low, high));
    }
  }
  if (whole < channels) channelTail(d, origin, output, residual, x0, x1);
}

/** 3×3, any stride and dilation. */
function strip3x3(d: DepthwiseF32, origin: usize, output: usize, residual: usize, x0: i32, x1: i32): void {
  const channels = d.channels, padded = (channels + 3) >> 2 << 4, whole = channels & ~3;
  const pixelBytes = d.inputStride << 2;
  const step = pixelBytes * d.dilationWidth, line = d.inputWidth * pixelBytes * d.dilationHeight;
  const advance = pixelBytes * d.strideWidth;
  const low = f32x4.splat(d.min), high = f32x4.splat(d.max);
  const cStride = d.outputStride << 2, rStride = d.residualStride << 2;
  for (let channel = 0; channel < whole; channel += 4) {
    const offset = channel << 2;
    let w = d.weights + offset;
    const bias = v128.load(w);
    const w00 = v128.load((w += padded)), w01 = v128.load((w += padded)), w02 = v128.load((w += padded));
    const w10 = v128.load((w += padded)), w11 = v128.load((w += padded)), w12 = v128.load((w += padded));
    const w20 = v128.load((w += padded)), w21 = v128.load((w += padded)), w22 = v128.load((w += padded));
    let p = origin + x0 * advance + offset;
    let to = output + x0 * cStride + offset, r = residual + x0 * rStride + offset;
    for (let x = x0; x < x1; x++) {
      let q = p;
      let a = madd(v128.load(q), w00, bias);
      a = madd(v128.load((q += step)), w01, a);
      a = madd(v128.load(q + step), w02, a);
      q = p + line;
      a = madd(v128.load(q), w10, a);
      a = madd(v128.load((q += step)), w11, a);
      a = madd(v128.load(q + step), w12, a);
      q = p + line + line;
      a = madd(v128.load(q), w20, a);
      a = madd(v128.load((q += step)), w21, a);
      a = madd(v128.load(q + step), w22, a);
      if (residual != 0) {
        a = f32x4.add(a, v128.load(r));
        r += rStride;
      }
      v128.store(to, clamp(a, low, high));
      to += cStride;
      p += advance;
    }
  }
  if (whole < channels) channelTail(d, origin, output, residual, x0, x1);
}

/** The last one to three channels of a 3×3 strip. */
function channelTail(d: DepthwiseF32, origin: usize, output: usize, residual: usize, x0: i32, x1: i32): void {
  const channels = d.channels, padded = (channels + 3) >> 2 << 4, whole = channels & ~3, count = channels & 3;
  const pixelBytes = d.inputStride << 2, line = d.inputWidth * pixelBytes * d.dilationHeight;
  const low = f32x4.splat(d.min), high = f32x4.splat(d.max);
  const offset = whole << 2;
  for (let x = x0; x < x1; x++) {
    let w = d.weights + offset;
    let a = v128.load(w);
    let p = origin + x * d.strideWidth * pixelBytes + offset;
    for (let ky = 0; ky < 3; ky++, p += line) {
      let q = p;
      for (let kx = 0; kx < 3; kx++, q += pixelBytes * d.dilationWidth)
        a = madd(loadPartial(q, count), v128.load((w += padded)), a);
    }
    if (residual != 0) a = f32x4.add(a, loadPartial(residual + ((x * d.residualStride) << 2) + offset, count));
    storePartial(output + ((x * d.outputStride) << 2) + offset, clamp(a, low, high), count);
  }
}
