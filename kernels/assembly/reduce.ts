import { ArgF32, ReduceF32, SoftmaxF32 } from './generated/descriptors';
import { least } from './integer';
import { exp4, expInline4, log4 } from './math';
import { lanesMax, lanesMin, lanesSum, loadPartial, loadStrided, loadTail, storePartial, storeTail } from './vector';

// Numbers of kernels/functions.ts, reduceFunctions.
// @ts-ignore: decorator
@inline const SUM: i32 = 0;
// @ts-ignore: decorator
@inline const MEAN: i32 = 1;
// @ts-ignore: decorator
@inline const MAX: i32 = 2;
// @ts-ignore: decorator
@inline const MIN: i32 = 3;
// @ts-ignore: decorator
@inline const SUM_SQUARE: i32 = 4;
// @ts-ignore: decorator
@inline const L1: i32 = 5;
// @ts-ignore: decorator
@inline const L2: i32 = 6;
// @ts-ignore: decorator
@inline const PROD: i32 = 7;
// @ts-ignore: decorator
@inline const LOG_SUM_EXP: i32 = 8;

/**
 * The order of every sum is fixed: with inner = 1 element i goes to lane i mod 4, lanes end as (0 + 1) + (2 + 3); else
 * elements are added one after the other.
 */
export function softmaxF32(d: SoftmaxF32, begin: i32, end: i32, scratch: usize): void {
  const axis = d.axis, inner = d.inner;
  if (inner == 1) {
    let row = begin;
    // Rows that do not fill a vector: four of them side by side.
    if (axis <= 4 && !d.log)
      for (; row + 4 <= end; row += 4) softmaxShort(d.input + ((row * axis) << 2), d.output + ((row * axis) << 2), axis);
    for (; row < end; row++)
      softmaxRow(d.input + ((row * axis) << 2), d.output + ((row * axis) << 2), axis, d.log);
    return;
  }
  const quads = (inner + 3) >> 2;
  const stride = inner << 2;
  for (let item = begin; item < end; item++) {
    const lane = (item % quads) << 2, count = least(4, inner - lane);
    const offset = (((item / quads) * axis * inner) + lane) << 2;
    softmaxColumns(d.input + offset, d.output + offset, axis, stride, count, d.log);
  }
}

/** Four rows of one to four elements. */
function softmaxShort(x: usize, y: usize, n: i32): void {
  const step = n << 2;
  const none = f32x4.splat(-Infinity);
  const a = loadStrided(x, step, 4);
  const b = n > 1 ? loadStrided(x + 4, step, 4) : none;
  const e = n > 2 ? loadStrided(x + 8, step, 4) : none;
  const f = n > 3 ? loadStrided(x + 12, step, 4) : none;
  const top = f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(e, f));
  const zero = f32x4.splat(0);
  const ea = exp4(f32x4.sub(a, top)), eb = n > 1 ? exp4(f32x4.sub(b, top)) : zero;
  const ee = n > 2 ? exp4(f32x4.sub(e, top)) : zero, ef = n > 3 ? exp4(f32x4.sub(f, top)) : zero;
  const sum = f32x4.add(f32x4.add(ea, eb), f32x4.add(ee, ef));
  storeColumn(y, step, f32x4.div(ea, sum));
  if (n > 1) storeColumn(y + 4, step, f32x4.div(eb, sum));
  if (n > 2) storeColumn(y + 8, step, f32x4.div(ee, sum));
  if (n > 3) storeColumn(y + 12, step, f32x4.div(ef, sum));
}

// @ts-ignore: decorator
@inline
function storeColumn(p: usize, step: i32, v: v128): void {
  v128.store_lane<f32>(p, v, 0);
  v128.store_lane<f32>(p + step, v, 1);
  v128.store_lane<f32>(p + 2 * step, v, 2);
  v128.store_lane<f32>(p + 3 * step, v, 3);
}

