import { DepthwiseCodes, Requantization } from './generated/descriptors';
import { greatest, least } from './integer';
import { loadCodes, requantizeTile } from './requantize';

/** Pixels whose accumulators are gathered before they become codes. */
// @ts-ignore: decorator
@inline
const STRIP: i32 = 16;

export function depthwiseCodes(d: DepthwiseCodes, begin: i32, end: i32, scratch: usize): void {
  if (d.signed) lines(d, begin, end, scratch, 1);
  else lines(d, begin, end, scratch, 0);
}

/**
 * Taps go in pairs: the products of two taps are one 16-bit dot product. Codes enter as they are, the padding as zero points; the
 * biases make up for it. `signed` is a constant where this is inlined.
 */
// @ts-ignore: decorator
@inline
function lines(d: DepthwiseCodes, begin: i32, end: i32, scratch: usize, signed: i32): void {
  const lineBytes = d.inputWidth * d.inputStride, width = d.outputWidth;
  // Columns [inner0, inner1) have their whole window inside the input's width.
  const inner0 = least(width, (d.padLeft + d.strideWidth - 1) / d.strideWidth);
  const last = d.inputWidth + d.padLeft - (d.kernelWidth - 1) * d.dilationWidth - 1;
  const inner1 = greatest(inner0, last < 0 ? 0 : least(width, last / d.strideWidth + 1));
  for (let item = begin; item < end; item++) {
    const top = (item % d.outputHeight) * d.strideHeight - d.padTop;
    const plane = d.input + (item / d.outputHeight) * d.inputHeight * lineBytes;
    const to = d.output + item * width * d.outputStride;
    const fast = d.kernelHeight == 3 && d.kernelWidth == 3 && top >= 0 && top + 2 * d.dilationHeight < d.inputHeight;
    if (!fast) {
      for (let x = 0; x < width; x += STRIP) border(d, plane, top, to, x, least(width, x + STRIP), scratch, signed);
      continue;
    }
    for (let x = 0; x < inner0; x += STRIP) border(d, plane, top, to, x, least(inner0, x + STRIP), scratch, signed);
    for (let x = inner0; x < inner1; x += STRIP)
      strip3x3(d, plane + top * lineBytes, to, x, least(inner1, x + STRIP), scratch, signed);
    for (let x = inner1; x < width; x += STRIP) border(d, plane, top, to, x, least(width, x + STRIP), scratch, signed);
  }
}

/** Two taps of 8 channels, interleaved, against their weights. */
// @ts-ignore: decorator
@inline
function lowPairs(u: v128, v: v128): v128 {
  return v128.shuffle<i16>(u, v, 0, 8, 1, 9, 2, 10, 3, 11);
}

// @ts-ignore: decorator
@inline
function highPairs(u: v128, v: v128): v128 {
  return v128.shuffle<i16>(u, v, 4, 12, 5, 13, 6, 14, 7, 15);
}

// @ts-ignore: decorator
@inline
function requantizationOf(d: DepthwiseCodes): Requantization {
  return changetype<Requantization>(changetype<usize>(d) + offsetof<DepthwiseCodes>('arithmetic'));
}

