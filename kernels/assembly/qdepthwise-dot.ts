import { dot4 } from './dot';
import { roundingShift0 } from './generated/constants';
import { DepthwiseDotCodes, Requantization } from './generated/descriptors';
import { least } from './integer';
import { codeOffset, loadBytes, requantizeTile, saturate, storeBytes, wordsOf } from './requantize';

/**
 * Depthwise convolution with four taps of a column a lane. For 8 channels at a time the columns of one output row's window rows are
 * first laid into scratch, taps side by side: each is read again by every window that it lies in.
 */
export function depthwiseDotCodes(d: DepthwiseDotCodes, begin: i32, end: i32, scratch: usize): void {
  const channels = d.channels, quads = (d.kernelHeight + 3) >> 2;
  const lineBytes = d.inputWidth * d.inputStride;
  const columns = (d.outputWidth - 1) * d.strideWidth + (d.kernelWidth - 1) * d.dilationWidth + 1;
  const groupBytes = d.groupBytes;
  const accumulators = scratch + columns * (quads << 5);
  const fast = quads == 1 && d.kernelWidth == 3 && d.fits, plain = d.low == 0 && d.high == 255;
  for (let item = begin; item < end; item++) {
    const top = (item % d.outputHeight) * d.strideHeight - d.padTop;
    const plane = d.input + (item / d.outputHeight) * d.inputHeight * lineBytes;
    const to = d.output + item * d.outputWidth * d.outputStride;
    let weights = d.weights;
    for (let channel = 0; channel < channels; channel += 8, weights += groupBytes) {
      for (let quad = 0; quad < quads; quad++)
        layColumns(d, plane + channel, top, quad, columns, scratch + (quad << 5), quads << 5, channels - channel);
      const passes = load<i32>(d.passes + (channel >> 1));
      if (fast && passes == 1) {
        if (plain) rowOf3(d, scratch, weights, to + channel, channel, channels - channel, 1);
        else rowOf3(d, scratch, weights, to + channel, channel, channels - channel, 0);
      }
      else rowOfAny(d, scratch, quads, passes, weights, to + channel, channel, accumulators);
    }
  }
}

/** Columns of four window rows from row 4 · `quad` on; what lies outside is the zero point. */
function layColumns(
  d: DepthwiseDotCodes, plane: usize, top: i32, quad: i32, columns: i32, to: usize, step: i32, count: i32,
): void {
  const height = d.inputHeight, width = d.inputWidth, pixelBytes = d.inputStride, lineBytes = width * pixelBytes;
  const zeros = d.zeros, flips = i8x16.splat(<i8>d.flip), down = d.dilationHeight;
  const rest = d.kernelHeight - (quad << 2);
  const y = top + (quad << 2) * down;
  // Rows outside are one row of zero points for every column; rows behind the kernel's have weights of 0.
  const y1 = y + down, y2 = y1 + down, y3 = y2 + down;
  const in0 = <u32>y < <u32>height, in1 = rest > 1 && <u32>y1 < <u32>height, in2 = rest > 2 && <u32>y2 < <u32>height;
  const in3 = rest > 3 && <u32>y3 < <u32>height;
  let p0 = in0 ? plane + y * lineBytes : zeros, p1 = in1 ? plane + y1 * lineBytes : zeros;
  let p2 = in2 ? plane + y2 * lineBytes : zeros, p3 = in3 ? plane + y3 * lineBytes : zeros;
  const s0 = in0 ? pixelBytes : 0, s1 = in1 ? pixelBytes : 0, s2 = in2 ? pixelBytes : 0, s3 = in3 ? pixelBytes : 0;
  const outside = v128.xor(v128.load8_splat(zeros), flips);
  let column = 0;
  const left = least(columns, d.padLeft), inner = least(columns, d.padLeft + width);
  for (; column < left; column++, to += step) {
    v128.store(to, outside);
    v128.store(to, outside, 16);
  }
  if (count >= 8 && rest <= 3) {
    for (; column < inner; column++, to += step, p0 += s0, p1 += s1, p2 += s2) {
      const third = v128.load64_zero(p2);
      storeColumn(to, bytePairs(v128.load64_zero(p0), v128.load64_zero(p1)), bytePairs(third, third), flips);
    }
  } else {
    for (; column < inner; column++, to += step, p0 += s0, p1 += s1, p2 += s2, p3 += s3) {
      const u = bytePairs(loadBytes(p0, count), loadBytes(p1, count));
      storeColumn(to, u, bytePairs(loadBytes(p2, count), loadBytes(p3, count)), flips);
    }
  }
  for (; column < columns; column++, to += step) {
    v128.store(to, outside);
    v128.store(to, outside, 16);
  }
}

