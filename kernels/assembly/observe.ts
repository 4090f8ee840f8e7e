import { CombineMinMaxF32, CombineSumsF64, HistogramF32, MinMaxChannelsF32, MinMaxF32, SumsF32 } from './generated/descriptors';
import { least } from './integer';
import { lanesMax, lanesMin, loadPartial, storePartial } from './vector';

/** Elements of an item. */
// @ts-ignore: decorator
@inline
const RUN: i32 = 65536;

/** x where it is finite, else `other`. */
// @ts-ignore: decorator
@inline
function finite(x: v128, other: v128): v128 {
  return v128.bitselect(x, other, f32x4.lt(f32x4.abs(x), f32x4.splat(Infinity)));
}

export function minMaxF32(d: MinMaxF32, begin: i32, end: i32, scratch: usize): void {
  const none = f32x4.splat(Infinity), noneLow = f32x4.splat(-Infinity);
  for (let item = begin; item < end; item++) {
    let low = none, high = noneLow;
    let i = item * RUN;
    const stop = least(d.count, i + RUN);
    for (; i + 4 <= stop; i += 4) {
      const v = v128.load(d.input + (i << 2));
      low = f32x4.pmin(low, finite(v, none));
      high = f32x4.pmax(high, finite(v, noneLow));
    }
    for (; i < stop; i++) {
      const v = v128.load32_splat(d.input + (i << 2));
      low = f32x4.pmin(low, finite(v, none));
      high = f32x4.pmax(high, finite(v, noneLow));
    }
    store<f32>(d.output + (item << 3), lanesMin(low));
    store<f32>(d.output + (item << 3), lanesMax(high), 4);
  }
}

export function combineMinMaxF32(d: CombineMinMaxF32, begin: i32, end: i32, scratch: usize): void {
  let low: f32 = Infinity, high: f32 = -Infinity;
  for (let i = 0; i < d.count; i++) {
    low = min(low, load<f32>(d.input + (i << 3)));
    high = max(high, load<f32>(d.input + (i << 3), 4));
  }
  store<f32>(d.output, low);
  store<f32>(d.output, high, 4);
}

export function minMaxChannelsF32(d: MinMaxChannelsF32, begin: i32, end: i32, scratch: usize): void {
  const channels = d.channels, rowBytes = channels << 2;
  const none = f32x4.splat(Infinity), noneLow = f32x4.splat(-Infinity);
  for (let item = begin; item < end; item++) {
    const channel = item << 2, count = least(4, channels - channel);
    if (item + 4 <= end && channel + 16 <= channels) {
      extremes16(d.input + (channel << 2), d.rows, rowBytes, d.output + (channel << 2), d.output + ((channels + channel) << 2));
      item += 3;
      continue;
    }
    let low = none, high = noneLow;
    let p = d.input + (channel << 2);
    for (let row = 0; row < d.rows; row++, p += rowBytes) {
      const v = loadPartial(p, count);
      low = f32x4.pmin(low, finite(v, none));
      high = f32x4.pmax(high, finite(v, noneLow));
    }
    storePartial(d.output + (channel << 2), low, count);
    storePartial(d.output + ((channels + channel) << 2), high, count);
  }
}

/** Sixteen channels: whole cache lines. */
function extremes16(p: usize, rows: i32, rowBytes: i32, lows: usize, highs: usize): void {
  const none = f32x4.splat(Infinity), noneLow = f32x4.splat(-Infinity);
  let l0 = none, l1 = none, l2 = none, l3 = none, h0 = noneLow, h1 = noneLow, h2 = noneLow, h3 = noneLow;
  for (; rows > 0; rows--, p += rowBytes) {
    let v = v128.load(p);
    l0 = f32x4.pmin(l0, finite(v, none)); h0 = f32x4.pmax(h0, finite(v, noneLow));
    v = v128.load(p, 16);
    l1 = f32x4.pmin(l1, finite(v, none)); h1 = f32x4.pmax(h1, finite(v, noneLow));
    v = v128.load(p, 32);
    l2 = f32x4.pmin(l2, finite(v, none)); h2 = f32x4.pmax(h2, finite(v, noneLow));
    v = v128.load(p, 48);
    l3 = f32x4.pmin(l3, finite(v, none)); h3 = f32x4.pmax(h3, finite(v, noneLow));
  }
  v128.store(lows, l0); v128.store(lows, l1, 16); v128.store(lows, l2, 32); v128.store(lows, l3, 48);
  v128.store(highs, h0); v128.store(highs, h1, 16); v128.store(highs, h2, 32); v128.store(highs, h3, 48);
}