function softmaxRow(x: usize, y: usize, n: i32, log: i32): void {
  const whole = n & ~3, rest = n & 3;
  let m = f32x4.splat(-Infinity);
  let i = 0;
  // One instruction where `max` is eight; a NaN that it misses makes the sum NaN all the same.
  for (; i < whole; i += 4) m = f32x4.pmax(m, v128.load(x + (i << 2)));
  let largest = lanesMax(m);
  for (; i < n; i++) largest = max(largest, load<f32>(x + (i << 2)));
  const top = f32x4.splat(largest);
  let sum = f32x4.splat(0);
  for (i = 0; i < whole; i += 4) {
    const e = expInline4(f32x4.sub(v128.load(x + (i << 2)), top));
    sum = f32x4.add(sum, e);
    if (!log) v128.store(y + (i << 2), e);
  }
  if (rest != 0) {
    const e = v128.and(exp4(f32x4.sub(loadTail(x + (whole << 2), rest), top)), i32x4.gt_s(i32x4.splat(rest), i32x4(0, 1, 2, 3)));
    sum = f32x4.add(sum, e);
    if (!log) storeTail(y + (whole << 2), e, rest);
  }
  const total = f32x4.splat(lanesSum(sum));
  if (log) {
    const shift = log4(total);
    for (i = 0; i < n; i += 4)
      storePartial(y + (i << 2), f32x4.sub(f32x4.sub(loadPartial(x + (i << 2), n - i), top), shift), n - i);
  } else {
    for (i = 0; i < whole; i += 4) v128.store(y + (i << 2), f32x4.div(v128.load(y + (i << 2)), total));
    if (rest != 0) storeTail(y + (whole << 2), f32x4.div(loadTail(y + (whole << 2), rest), total), rest);
  }
}

function softmaxColumns(x: usize, y: usize, n: i32, stride: i32, count: i32, log: i32): void {
  let top = f32x4.splat(-Infinity);
  for (let i = 0, p = x; i < n; i++, p += stride) top = f32x4.pmax(top, loadPartial(p, count));
  let sum = f32x4.splat(0);
  for (let i = 0, p = x, q = y; i < n; i++, p += stride, q += stride) {
    const e = exp4(f32x4.sub(loadPartial(p, count), top));
    sum = f32x4.add(sum, e);
    if (!log) storePartial(q, e, count);
  }
  if (log) {
    const shift = log4(sum);
    for (let i = 0, p = x, q = y; i < n; i++, p += stride, q += stride)
      storePartial(q, f32x4.sub(f32x4.sub(loadPartial(p, count), top), shift), count);
  } else {
    for (let i = 0, q = y; i < n; i++, q += stride) storePartial(q, f32x4.div(loadPartial(q, count), sum), count);
  }
}

export function reduceF32(d: ReduceF32, begin: i32, end: i32, scratch: usize): void {
  const axis = d.axis, inner = d.inner, fn = d.fn;
  if (inner == 1) {
    for (let row = begin; row < end; row++) {
      const x = d.input + ((row * axis) << 2), y = d.output + (row << 2);
      if (fn == MAX || fn == MIN) store<f32>(y, extremeRow(x, axis, fn));
      else if (fn == LOG_SUM_EXP) {
        const m = extremeRow(x, axis, MAX);
        const top: f32 = abs<f32>(m) == <f32>Infinity ? <f32>0 : m;
        const s = sumRow(x, axis, fn, top);
        store<f32>(y, top + f32x4.extract_lane(log4(f32x4.splat(<f32>s)), 0));
      } else store<f32>(y, <f32>finish(sumRow(x, axis, fn, 0), fn, axis));
    }
    return;
  }
  const quads = (inner + 3) >> 2;
  const stride = inner << 2;
  for (let item = begin; item < end; item++) {
    const outer = item / quads;
    const lane = (item % quads) << 2, count = least(4, inner - lane);
    const x = d.input + ((outer * axis * inner + lane) << 2), y = d.output + ((outer * inner + lane) << 2);
    if (fn <= MEAN && lane + 16 <= inner && item + 4 <= end) {
      sumColumns16(x, y, axis, stride, fn);
      item += 3;
      continue;
    }
    if (fn == MAX || fn == MIN) storePartial(y, extremeColumns(x, axis, stride, count, fn), count);
    else if (fn == LOG_SUM_EXP) {
      const m = extremeColumns(x, axis, stride, count, MAX);
      const top = v128.andnot(m, f32x4.eq(f32x4.abs(m), f32x4.splat(Infinity)));
      const s = sumColumns(x, axis, stride, count, fn, top);
      storePartial(y, f32x4.add(top, log4(s)), count);
    } else storePartial(y, sumColumns(x, axis, stride, count, fn, f32x4.splat(0)), count);
  }
}

