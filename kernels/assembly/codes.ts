import { roundingShift0 } from './generated/constants';
import { BinaryCodes, DequantizeF32, FakeQuantizeF32, LookupCodes, QuantizeF32, RangeCodes, Requantization } from './generated/descriptors';
import { least } from './integer';
import { COUNTERS, advance, offsetOf, seek } from './odometer';
import { ORT, codeOffset, loadCodes, packCodes, requantizeTile, roundedCodes, storeBytes } from './requantize';
import { loadPartial, storePartial } from './vector';

export function binaryCodes(d: BinaryCodes, begin: i32, end: i32, scratch: usize): void {
  const block = changetype<usize>(d);
  const dims = block + offsetof<BinaryCodes>('dims0');
  const aStrides = block + offsetof<BinaryCodes>('aStrides0'), bStrides = block + offsetof<BinaryCodes>('bStrides0');
  const width = d.dims7, chunk = d.chunk, chunks = d.chunks;
  const aStep = d.aStrides7, bStep = d.bStrides7;
  let row = begin / chunks, part = begin % chunks;
  seek(scratch, dims, row);
  let a = d.a + offsetOf(scratch, aStrides), b = d.b + offsetOf(scratch, bStrides);
  let y = d.output + row * width;
  for (let item = begin; item < end; item++) {
    const first = part * chunk, count = least(chunk, width - first);
    if (d.arithmetic == ORT) floatRun(d, a + first * aStep, b + first * bStep, y + first, count, aStep, bStep);
    else fixedRun(d, a + first * aStep, b + first * bStep, y + first, count, aStep, bStep, scratch + 2 * COUNTERS);
    if (++part == chunks) {
      part = 0;
      y += width;
      a += advance(scratch, dims, aStrides, bStrides, scratch + COUNTERS);
      b += load<i32>(scratch + COUNTERS);
    }
  }
}

/** 8 codes `step` bytes apart as int16. */
// @ts-ignore: decorator
@inline
function codesAt(p: usize, step: i32, signed: i32, count: i32): v128 {
  return step == 1 ? loadCodes(p, signed, count) : codesStrided(p, step, signed, count);
}

function codesStrided(p: usize, step: i32, signed: i32, count: i32): v128 {
  let bits: u64 = 0;
  for (let i = least(count, 8) - 1; i >= 0; i--) bits = (bits << 8) | <u64>load<u8>(p + i * step);
  const v = i64x2.splat(bits);
  return signed ? i16x8.extend_low_i8x16_s(v) : i16x8.extend_low_i8x16_u(v);
}

function floatRun(d: BinaryCodes, a: usize, b: usize, y: usize, count: i32, aStep: i32, bStep: i32): void {
  const aZero = i16x8.splat(<i16>d.aZero), bZero = i16x8.splat(<i16>d.bZero);
  const aScale = f32x4.splat(d.aScale), bScale = f32x4.splat(d.bScale), outputScale = f32x4.splat(d.outputScale);
  const multiplier = d.multiply ? v128.load32_splat(d.multipliers) : aScale;
  const low = f32x4.splat(<f32>(d.low - d.zero)), high = f32x4.splat(<f32>(d.high - d.zero)), offset = codeOffset(d.zero);
  for (; count > 0; count -= 8, a += aStep << 3, b += bStep << 3, y += 8) {
    const u = i16x8.sub(codesAt(a, aStep, d.aSigned, count), aZero), v = i16x8.sub(codesAt(b, bStep, d.bSigned, count), bZero);
    let p: v128, q: v128;
    if (d.multiply) {
      p = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extmul_low_i16x8_s(u, v)), multiplier);
      q = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extmul_high_i16x8_s(u, v)), multiplier);
    } else {
      p = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(u)), aScale),
        f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(v)), bScale));
      q = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(u)), aScale),
        f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(v)), bScale));
      p = f32x4.div(p, outputScale);
      q = f32x4.div(q, outputScale);
    }
    storeBytes(y, packCodes(i32x4.add(roundedCodes(p, low, high), offset), i32x4.add(roundedCodes(q, low, high), offset)), count);
  }
}

