import { depthwiseTile, depthwiseTileEdge } from './generated/depthwise';
import { DepthwiseF32 } from './generated/descriptors';
import { greatest, least } from './integer';
import { clamp, loadPartial, madd, storePartial } from './vector';

/** Pixels of a tile of `depthwiseTile`. */
// @ts-ignore: decorator
@inline
const TILE: i32 = 4;
/** Bytes of channels that pass over a row's tiles before the next channels come: neighbouring tiles share columns. */
// @ts-ignore: decorator
@inline
const BLOCK: i32 = 512;

/** Taps outside the input are left out of the sum. */
export function depthwiseF32(d: DepthwiseF32, begin: i32, end: i32, scratch: usize): void {
  const width = d.outputWidth, kernelHeight = d.kernelHeight, kernelWidth = d.kernelWidth;
  const pixelBytes = d.inputStride << 2, lineBytes = d.inputWidth * pixelBytes;
  const padded = (d.channels + 3) >> 2 << 4;
  const tiled = (kernelWidth == 3 || kernelWidth == 5 || kernelWidth == 7)
    && (d.strideWidth == 1 || (d.strideWidth == 2 && d.dilationWidth == 1));
  const whole = tiled ? d.channels & ~3 : 0;
  for (let item = begin; item < end; item++) {
    const image = item / d.outputHeight, y = item % d.outputHeight;
    const top = y * d.strideHeight - d.padTop;
    const lines = d.input + image * d.inputHeight * lineBytes;
    const output = d.output + ((item * width * d.outputStride) << 2);
    const residual = d.residual == 0 ? 0 : d.residual + ((item * width * d.residualStride) << 2);
    if (whole > 0) {
      // Window rows [above, above + inside) lie inside the input.
      const dilation = d.dilationHeight;
      const above = top >= 0 ? 0 : (dilation - 1 - top) / dilation;
      const below = least(kernelHeight, (d.inputHeight - top + dilation - 1) / dilation);
      const inside = greatest(0, below - above);
      const first = lines + (top + above * dilation) * lineBytes;
      const weights = d.weights + (1 + above * kernelWidth) * padded;
      for (let at = 0; at < whole << 2; at += BLOCK)
        tiles(d, first + at, inside, d.weights + at, weights + at, padded, least(BLOCK, (whole << 2) - at), output + at, residual == 0 ? 0 : residual + at);
    }
    if (whole < d.channels) border(d, lines, top, output, residual, whole);
  }
}

/**
 * One output row of `bytes` of channels, four pixels at a time. With a dilation the four are that far apart, so that they share
 * columns as neighbours do without it.
 */
function tiles(
  d: DepthwiseF32, first: usize, inside: i32, bias: usize, weights: usize, padded: i32, bytes: i32, output: usize, residual: usize,
): void {
  const width = d.outputWidth, inputWidth = d.inputWidth, kernelWidth = d.kernelWidth, stride = d.strideWidth;
  const dilation = d.dilationWidth;
  const pixelBytes = d.inputStride << 2, step = dilation * pixelBytes;
  const line = d.dilationHeight * inputWidth * pixelBytes;
  const cPixel = d.outputStride << 2, rPixel = d.residualStride << 2;
  const cStride = dilation * cPixel, rStride = dilation * rPixel;
  const low = f32x4.splat(d.min), high = f32x4.splat(d.max);
  const reach = (TILE - 1) * stride + kernelWidth;
  const advance = TILE * dilation;
  for (let phase = 0; phase < least(dilation, width); phase++)
    for (let x = phase; x < width; x += advance) {
      const left = x * stride - d.padLeft;
      const from = first + left * pixelBytes;
      const c = output + x * cPixel, r = residual == 0 ? 0 : residual + x * rPixel;
      const count = (width - x + dilation - 1) / dilation;
      // Tiles from here on whose windows lie inside the input.
      const room = inputWidth - 1 - left - (reach - 1) * dilation;
      const inner = left < 0 || room < 0 ? 0 : least(count / TILE, room / (advance * stride) + 1);
      if (inner > 0) {
        depthwiseTile(kernelWidth, stride, from, step, line, inside, bias, weights, padded, bytes, c, cStride, r, rStride, low, high, inner);
        x += (inner - 1) * advance;
        continue;
      }
      const before = left >= 0 ? 0 : (dilation - 1 - left) / dilation;
      const columns = greatest(0, (inputWidth - left + dilation - 1) / dilation - before);
      depthwiseTileEdge(
        kernelWidth, stride, from, step, line, inside, bias, weights, padded, bytes, c, cStride, r, rStride, low, high,
        before, columns, least(count, TILE),
      );
    }
}

/** Channels from `channel0` on, any kernel: bounds are checked tap by tap. */
function border(d: DepthwiseF32, lines: usize, top: i32, output: usize, residual: usize, channel0: i32): void {
  const channels = d.channels, padded = (channels + 3) >> 2 << 4;
  const pixelBytes = d.inputStride << 2, lineBytes = d.inputWidth * pixelBytes;
  const kernelHeight = d.kernelHeight, kernelWidth = d.kernelWidth;
  const low = f32x4.splat(d.min), high = f32x4.splat(d.max);
  for (let x = 0; x < d.outputWidth; x++) {
    const left = x * d.strideWidth - d.padLeft;
    const to = output + ((x * d.outputStride) << 2);
    const r = residual + ((x * d.residualStride) << 2);
    let channel = channel0;
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