export function histogramF32(d: HistogramF32, begin: i32, end: i32, scratch: usize): void {
  const low = d.low, factor = d.factor, counts = d.counts;
  const last = <f64>(d.bins - 1);
  let p = d.input;
  for (let i = d.count; i > 0; i--, p += 4) {
    const x = <f64>load<f32>(p);
    if (x != x) continue;
    const bin = floor((x - low) * factor);
    const at = counts + (<i32>(bin < 0 ? 0 : bin > last ? last : bin) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
}

export function sumsF32(d: SumsF32, begin: i32, end: i32, scratch: usize): void {
  const two = d.b != 0;
  for (let item = begin; item < end; item++) {
    let s0 = f64x2.splat(0), s1 = s0, t0 = s0, t1 = s0;
    let i = item * RUN;
    const stop = least(d.count, i + RUN);
    if (!two)
      for (; i + 4 <= stop; i += 4) {
        const a = v128.load(d.a + (i << 2));
        const a0 = f64x2.promote_low_f32x4(a), a1 = f64x2.promote_low_f32x4(v128.shuffle<i32>(a, a, 2, 3, 2, 3));
        s0 = f64x2.add(s0, f64x2.abs(a0));
        s1 = f64x2.add(s1, f64x2.abs(a1));
        t0 = f64x2.add(t0, f64x2.mul(a0, a0));
        t1 = f64x2.add(t1, f64x2.mul(a1, a1));
      }
    for (; i < stop; i += 4) {
      const a = loadPartial(d.a + (i << 2), stop - i);
      const a0 = f64x2.promote_low_f32x4(a), a1 = f64x2.promote_low_f32x4(v128.shuffle<i32>(a, a, 2, 3, 2, 3));
      if (two) {
        const b = loadPartial(d.b + (i << 2), stop - i);
        const d0 = f64x2.sub(a0, f64x2.promote_low_f32x4(b));
        const d1 = f64x2.sub(a1, f64x2.promote_low_f32x4(v128.shuffle<i32>(b, b, 2, 3, 2, 3)));
        s0 = f64x2.add(s0, f64x2.mul(d0, d0));
        s1 = f64x2.add(s1, f64x2.mul(d1, d1));
      } else {
        s0 = f64x2.add(s0, f64x2.abs(a0));
        s1 = f64x2.add(s1, f64x2.abs(a1));
      }
      t0 = f64x2.add(t0, f64x2.mul(a0, a0));
      t1 = f64x2.add(t1, f64x2.mul(a1, a1));
    }
    const to = d.output + (item << 4);
    store<f64>(to, lanes(s0, s1));
    store<f64>(to, lanes(t0, t1), 8);
  }
}

// @ts-ignore: decorator
@inline
function lanes(s0: v128, s1: v128): f64 {
  return (f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1)) + (f64x2.extract_lane(s1, 0) + f64x2.extract_lane(s1, 1));
}

export function combineSumsF64(d: CombineSumsF64, begin: i32, end: i32, scratch: usize): void {
  let sum = f64x2.splat(0);
  for (let i = 0; i < d.count; i++) sum = f64x2.add(sum, v128.load(d.input + (i << 4)));
  v128.store(d.output, sum);
}