/** 3×3 with every window inside the input. `line`: the first window row. */
// @ts-ignore: decorator
@inline
function strip3x3(d: DepthwiseCodes, line: usize, to: usize, x0: i32, x1: i32, scratch: usize, signed: i32): void {
  const channels = d.channels, padded = (channels + 7) & ~7, step = padded << 2;
  const pixelBytes = d.inputStride, across = d.dilationWidth * pixelBytes;
  const down = d.dilationHeight * d.inputWidth * pixelBytes, advance = d.strideWidth * pixelBytes;
  const corner = line + (x0 * d.strideWidth - d.padLeft) * pixelBytes;
  for (let channel = 0; channel < channels; channel += 8) {
    const count = channels - channel;
    const w0 = d.weights + step + (channel << 2), w1 = w0 + step, w2 = w1 + step, w3 = w2 + step, w4 = w3 + step;
    const bias = d.weights + (channel << 2);
    let p0 = corner + channel, p1 = p0 + down, p2 = p1 + down;
    let c = scratch;
    for (let x = x0; x < x1; x++, p0 += advance, p1 += advance, p2 += advance, c += 32) {
      let u = loadCodes(p0, signed, count), v = loadCodes(p0 + across, signed, count);
      let a = i32x4.add(v128.load(bias), i32x4.dot_i16x8_s(lowPairs(u, v), v128.load(w0)));
      let b = i32x4.add(v128.load(bias, 16), i32x4.dot_i16x8_s(highPairs(u, v), v128.load(w0, 16)));
      u = loadCodes(p0 + 2 * across, signed, count); v = loadCodes(p1, signed, count);
      a = i32x4.add(a, i32x4.dot_i16x8_s(lowPairs(u, v), v128.load(w1)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(highPairs(u, v), v128.load(w1, 16)));
      u = loadCodes(p1 + across, signed, count); v = loadCodes(p1 + 2 * across, signed, count);
      a = i32x4.add(a, i32x4.dot_i16x8_s(lowPairs(u, v), v128.load(w2)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(highPairs(u, v), v128.load(w2, 16)));
      u = loadCodes(p2, signed, count); v = loadCodes(p2 + across, signed, count);
      a = i32x4.add(a, i32x4.dot_i16x8_s(lowPairs(u, v), v128.load(w3)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(highPairs(u, v), v128.load(w3, 16)));
      // The tenth tap has the weight 0.
      u = loadCodes(p2 + 2 * across, signed, count);
      a = i32x4.add(a, i32x4.dot_i16x8_s(lowPairs(u, u), v128.load(w4)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(highPairs(u, u), v128.load(w4, 16)));
      v128.store(c, a);
      v128.store(c, b, 16);
    }
    requantizeTile(to + x0 * d.outputStride + channel, d.outputStride, scratch, x1 - x0, count, channel, requantizationOf(d));
  }
}

/** Any kernel, any column: every tap's address goes into a table, the row of zero points standing in for what is outside. */
// @ts-ignore: decorator
@inline
function border(d: DepthwiseCodes, plane: usize, top: i32, to: usize, x0: i32, x1: i32, scratch: usize, signed: i32): void {
  const channels = d.channels, padded = (channels + 7) & ~7;
  const kernelHeight = d.kernelHeight, kernelWidth = d.kernelWidth;
  const pairs = (kernelHeight * kernelWidth + 1) >> 1;
  const weights = d.weights + (padded << 2);
  const zeros = weights + pairs * (padded << 2);
  const pixelBytes = d.inputStride, lineBytes = d.inputWidth * pixelBytes;
  const table = scratch + (STRIP << 5);
  let entry = table;
  for (let x = x0; x < x1; x++) {
    const left = x * d.strideWidth - d.padLeft;
    const next = entry + (pairs << 3);
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
    let taps = table, c = scratch;
    for (let x = x0; x < x1; x++, c += 32) {
      let a = v128.load(bias), b = v128.load(bias, 16);
      let w = weights + (channel << 2);
      for (let pair = 0; pair < pairs; pair++, w += padded << 2, taps += 8) {
        const u = loadCodes(<usize>load<u32>(taps) + channel, signed, count);
        const v = loadCodes(<usize>load<u32>(taps, 4) + channel, signed, count);
        a = i32x4.add(a, i32x4.dot_i16x8_s(lowPairs(u, v), v128.load(w)));
        b = i32x4.add(b, i32x4.dot_i16x8_s(highPairs(u, v), v128.load(w, 16)));
      }
      v128.store(c, a);
      v128.store(c, b, 16);
    }
    requantizeTile(to + x0 * d.outputStride + channel, d.outputStride, scratch, x1 - x0, count, channel, requantizationOf(d));
  }
}
