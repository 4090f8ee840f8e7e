import { AveragePoolCodes, MaxPoolCodes } from './generated/descriptors';
import { greatest, least } from './integer';
import { endTap, firstTap } from './pool';
import { ORT, codeFixed, codeOffset, loadCodes, packCodes, rescaleFloat, storeBytes } from './requantize';

/** A window without a pixel gives the smallest code. */
export function maxPoolCodes(d: MaxPoolCodes, begin: i32, end: i32, scratch: usize): void {
  const channels = d.channels, lineBytes = d.inputWidth * channels, signed = d.signed;
  const across = d.dilationWidth * channels, down = d.dilationHeight * lineBytes;
  const width = d.outputWidth;
  const lowest = i8x16.splat(signed ? -128 : 0);
  for (let item = begin; item < end; item++) {
    const image = item / d.outputHeight, y = item % d.outputHeight;
    const top = y * d.strideHeight - d.padTop;
    const ky0 = firstTap(top, d.dilationHeight), ky1 = endTap(top, d.dilationHeight, d.kernelHeight, d.inputHeight);
    const lines = d.input + image * d.inputHeight * lineBytes + (top + ky0 * d.dilationHeight) * lineBytes;
    let to = d.output + item * width * channels;
    for (let x = 0; x < width; x++, to += channels) {
      const left = x * d.strideWidth - d.padLeft;
      const kx0 = firstTap(left, d.dilationWidth), kx1 = endTap(left, d.dilationWidth, d.kernelWidth, d.inputWidth);
      const corner = lines + (left + kx0 * d.dilationWidth) * channels;
      let channel = 0;
      for (; channel + 16 <= channels; channel += 16) {
        let a = lowest;
        let line = corner + channel;
        for (let ky = ky0; ky < ky1; ky++, line += down) {
          let p = line;
          for (let kx = kx0; kx < kx1; kx++, p += across)
            a = signed ? i8x16.max_s(a, v128.load(p)) : i8x16.max_u(a, v128.load(p));
        }
        v128.store(to + channel, a);
      }
      for (; channel < channels; channel += 8) {
        const count = channels - channel;
        let a = i16x8.splat(signed ? -128 : 0);
        let line = corner + channel;
        for (let ky = ky0; ky < ky1; ky++, line += down) {
          let p = line;
          for (let kx = kx0; kx < kx1; kx++, p += across) a = i16x8.max_s(a, loadCodes(p, signed, count));
        }
        const words = v128.and(a, i16x8.splat(255));
        storeBytes(to + channel, i8x16.narrow_i16x8_u(words, words), count);
      }
    }
  }
}

export function averagePoolCodes(d: AveragePoolCodes, begin: i32, end: i32, scratch: usize): void {
  const channels = d.channels, lineBytes = d.inputWidth * channels, signed = d.signed;
  const across = d.dilationWidth * channels, down = d.dilationHeight * lineBytes;
  const width = d.outputWidth;
  const arithmetic = d.arithmetic, zero = d.zero, low = d.low, high = d.high;
  const offset = i16x8.splat(<i16>d.inputZero);
  for (let item = begin; item < end; item++) {
    const image = item / d.outputHeight, y = item % d.outputHeight;
    const top = y * d.strideHeight - d.padTop;
    const ky0 = firstTap(top, d.dilationHeight), ky1 = greatest(ky0, endTap(top, d.dilationHeight, d.kernelHeight, d.inputHeight));
    const paddedRows = endTap(top, d.dilationHeight, d.kernelHeight, d.inputHeight + d.padBottom);
    const lines = d.input + image * d.inputHeight * lineBytes + (top + ky0 * d.dilationHeight) * lineBytes;
    let to = d.output + item * width * channels;
    for (let x = 0; x < width; x++, to += channels) {
      const left = x * d.strideWidth - d.padLeft;
      const kx0 = firstTap(left, d.dilationWidth), kx1 = greatest(kx0, endTap(left, d.dilationWidth, d.kernelWidth, d.inputWidth));
      const paddedColumns = endTap(left, d.dilationWidth, d.kernelWidth, d.inputWidth + d.padRight);
      const counted = d.countPad ? paddedRows * paddedColumns : (ky1 - ky0) * (kx1 - kx0);
      const multiplier = d.multipliers + (counted << 2), shift = load<i32>(d.shifts + (counted << 2));
      const corner = lines + (left + kx0 * d.dilationWidth) * channels;
      for (let channel = 0; channel < channels; channel += 8) {
        const count = channels - channel;
        let a = i32x4.splat(0), b = a;
        let line = corner + channel;
        for (let ky = ky0; ky < ky1; ky++, line += down) {
          let p = line;
          // 128 codes less their zero points fit 16 bits.
          for (let kx = kx0; kx < kx1; ) {
            const stop = least(kx1, kx + 128);
            let v = i16x8.splat(0);
            for (; kx < stop; kx++, p += across) v = i16x8.add(v, i16x8.sub(loadCodes(p, signed, count), offset));
            a = i32x4.add(a, i32x4.extend_low_i16x8_s(v));
            b = i32x4.add(b, i32x4.extend_high_i16x8_s(v));
          }
        }
        if (arithmetic == ORT) {
          const m = v128.load32_splat(multiplier);
          const l = f32x4.splat(<f32>(low - zero)), h = f32x4.splat(<f32>(high - zero)), z = codeOffset(zero);
          const codes = packCodes(rescaleFloat(a, m, l, h, z), rescaleFloat(b, m, l, h, z));
          storeBytes(to + channel, codes, count);
        } else {
          const m = load<i32>(multiplier);
          v128.store(scratch, a);
          v128.store(scratch, b, 16);
          for (let lane = 0; lane < 8 && lane < count; lane++)
            store<u8>(to + channel + lane, <u8>codeFixed(load<i32>(scratch + (lane << 2)), arithmetic, m, shift, zero, low, high));
        }
      }
    }
  }
}