/** Sums or products of 8 elements at a time go through scratch into codes. */
function fixedRun(d: BinaryCodes, a: usize, b: usize, y: usize, count: i32, aStep: i32, bStep: i32, scratch: usize): void {
  const requantization = changetype<Requantization>(changetype<usize>(d) + offsetof<BinaryCodes>('arithmetic'));
  const aZero = i16x8.splat(<i16>d.aZero), bZero = i16x8.splat(<i16>d.bZero);
  const aTable = d.aTable, bTable = d.bTable;
  for (; count > 0; count -= 8, a += aStep << 3, b += bStep << 3, y += 8) {
    if (d.multiply) {
      const u = i16x8.sub(codesAt(a, aStep, d.aSigned, count), aZero), v = i16x8.sub(codesAt(b, bStep, d.bSigned, count), bZero);
      v128.store(scratch, i32x4.extmul_low_i16x8_s(u, v));
      v128.store(scratch, i32x4.extmul_high_i16x8_s(u, v), 16);
    } else {
      const stop = least(8, count);
      for (let i = 0; i < stop; i++)
        store<i32>(scratch + (i << 2), load<i32>(aTable + (<usize>load<u8>(a + i * aStep) << 2)) + load<i32>(bTable + (<usize>load<u8>(b + i * bStep) << 2)));
    }
    requantizeTile(y, 0, scratch, 1, count, 0, requantization);
  }
}

export function lookupCodes(d: LookupCodes, begin: i32, end: i32, scratch: usize): void {
  const table = d.table;
  const stop = least(d.count, end << 12);
  let i = begin << 12;
  for (; i + 4 <= stop; i += 4) {
    const codes = load<u32>(d.input + i);
    const low = <u32>load<u8>(table + (codes & 255)) | (<u32>load<u8>(table + ((codes >> 8) & 255)) << 8);
    const high = <u32>load<u8>(table + ((codes >> 16) & 255)) | (<u32>load<u8>(table + (codes >> 24)) << 8);
    store<u32>(d.output + i, low | (high << 16));
  }
  for (; i < stop; i++) store<u8>(d.output + i, load<u8>(table + <usize>load<u8>(d.input + i)));
}

/** Elements of an item. */
// @ts-ignore: decorator
@inline
const RUN: i32 = 1024;

/**
 * clamp(roundHalfToEven(x / scale) + zero, low, high) less zero, as a float on top of 1.5 · 2²³; low and high come without the zero
 * point. NaN becomes low.
 */
// @ts-ignore: decorator
@inline
function code(x: v128, scale: v128, low: v128, high: v128): v128 {
  return roundedCodes(f32x4.div(x, scale), low, high);
}

export function quantizeF32(d: QuantizeF32, begin: i32, end: i32, scratch: usize): void {
  const channels = d.channels, stop = least(d.count, end * RUN);
  const low = f32x4.splat(d.low), high = f32x4.splat(d.high);
  let i = begin * RUN;
  if (channels == 0) {
    const scale = v128.load32_splat(d.scale), zero = v128.load32_splat(d.zero);
    const l = f32x4.sub(low, zero), h = f32x4.sub(high, zero), offset = codeOffset(<i32>load<f32>(d.zero));
    for (; i + 8 <= stop; i += 8) {
      const from = d.input + (i << 2);
      const p = i32x4.add(code(v128.load(from), scale, l, h), offset);
      const q = i32x4.add(code(v128.load(from, 16), scale, l, h), offset);
      v128.store_lane<i64>(d.output + i, packCodes(p, q), 0);
    }
  }
  let channel = channels == 0 ? 0 : i % channels;
  const shift = codeOffset(0);
  while (i < stop) {
    const count = runLength(channels, channel, stop - i), at = channel << 2;
    const scale = channels == 0 ? v128.load32_splat(d.scale) : loadPartial(d.scale + at, count);
    const zero = channels == 0 ? v128.load32_splat(d.zero) : loadPartial(d.zero + at, count);
    const v = code(loadPartial(d.input + (i << 2), count), scale, f32x4.sub(low, zero), f32x4.sub(high, zero));
    const p = i32x4.add(i32x4.add(v, shift), i32x4.trunc_sat_f32x4_s(zero));
    storeBytes(d.output + i, packCodes(p, p), count);
    i += count;
    channel = channels == 0 || channel + count == channels ? 0 : channel + count;
  }
}