// @ts-ignore: decorator
@inline
function bytePairs(u: v128, v: v128): v128 {
  return v128.shuffle<i8>(u, v, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function storeColumn(to: usize, u: v128, v: v128, flips: v128): void {
  v128.store(to, v128.xor(v128.shuffle<i16>(u, v, 0, 8, 1, 9, 2, 10, 3, 11), flips));
  v128.store(to, v128.xor(v128.shuffle<i16>(u, v, 4, 12, 5, 13, 6, 14, 7, 15), flips), 16);
}

/** Three columns of at most four taps, rescaled at once. `plain`: saturation to uint8 is all the clamp there is. */
// @ts-ignore: decorator
@inline
function rowOf3(d: DepthwiseDotCodes, from: usize, w: usize, to: usize, channel: i32, count: i32, plain: i32): void {
  const advance = d.strideWidth << 5, across = d.dilationWidth << 5, outputStride = d.outputStride;
  const m = d.multipliers + (channel << 2), flip = d.low < 0 ? 128 : 0;
  const m0 = v128.load(m), m1 = v128.load(m, 16), offset = codeOffset(d.zero + flip), flips = i8x16.splat(<i8>flip);
  const low = i8x16.splat(<i8>(d.low + flip)), high = i8x16.splat(<i8>(d.high + flip)), shift = roundingShift0();
  let x = d.outputWidth;
  if (advance == 32 && across == 32 && count >= 8) {
    // Four windows share six columns.
    for (; x >= 4; x -= 4, from += 128) {
      let u = v128.load(from, 32), v = v128.load(from, 64), e = v128.load(from, 96), f = v128.load(from, 128);
      let bias = v128.load(w), first = v128.load(w, 32), second = v128.load(w, 64), third = v128.load(w, 96);
      const a0 = dot4(third, v, dot4(second, u, dot4(first, v128.load(from), bias)));
      const a1 = dot4(third, e, dot4(second, v, dot4(first, u, bias)));
      const a2 = dot4(third, f, dot4(second, e, dot4(first, v, bias)));
      const a3 = dot4(third, v128.load(from, 160), dot4(second, f, dot4(first, e, bias)));
      u = v128.load(from, 48); v = v128.load(from, 80); e = v128.load(from, 112); f = v128.load(from, 144);
      bias = v128.load(w, 16); first = v128.load(w, 48); second = v128.load(w, 80); third = v128.load(w, 112);
      const b0 = dot4(third, v, dot4(second, u, dot4(first, v128.load(from, 16), bias)));
      const b1 = dot4(third, e, dot4(second, v, dot4(first, u, bias)));
      const b2 = dot4(third, f, dot4(second, e, dot4(first, v, bias)));
      const b3 = dot4(third, v128.load(from, 176), dot4(second, f, dot4(first, e, bias)));
      const near = clamped(wordsOf(a0, b0, m0, m1, shift, offset), wordsOf(a1, b1, m0, m1, shift, offset), low, high, flips, plain);
      v128.store_lane<i64>(to, near, 0);
      v128.store_lane<i64>(to + outputStride, near, 1);
      to += outputStride << 1;
      const far = clamped(wordsOf(a2, b2, m0, m1, shift, offset), wordsOf(a3, b3, m0, m1, shift, offset), low, high, flips, plain);
      v128.store_lane<i64>(to, far, 0);
      v128.store_lane<i64>(to + outputStride, far, 1);
      to += outputStride << 1;
    }
  }
  const bias = v128.load(w), biasHigh = v128.load(w, 16);
  for (; x > 0; x--, from += advance, to += outputStride) {
    const next = from + across, last = next + across;
    const a = dot4(v128.load(w, 96), v128.load(last), dot4(v128.load(w, 64), v128.load(next), dot4(v128.load(w, 32), v128.load(from), bias)));
    const b = dot4(v128.load(w, 112), v128.load(last, 16), dot4(v128.load(w, 80), v128.load(next, 16), dot4(v128.load(w, 48), v128.load(from, 16), biasHigh)));
    const words = wordsOf(a, b, m0, m1, shift, offset);
    storeBytes(to, clamped(words, words, low, high, flips, plain), count);
  }
}

// @ts-ignore: decorator
@inline
function clamped(a: v128, b: v128, low: v128, high: v128, flips: v128, plain: i32): v128 {
  return plain ? i8x16.narrow_i16x8_u(a, b) : saturate(a, b, low, high, flips);
}

function rowOfAny(
  d: DepthwiseDotCodes, from: usize, quads: i32, passes: i32, w: usize, to: usize, channel: i32, accumulators: usize,
): void {
  const step = quads << 5, advance = d.strideWidth * step, across = d.dilationWidth * step;
  const kernelWidth = d.kernelWidth, width = d.outputWidth;
  const bias = v128.load(w), biasHigh = v128.load(w, 16);
  let c = accumulators;
  for (let x = 0; x < width; x++, from += advance, c += 32) {
    let a = bias, b = biasHigh, weights = w + 32;
    for (let pass = 0; pass < passes; pass++)
      for (let kx = 0, column = from; kx < kernelWidth; kx++, column += across)
        for (let quad = 0; quad < step; quad += 32, weights += 32) {
          a = dot4(v128.load(weights), v128.load(column + quad), a);
          b = dot4(v128.load(weights, 16), v128.load(column + quad, 16), b);
        }
    v128.store(c, a);
    v128.store(c, b, 16);
  }
  const requantization = changetype<Requantization>(changetype<usize>(d) + offsetof<DepthwiseDotCodes>('arithmetic'));
  requantizeTile(to, d.outputStride, accumulators, width, d.channels - channel, channel, requantization);
}