function extremeRow(x: usize, n: i32, fn: i32): f32 {
  let v = f32x4.splat(fn == MAX ? -Infinity : Infinity);
  let i = 0;
  for (; i + 4 <= n; i += 4) v = fn == MAX ? f32x4.max(v, v128.load(x + (i << 2))) : f32x4.min(v, v128.load(x + (i << 2)));
  let r = fn == MAX ? lanesMax(v) : lanesMin(v);
  for (; i < n; i++) r = fn == MAX ? max(r, load<f32>(x + (i << 2))) : min(r, load<f32>(x + (i << 2)));
  return r;
}

function extremeColumns(x: usize, n: i32, stride: i32, count: i32, fn: i32): v128 {
  let v = f32x4.splat(fn == MAX ? -Infinity : Infinity);
  for (let i = 0; i < n; i++, x += stride) v = fn == MAX ? f32x4.max(v, loadPartial(x, count)) : f32x4.min(v, loadPartial(x, count));
  return v;
}

/** What of an element enters the sum. `top`: subtracted before the exponential. */
// @ts-ignore: decorator
@inline
function term(v: v128, fn: i32, top: v128): v128 {
  if (fn == L1) return f32x4.abs(v);
  return fn == LOG_SUM_EXP ? exp4(f32x4.sub(v, top)) : v;
}

// @ts-ignore: decorator
@inline
function accumulate(sum: v128, v: v128, fn: i32): v128 {
  if (fn == PROD) return f64x2.mul(sum, v);
  return f64x2.add(sum, fn == SUM_SQUARE || fn == L2 ? f64x2.mul(v, v) : v);
}

function finish(sum: f64, fn: i32, n: i32): f64 {
  return fn == MEAN ? sum / <f64>n : fn == L2 ? sqrt(sum) : sum;
}

function sumRow(x: usize, n: i32, fn: i32, top: f32): f64 {
  const t = f32x4.splat(top);
  let s0 = f64x2.splat(fn == PROD ? 1 : 0), s1 = s0;
  let i = 0;
  // The common case without its branches.
  if (fn <= MEAN)
    for (; i + 4 <= n; i += 4) {
      s0 = f64x2.add(s0, f64x2.promote_low_f32x4(v128.load64_zero(x + (i << 2))));
      s1 = f64x2.add(s1, f64x2.promote_low_f32x4(v128.load64_zero(x + (i << 2), 8)));
    }
  for (; i + 4 <= n; i += 4) {
    const v = term(v128.load(x + (i << 2)), fn, t);
    s0 = accumulate(s0, f64x2.promote_low_f32x4(v), fn);
    s1 = accumulate(s1, f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3)), fn);
  }
  const a = f64x2.extract_lane(s0, 0), b = f64x2.extract_lane(s0, 1);
  const c = f64x2.extract_lane(s1, 0), e = f64x2.extract_lane(s1, 1);
  let sum = fn == PROD ? a * b * (c * e) : (a + b) + (c + e);
  for (; i < n; i++) {
    const v = <f64>f32x4.extract_lane(term(v128.load32_zero(x + (i << 2)), fn, t), 0);
    if (fn == PROD) sum *= v;
    else sum += fn == SUM_SQUARE || fn == L2 ? v * v : v;
  }
  return sum;
}

