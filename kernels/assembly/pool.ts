import { AveragePoolF32, MaxPoolF32 } from './generated/descriptors';
import { greatest, least } from './integer';
import { loadPartial, storePartial } from './vector';

/** First tap of a window that starts at `start` which lies at or behind 0. */
// @ts-ignore: decorator
@inline
export function firstTap(start: i32, dilation: i32): i32 {
  return start >= 0 ? 0 : (dilation - 1 - start) / dilation;
}

/** One behind the last tap of a window that lies before `size`. */
// @ts-ignore: decorator
@inline
export function endTap(start: i32, dilation: i32, taps: i32, size: i32): i32 {
  return size <= start ? 0 : least(taps, (size - start + dilation - 1) / dilation);
}

/** NaN in the window does not decide: a later number wins over it, as it wins over −∞. */
export function maxPoolF32(d: MaxPoolF32, begin: i32, end: i32, scratch: usize): void {
  const channels = d.channels, pixelBytes = channels << 2, lineBytes = d.inputWidth * pixelBytes;
  const across = d.dilationWidth * pixelBytes, down = d.dilationHeight * lineBytes;
  const width = d.outputWidth;
  for (let item = begin; item < end; item++) {
    const image = item / d.outputHeight, y = item % d.outputHeight;
    const top = y * d.strideHeight - d.padTop;
    const ky0 = firstTap(top, d.dilationHeight), ky1 = endTap(top, d.dilationHeight, d.kernelHeight, d.inputHeight);
    const lines = d.input + image * d.inputHeight * lineBytes + (top + ky0 * d.dilationHeight) * lineBytes;
    let to = d.output + item * width * pixelBytes;
    for (let x = 0; x < width; x++, to += pixelBytes) {
      const left = x * d.strideWidth - d.padLeft;
      const kx0 = firstTap(left, d.dilationWidth), kx1 = endTap(left, d.dilationWidth, d.kernelWidth, d.inputWidth);
      const corner = lines + (left + kx0 * d.dilationWidth) * pixelBytes;
      let channel = 0;
      for (; channel + 8 <= channels; channel += 8) {
        let a = f32x4.splat(-Infinity), b = a;
        let line = corner + (channel << 2);
        for (let ky = ky0; ky < ky1; ky++, line += down) {
          let p = line;
          for (let kx = kx0; kx < kx1; kx++, p += across) {
            a = f32x4.pmax(a, v128.load(p));
            b = f32x4.pmax(b, v128.load(p, 16));
          }
        }
        v128.store(to + (channel << 2), a);
        v128.store(to + (channel << 2), b, 16);
      }
      for (; channel < channels; channel += 4) {
        const count = least(4, channels - channel);
        let a = f32x4.splat(-Infinity);
        let line = corner + (channel << 2);
        for (let ky = ky0; ky < ky1; ky++, line += down) {
          let p = line;
          for (let kx = kx0; kx < kx1; kx++, p += across) a = f32x4.pmax(a, loadPartial(p, count));
        }
        storePartial(to + (channel << 2), a, count);
      }
    }
  }
}

/** An empty window gives 0/0. */
export function averagePoolF32(d: AveragePoolF32, begin: i32, end: i32, scratch: usize): void {
  const channels = d.channels, pixelBytes = channels << 2, lineBytes = d.inputWidth * pixelBytes;
  const across = d.dilationWidth * pixelBytes, down = d.dilationHeight * lineBytes;
  const width = d.outputWidth;
  for (let item = begin; item < end; item++) {
    const image = item / d.outputHeight, y = item % d.outputHeight;
    const top = y * d.strideHeight - d.padTop;
    const ky0 = firstTap(top, d.dilationHeight), ky1 = greatest(ky0, endTap(top, d.dilationHeight, d.kernelHeight, d.inputHeight));
    const paddedRows = endTap(top, d.dilationHeight, d.kernelHeight, d.inputHeight + d.padBottom);
    const lines = d.input + image * d.inputHeight * lineBytes + (top + ky0 * d.dilationHeight) * lineBytes;
    let to = d.output + item * width * pixelBytes;
    for (let x = 0; x < width; x++, to += pixelBytes) {
      const left = x * d.strideWidth - d.padLeft;
      const kx0 = firstTap(left, d.dilationWidth), kx1 = greatest(kx0, endTap(left, d.dilationWidth, d.kernelWidth, d.inputWidth));
      const paddedColumns = endTap(left, d.dilationWidth, d.kernelWidth, d.inputWidth + d.padRight);
      const count = d.countPad ? paddedRows * paddedColumns : (ky1 - ky0) * (kx1 - kx0);
      const divisor = f32x4.splat(<f32>count);
      const corner = lines + (left + kx0 * d.dilationWidth) * pixelBytes;
      let channel = 0;
      for (; channel + 16 <= channels; channel += 16) {
        let a = f32x4.splat(0), b = a, e = a, f = a;
        let line = corner + (channel << 2);
        for (let ky = ky0; ky < ky1; ky++, line += down) {
          let p = line;
          for (let kx = kx0; kx < kx1; kx++, p += across) {
            a = f32x4.add(a, v128.load(p));
            b = f32x4.add(b, v128.load(p, 16));
            e = f32x4.add(e, v128.load(p, 32));
            f = f32x4.add(f, v128.load(p, 48));
          }
        }
        const q = to + (channel << 2);
        v128.store(q, f32x4.div(a, divisor));
        v128.store(q, f32x4.div(b, divisor), 16);
        v128.store(q, f32x4.div(e, divisor), 32);
        v128.store(q, f32x4.div(f, divisor), 48);
      }
      for (; channel < channels; channel += 4) {
        const lanes = least(4, channels - channel);
        let a = f32x4.splat(0);
        let line = corner + (channel << 2);
        for (let ky = ky0; ky < ky1; ky++, line += down) {
          let p = line;
          for (let kx = kx0; kx < kx1; kx++, p += across) a = f32x4.add(a, loadPartial(p, lanes));
        }
        storePartial(to + (channel << 2), f32x4.div(a, divisor), lanes);
      }
    }
  }
}
