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

/** acc + dot(pairs, weights). */
// @ts-ignore: decorator
@inline
function dot(acc: v128, pairs: v128, w: usize): v128 {
  return i32x4.add(acc, i32x4.dot_i16x8_s(pairs, v128.load(w)));
}

// @ts-ignore: decorator
@inline
function codes8(p: usize, signed: i32): v128 {
  return signed ? v128.load_ext<i8>(p) : v128.load_ext<u8>(p);
}

/**
 * 3×3 with every window inside the input; `line`: the first window row. Weight rows: the upper two taps of each column, the lower
 * row's first two, its third and nothing, then (for a second pixel that shares the lower pairs) nothing and its first, its
 * second and third.
 */
// @ts-ignore: decorator
@inline
function strip3x3(d: DepthwiseCodes, line: usize, to: usize, x0: i32, x1: i32, scratch: usize, signed: i32): void {
  const channels = d.channels, padded = (channels + 7) & ~7, step = padded << 2;
  const pixelBytes = d.inputStride, across = d.dilationWidth * pixelBytes;
  const down = d.dilationHeight * d.inputWidth * pixelBytes, advance = d.strideWidth * pixelBytes;
  const corner = line + (x0 * d.strideWidth - d.padLeft) * pixelBytes;
  const paired = d.strideWidth == 1 && d.dilationWidth == 1;
  for (let channel = 0; channel < channels; channel += 8) {
    const count = channels - channel;
    const bias = d.weights + (channel << 2), w = d.weights + step + (channel << 2);
    let p = corner + channel, c = scratch, x = x0;
    if (count >= 8) {
      if (paired) for (; x + 2 <= x1; x += 2, p += 2 * pixelBytes, c += 64) twoPixels(p, down, pixelBytes, bias, w, step, c, signed);
      for (; x < x1; x++, p += advance, c += 32) onePixel(p, down, across, bias, w, step, c, signed);
    } else {
      for (; x < x1; x++, p += advance, c += 32) onePixelTail(p, down, across, bias, w, step, c, signed, count);
    }
    requantizeTile(to + x0 * d.outputStride + channel, d.outputStride, scratch, x1 - x0, count, channel, requantizationOf(d));
  }
}

// @ts-ignore: decorator
@inline
function onePixel(p: usize, down: i32, across: i32, bias: usize, w: usize, step: i32, c: usize, signed: i32): void {
  let u = codes8(p, signed), v = codes8(p + down, signed);
  let a = dot(v128.load(bias), lowPairs(u, v), w), b = dot(v128.load(bias, 16), highPairs(u, v), w + 16);
  w += step;
  let q = p + across;
  u = codes8(q, signed); v = codes8(q + down, signed);
  a = dot(a, lowPairs(u, v), w); b = dot(b, highPairs(u, v), w + 16);
  w += step;
  q += across;
  u = codes8(q, signed); v = codes8(q + down, signed);
  a = dot(a, lowPairs(u, v), w); b = dot(b, highPairs(u, v), w + 16);
  w += step;
  q = p + (down << 1);
  u = codes8(q, signed); v = codes8(q + across, signed);
  a = dot(a, lowPairs(u, v), w); b = dot(b, highPairs(u, v), w + 16);
  w += step;
  u = codes8(q + (across << 1), signed);
  a = dot(a, lowPairs(u, u), w); b = dot(b, highPairs(u, u), w + 16);
  v128.store(c, a);
  v128.store(c, b, 16);
}

/** Fewer than 8 channels are left. */
function onePixelTail(p: usize, down: i32, across: i32, bias: usize, w: usize, step: i32, c: usize, signed: i32, count: i32): void {
  let a = v128.load(bias), b = v128.load(bias, 16);
  let q = p;
  for (let column = 0; column < 3; column++, q += across, w += step) {
    const u = loadCodes(q, signed, count), v = loadCodes(q + down, signed, count);
    a = dot(a, lowPairs(u, v), w); b = dot(b, highPairs(u, v), w + 16);
  }
  q = p + (down << 1);
  let u = loadCodes(q, signed, count);
  const v = loadCodes(q + across, signed, count);
  a = dot(a, lowPairs(u, v), w); b = dot(b, highPairs(u, v), w + 16);
  w += step;
  u = loadCodes(q + (across << 1), signed, count);
  a = dot(a, lowPairs(u, u), w); b = dot(b, highPairs(u, u), w + 16);
  v128.store(c, a);
  v128.store(c, b, 16);
}