/** Elements, at most 4, until the channels begin anew or the run ends. */
// @ts-ignore: decorator
@inline
function runLength(channels: i32, channel: i32, left: i32): i32 {
  return least(least(4, left), channels == 0 ? 4 : channels - channel);
}

/** DynamicQuantizeLinear: float32 arithmetic throughout; a range of nothing has scale and zero point 0. */
export function rangeCodes(d: RangeCodes, begin: i32, end: i32, scratch: usize): void {
  const low = min<f32>(0, load<f32>(d.range)), high = max<f32>(0, load<f32>(d.range, 4));
  const scale = (high - low) / 255;
  const zero: f32 = scale == 0 ? 0 : nearest<f32>(min<f32>(255, max<f32>(0, -low / scale)));
  store<f32>(d.scale, scale);
  store<f32>(d.zero, zero);
  store<u8>(d.code, <u8>zero);
}

export function fakeQuantizeF32(d: FakeQuantizeF32, begin: i32, end: i32, scratch: usize): void {
  const channels = d.channels, stop = least(d.count, end * RUN);
  const low = f32x4.splat(d.low), high = f32x4.splat(d.high), shift = roundingShift0();
  let i = begin * RUN;
  if (channels == 0) {
    const scale = v128.load32_splat(d.scale), zero = v128.load32_splat(d.zero);
    const l = f32x4.sub(low, zero), h = f32x4.sub(high, zero);
    for (; i + 4 <= stop; i += 4) {
      const v = code(v128.load(d.input + (i << 2)), scale, l, h);
      v128.store(d.output + (i << 2), f32x4.mul(f32x4.sub(v, shift), scale));
    }
  }
  let channel = channels == 0 ? 0 : i % channels;
  while (i < stop) {
    const count = runLength(channels, channel, stop - i), at = channel << 2;
    const scale = channels == 0 ? v128.load32_splat(d.scale) : loadPartial(d.scale + at, count);
    const zero = channels == 0 ? v128.load32_splat(d.zero) : loadPartial(d.zero + at, count);
    const v = code(loadPartial(d.input + (i << 2), count), scale, f32x4.sub(low, zero), f32x4.sub(high, zero));
    storePartial(d.output + (i << 2), f32x4.mul(f32x4.sub(v, shift), scale), count);
    i += count;
    channel = channels == 0 || channel + count == channels ? 0 : channel + count;
  }
}

export function dequantizeF32(d: DequantizeF32, begin: i32, end: i32, scratch: usize): void {
  const channels = d.channels, stop = least(d.count, end * RUN), signed = d.signed;
  let i = begin * RUN;
  if (channels == 0) {
    const scale = v128.load32_splat(d.scale), zero = v128.load32_splat(d.zero);
    for (; i + 8 <= stop; i += 8) {
      const v = loadCodes(d.input + i, signed, 8);
      const to = d.output + (i << 2);
      v128.store(to, f32x4.mul(f32x4.sub(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(v)), zero), scale));
      v128.store(to, f32x4.mul(f32x4.sub(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(v)), zero), scale), 16);
    }
  }
  let channel = channels == 0 ? 0 : i % channels;
  while (i < stop) {
    const count = runLength(channels, channel, stop - i), at = channel << 2;
    const scale = channels == 0 ? v128.load32_splat(d.scale) : loadPartial(d.scale + at, count);
    const zero = channels == 0 ? v128.load32_splat(d.zero) : loadPartial(d.zero + at, count);
    const v = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(loadCodes(d.input + i, signed, count)));
    storePartial(d.output + (i << 2), f32x4.mul(f32x4.sub(v, zero), scale), count);
    i += count;
    channel = channels == 0 || channel + count == channels ? 0 : channel + count;
  }
}
