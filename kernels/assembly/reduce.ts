import { ArgF32, ReduceF32, SoftmaxF32 } from './generated/descriptors';
import { least } from './integer';
import { exp4, log4 } from './math';
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
    for (let row = begin; row < end; row++)
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

function softmaxRow(x: usize, y: usize, n: i32, log: i32): void {
  const whole = n & ~3, rest = n & 3, end = x + (whole << 2);
  // A NaN need not win here: it makes the sum NaN, and with it every result.
  let m = f32x4.splat(-Infinity);
  for (let p = x; p < end; p += 16) m = f32x4.pmax(m, v128.load(p));
  let largest = lanesMax(m);
  for (let i = whole; i < n; i++) largest = max(largest, load<f32>(x + (i << 2)));
  const top = f32x4.splat(largest);
  let sum = f32x4.splat(0);
  if (log) {
    for (let p = x; p < end; p += 16) sum = f32x4.add(sum, exp4(f32x4.sub(v128.load(p), top)));
  } else {
    for (let p = x, q = y; p < end; p += 16, q += 16) {
      const e = exp4(f32x4.sub(v128.load(p), top));
      sum = f32x4.add(sum, e);
      v128.store(q, e);
    }
  }
  if (rest != 0) {
    const e = exp4(f32x4.sub(loadTail(end, rest), top));
    sum = f32x4.add(sum, v128.and(e, i32x4.gt_s(i32x4.splat(rest), i32x4(0, 1, 2, 3))));
    if (!log) storeTail(y + (whole << 2), e, rest);
  }
  const total = f32x4.splat(lanesSum(sum));
  const stop = y + (whole << 2);
  if (log) {
    const shift = log4(total);
    for (; y < stop; x += 16, y += 16) v128.store(y, f32x4.sub(f32x4.sub(v128.load(x), top), shift));
    if (rest != 0) storeTail(y, f32x4.sub(f32x4.sub(loadTail(x, rest), top), shift), rest);
  } else {
    for (; y < stop; y += 16) v128.store(y, f32x4.div(v128.load(y), total));
    if (rest != 0) storeTail(y, f32x4.div(loadTail(y, rest), total), rest);
  }
}

function softmaxColumns(x: usize, y: usize, n: i32, stride: i32, count: i32, log: i32): void {
  let top = f32x4.splat(-Infinity);
  for (let i = 0, p = x; i < n; i++, p += stride) top = f32x4.max(top, loadPartial(p, count));
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

// f32x4.max and min, which let NaN win, are several instructions one behind the other: four chains at a time hide that.

// @ts-ignore: decorator
@inline
function extreme(a: v128, b: v128, fn: i32): v128 {
  return fn == MAX ? f32x4.max(a, b) : f32x4.min(a, b);
}

// @ts-ignore: decorator
@inline
function extremeLoop(x: usize, n: i32, stride: i32, fn: i32): v128 {
  let a = f32x4.splat(fn == MAX ? -Infinity : Infinity), b = a, e = a, f = a;
  for (; n >= 4; n -= 4, x += stride << 2) {
    a = extreme(a, v128.load(x), fn);
    b = extreme(b, v128.load(x + stride), fn);
    e = extreme(e, v128.load(x + 2 * stride), fn);
    f = extreme(f, v128.load(x + 3 * stride), fn);
  }
  for (; n > 0; n--, x += stride) a = extreme(a, v128.load(x), fn);
  return extreme(extreme(a, b, fn), extreme(e, f, fn), fn);
}

function extremeRow(x: usize, n: i32, fn: i32): f32 {
  const v = fn == MAX ? extremeLoop(x, n >> 2, 16, MAX) : extremeLoop(x, n >> 2, 16, MIN);
  let r = fn == MAX ? lanesMax(v) : lanesMin(v);
  for (let i = n & ~3; i < n; i++) r = fn == MAX ? max(r, load<f32>(x + (i << 2))) : min(r, load<f32>(x + (i << 2)));
  return r;
}

function extremeColumns(x: usize, n: i32, stride: i32, count: i32, fn: i32): v128 {
  if (count >= 4) return fn == MAX ? extremeLoop(x, n, stride, MAX) : extremeLoop(x, n, stride, MIN);
  let v = f32x4.splat(fn == MAX ? -Infinity : Infinity);
  for (let i = 0; i < n; i++, x += stride) v = extreme(v, loadTail(x, count), fn);
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
  return f64x2.add(sum, fn == SUM_SQUARE ? f64x2.mul(v, v) : v);
}

function finish(sum: f64, fn: i32, n: i32): f64 {
  return fn == MEAN ? sum / <f64>n : fn == L2 ? sqrt(sum) : sum;
}

function sumRow(x: usize, n: i32, fn: i32, top: f32): f64 {
  if (fn <= MEAN) return sumRowOf(x, n, SUM, top);
  if (fn == L1) return sumRowOf(x, n, L1, top);
  if (fn == PROD) return sumRowOf(x, n, PROD, top);
  return fn == LOG_SUM_EXP ? sumRowOf(x, n, LOG_SUM_EXP, top) : sumRowOf(x, n, SUM_SQUARE, top);
}

// @ts-ignore: decorator
@inline
function sumRowOf(x: usize, n: i32, fn: i32, top: f32): f64 {
  const t = f32x4.splat(top);
  let s0 = f64x2.splat(fn == PROD ? 1 : 0), s1 = s0;
  let i = 0;
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
    else sum += fn == SUM_SQUARE ? v * v : v;
  }
  return sum;
}

/** Up to four columns. */
function sumColumns(x: usize, n: i32, stride: i32, count: i32, fn: i32, top: v128): v128 {
  if (fn <= MEAN) return sumColumnsOf(x, n, stride, count, SUM, fn, top);
  if (fn == L1) return sumColumnsOf(x, n, stride, count, L1, fn, top);
  if (fn == PROD) return sumColumnsOf(x, n, stride, count, PROD, fn, top);
  if (fn == LOG_SUM_EXP) return sumColumnsOf(x, n, stride, count, LOG_SUM_EXP, fn, top);
  return sumColumnsOf(x, n, stride, count, SUM_SQUARE, fn, top);
}

/** `kind`: what is summed, known when compiled; `fn` says what becomes of it. */
// @ts-ignore: decorator
@inline
function sumColumnsOf(x: usize, n: i32, stride: i32, count: i32, kind: i32, fn: i32, top: v128): v128 {
  let s0 = f64x2.splat(kind == PROD ? 1 : 0), s1 = s0;
  if (count >= 4) {
    for (let i = 0; i < n; i++, x += stride) {
      const v = term(v128.load(x), kind, top);
      s0 = accumulate(s0, f64x2.promote_low_f32x4(v), kind);
      s1 = accumulate(s1, f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3)), kind);
    }
  } else {
    for (let i = 0; i < n; i++, x += stride) {
      const v = term(loadTail(x, count), kind, top);
      s0 = accumulate(s0, f64x2.promote_low_f32x4(v), kind);
      s1 = accumulate(s1, f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3)), kind);
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