/** Up to four columns. */
function sumColumns(x: usize, n: i32, stride: i32, count: i32, fn: i32, top: v128): v128 {
  let s0 = f64x2.splat(fn == PROD ? 1 : 0), s1 = s0;
  if (count >= 4 && fn <= MEAN) {
    // The common case without its branches.
    for (let i = 0; i < n; i++, x += stride) {
      const v = v128.load(x);
      s0 = f64x2.add(s0, f64x2.promote_low_f32x4(v));
      s1 = f64x2.add(s1, f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3)));
    }
  } else {
    for (let i = 0; i < n; i++, x += stride) {
      const v = term(loadPartial(x, count), fn, top);
      s0 = accumulate(s0, f64x2.promote_low_f32x4(v), fn);
      s1 = accumulate(s1, f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3)), fn);
    }
  }
  if (fn == MEAN) {
    const divisor = f64x2.splat(<f64>n);
    s0 = f64x2.div(s0, divisor);
    s1 = f64x2.div(s1, divisor);
  } else if (fn == L2) {
    s0 = f64x2.sqrt(s0);
    s1 = f64x2.sqrt(s1);
  }
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(s0), f32x4.demote_f64x2_zero(s1), 0, 1, 4, 5);
}

/** Sixteen columns at a time, for sums and means: whole cache lines. */
function sumColumns16(x: usize, y: usize, n: i32, stride: i32, fn: i32): void {
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  for (let i = 0; i < n; i++, x += stride) {
    s0 = f64x2.add(s0, f64x2.promote_low_f32x4(v128.load64_zero(x)));
    s1 = f64x2.add(s1, f64x2.promote_low_f32x4(v128.load64_zero(x, 8)));
    s2 = f64x2.add(s2, f64x2.promote_low_f32x4(v128.load64_zero(x, 16)));
    s3 = f64x2.add(s3, f64x2.promote_low_f32x4(v128.load64_zero(x, 24)));
    s4 = f64x2.add(s4, f64x2.promote_low_f32x4(v128.load64_zero(x, 32)));
    s5 = f64x2.add(s5, f64x2.promote_low_f32x4(v128.load64_zero(x, 40)));
    s6 = f64x2.add(s6, f64x2.promote_low_f32x4(v128.load64_zero(x, 48)));
    s7 = f64x2.add(s7, f64x2.promote_low_f32x4(v128.load64_zero(x, 56)));
  }
  const divisor = f64x2.splat(fn == MEAN ? <f64>n : 1);
  v128.store(y, halves(s0, s1, divisor));
  v128.store(y, halves(s2, s3, divisor), 16);
  v128.store(y, halves(s4, s5, divisor), 32);
  v128.store(y, halves(s6, s7, divisor), 48);
}

// @ts-ignore: decorator
@inline
function halves(a: v128, b: v128, divisor: v128): v128 {
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(f64x2.div(a, divisor)), f32x4.demote_f64x2_zero(f64x2.div(b, divisor)), 0, 1, 4, 5);
}

/** Four lines at once: neighbouring columns, or rows where each is a line of its own. A NaN is an extreme only as the first element. */
export function argF32(d: ArgF32, begin: i32, end: i32, scratch: usize): void {
  const axis = d.axis, inner = d.inner;
  const quads = (inner + 3) >> 2;
  for (let item = begin; item < end; item++) {
    if (inner == 1) {
      const row = item << 2;
      argLines(d, d.input + ((row * axis) << 2), 4, axis << 2, least(4, d.outer - row), d.output + (row << 3));
    } else {
      const outer = item / quads, lane = (item % quads) << 2;
      const from = d.input + ((outer * axis * inner + lane) << 2);
      argLines(d, from, inner << 2, 4, least(4, inner - lane), d.output + ((outer * inner + lane) << 3));
    }
  }
}

function argLines(d: ArgF32, x: usize, step: i32, lane: i32, count: i32, y: usize): void {
  let best = loadStrided(x, lane, count), index = i32x4.splat(0);
  const last = d.last, smallest = d.smallest;
  for (let i = 1; i < d.axis; i++) {
    x += step;
    const v = loadStrided(x, lane, count);
    let better = smallest ? f32x4.lt(v, best) : f32x4.gt(v, best);
    if (last) better = v128.or(better, f32x4.eq(v, best));
    best = v128.bitselect(v, best, better);
    index = v128.bitselect(i32x4.splat(i), index, better);
  }
  store<i64>(y, <i64>i32x4.extract_lane(index, 0));
  if (count > 1) store<i64>(y, <i64>i32x4.extract_lane(index, 1), 8);
  if (count > 2) store<i64>(y, <i64>i32x4.extract_lane(index, 2), 16);
  if (count > 3) store<i64>(y, <i64>i32x4.extract_lane(index, 3), 24);
}