/** Stride 1: two pixels share two of three columns. */
// @ts-ignore: decorator
@inline
function twoPixels(p: usize, down: i32, across: i32, bias: usize, w: usize, step: i32, c: usize, signed: i32): void {
  const w1 = w + step, w2 = w1 + step;
  let u = codes8(p, signed), v = codes8(p + down, signed);
  let a = dot(v128.load(bias), lowPairs(u, v), w), b = dot(v128.load(bias, 16), highPairs(u, v), w + 16);
  let q = p + across;
  u = codes8(q, signed); v = codes8(q + down, signed);
  let low = lowPairs(u, v), high = highPairs(u, v);
  a = dot(a, low, w1); b = dot(b, high, w1 + 16);
  let e = dot(v128.load(bias), low, w), f = dot(v128.load(bias, 16), high, w + 16);
  q += across;
  u = codes8(q, signed); v = codes8(q + down, signed);
  low = lowPairs(u, v); high = highPairs(u, v);
  a = dot(a, low, w2); b = dot(b, high, w2 + 16);
  e = dot(e, low, w1); f = dot(f, high, w1 + 16);
  q += across;
  u = codes8(q, signed); v = codes8(q + down, signed);
  e = dot(e, lowPairs(u, v), w2); f = dot(f, highPairs(u, v), w2 + 16);
  w = w2 + step;
  q = p + (down << 1);
  u = codes8(q, signed); v = codes8(q + across, signed);
  low = lowPairs(u, v); high = highPairs(u, v);
  a = dot(a, low, w); b = dot(b, high, w + 16);
  const w4 = w + step, w5 = w4 + step;
  e = dot(e, low, w5); f = dot(f, high, w5 + 16);
  q += across << 1;
  u = codes8(q, signed); v = codes8(q + across, signed);
  low = lowPairs(u, v); high = highPairs(u, v);
  a = dot(a, low, w4); b = dot(b, high, w4 + 16);
  e = dot(e, low, w5 + step); f = dot(f, high, w5 + step + 16);
  v128.store(c, a);
  v128.store(c, b, 16);
  v128.store(c, e, 32);
  v128.store(c, f, 48);
}

/** Any kernel, any column: every tap's address goes into a table, the row of zero points standing in for what is outside. */
// @ts-ignore: decorator
@inline
function border(d: DepthwiseCodes, plane: usize, top: i32, to: usize, x0: i32, x1: i32, scratch: usize, signed: i32): void {
  const channels = d.channels, padded = (channels + 7) & ~7;
  const kernelHeight = d.kernelHeight, kernelWidth = d.kernelWidth;
  const pairs = (kernelHeight * kernelWidth + 1) >> 1;
  const weights = d.weights + (padded << 2);
  // The taps of a 3×3 kernel are paired down the columns; two more weight rows follow theirs.
  const columns = kernelHeight == 3 && kernelWidth == 3;
  const zeros = weights + (pairs + (columns ? 2 : 0)) * (padded << 2);
  const pixelBytes = d.inputStride, lineBytes = d.inputWidth * pixelBytes;
  const table = scratch + (STRIP << 5);
  let entry = table;
  for (let x = x0; x < x1; x++) {
    const left = x * d.strideWidth - d.padLeft;
    const next = entry + (pairs << 3);
    for (let ky = 0, iy = top; ky < kernelHeight; ky++, iy += d.dilationHeight) {
      const inside = <u32>iy < <u32>d.inputHeight;
      const line = plane + iy * lineBytes;
      for (let kx = 0, ix = left; kx < kernelWidth; kx++, ix += d.dilationWidth) {
        const tap = columns ? (ky < 2 ? 2 * kx + ky : 6 + kx) : ky * kernelWidth + kx;
        store<u32>(entry + (tap << 2), <u32>(inside && <u32>ix < <u32>d.inputWidth ? line + ix * pixelBytes : zeros));
      }
    }
    if (kernelHeight * kernelWidth & 1) store<u32>(next - 4, <u32>zeros);
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
