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
  return v128.bitselect(x, other, isFinite4(x));
}

/** −1 in lanes that are finite. */
// @ts-ignore: decorator
@inline
function isFinite4(x: v128): v128 {
  return f32x4.lt(f32x4.abs(x), f32x4.splat(Infinity));
}

export function minMaxF32(d: MinMaxF32, begin: i32, end: i32, scratch: usize): void {
  for (let item = begin; item < end; item++) {
    const first = item * RUN, stop = least(d.count, first + RUN), to = d.output + item * 12;
    if (!extremesOfFinite(d.input, first, stop, to)) extremesOfAny(d.input, first, stop, to);
  }
}

/** False where something is not finite. */
function extremesOfFinite(input: usize, first: i32, stop: i32, to: usize): bool {
  let low = f32x4.splat(Infinity), high = f32x4.splat(-Infinity), none = f32x4.splat(0);
  let i = first;
  for (; i + 4 <= stop; i += 4) {
    const v = v128.load(input + (i << 2));
    low = f32x4.pmin(low, v);
    high = f32x4.pmax(high, v);
    // 0 for what is finite, NaN for the rest.
    none = v128.or(none, f32x4.sub(v, v));
  }
  for (; i < stop; i++) {
    const v = v128.load32_splat(input + (i << 2));
    low = f32x4.pmin(low, v);
    high = f32x4.pmax(high, v);
    none = v128.or(none, f32x4.sub(v, v));
  }
  if (v128.any_true(f32x4.ne(none, none))) return false;
  store<f32>(to, lanesMin(low));
  store<f32>(to, lanesMax(high), 4);
  store<i32>(to, 0, 8);
  return true;
}

function extremesOfAny(input: usize, first: i32, stop: i32, to: usize): void {
  const none = f32x4.splat(Infinity), noneLow = f32x4.splat(-Infinity);
  let low = none, high = noneLow, others = 0;
  for (let i = first; i < stop; i++) {
    const v = v128.load32_splat(input + (i << 2));
    low = f32x4.pmin(low, finite(v, none));
    high = f32x4.pmax(high, finite(v, noneLow));
    others += 1 + i32x4.extract_lane(isFinite4(v), 0);
  }
  store<f32>(to, lanesMin(low));
  store<f32>(to, lanesMax(high), 4);
  store<i32>(to, others, 8);
}

export function combineMinMaxF32(d: CombineMinMaxF32, begin: i32, end: i32, scratch: usize): void {
  let low: f32 = Infinity, high: f32 = -Infinity, others = 0;
  for (let i = 0, p = d.input; i < d.count; i++, p += 12) {
    low = min(low, load<f32>(p));
    high = max(high, load<f32>(p, 4));
    others += load<i32>(p, 8);
  }
  store<f32>(d.output, low);
  store<f32>(d.output, high, 4);
  store<i32>(d.output, others, 8);
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
  const half = d.half, factor = f32x4.splat(d.factor), zero = f32x4.splat(0);
  const low = i32x4.splat(-half), high = i32x4.splat(half - 1), middle = i32x4.splat(half);
  const zeros = i32x4.add(i32x4.splat(2 * half), v128(0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0));
  const size = (d.count / d.parts + 4) & ~3;
  for (let part = begin; part < end; part++) {
    const counts = d.counts + part * ((2 * half + 4) << 2);
    let i = least(part * size, d.count);
    const stop = least(i + size, d.count);
    for (; i < stop; i += 4) {
      const x = loadPartial(d.input + (i << 2), stop - i);
      const floor = f32x4.floor(f32x4.mul(x, factor));
      // What is below zero lies below the middle, also where the product is too small for a float32.
      const below = v128.and(f32x4.lt(x, zero), f32x4.eq(floor, zero));
      const bin = i32x4.min_s(i32x4.max_s(i32x4.add(i32x4.trunc_sat_f32x4_s(floor), below), low), high);
      // Each lane has a counter of zeros: rectifiers make long runs of them, and one counter would wait for itself.
      const at = i32x4.shl(v128.bitselect(zeros, i32x4.add(bin, middle), f32x4.eq(x, zero)), 2);
      count(counts + i32x4.extract_lane(at, 0));
      if (stop - i > 1) count(counts + i32x4.extract_lane(at, 1));
      if (stop - i > 2) count(counts + i32x4.extract_lane(at, 2));
      if (stop - i > 3) count(counts + i32x4.extract_lane(at, 3));
    }
  }
}

// @ts-ignore: decorator
@inline
function count(at: usize): void {
  store<u32>(at, load<u32>(at) + 1);
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
